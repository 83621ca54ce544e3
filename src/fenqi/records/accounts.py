"""Sign-ins: staff by password, consumers by a code sent to their phone, programs by a key."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django_otp.models import CooldownMixin, SideChannelDevice, ThrottlingMixin

from fenqi.records.identifiers import new_id

SMS_COOL_DOWN_SECONDS = 60


class Role(models.TextChoices):
    CONSUMER = "consumer"
    AGENT = "agent"  # helps customers
    FINANCE = "finance"  # keeps the books
    ADMIN = "admin"  # makes staff and API clients


class AccountManager(BaseUserManager["Account"]):
    def create_staff(self, *, username: str, password: str, role: Role) -> "Account":
        """A member of staff who signs in by password."""
        account = self.model(username=username, role=role)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def for_customer(self, customer_id: Any) -> "Account":
        """The sign-in of a customer, made at the first use."""
        account, _ = self.get_or_create(
            customer_id=customer_id, defaults={"username": f"customer:{customer_id}", "role": Role.CONSUMER}
        )
        return account


class Account(AbstractBaseUser):  # type: ignore[django-manager-missing]  # the way back from a device is never taken
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=16, choices=Role)
    customer_id = models.UUIDField(null=True, unique=True)  # a consumer's; a plain column, it is on another shard
    is_active = models.BooleanField(default=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"

    class Meta:
        db_table = "account"
        constraints = [
            models.CheckConstraint(
                name="account_consumer_has_customer",
                condition=models.Q(role="consumer", customer_id__isnull=False)
                | (~models.Q(role="consumer") & models.Q(customer_id__isnull=True)),
            ),
        ]

    @property
    def is_staff(self) -> bool:
        return self.role != Role.CONSUMER


class SmsDevice(CooldownMixin, ThrottlingMixin, SideChannelDevice):  # type: ignore[misc]  # the library has no types
    """The bound phone: its one-time codes, their validity, cool-down and throttling are the library's."""

    class Meta:
        db_table = "sms_device"

    def get_cooldown_duration(self) -> int:
        """Seconds between two codes."""
        return SMS_COOL_DOWN_SECONDS

    def get_throttle_factor(self) -> int:
        """After the n-th wrong code in a row the next is looked at 2**(n-1) seconds later."""
        return 1


class ApiClient(models.Model):
    """A program of the mall's. Only a hash of its key is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=64, unique=True)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_client"


class AppRecognition(models.Model):
    """A phone that an app of the mall's had verified by a code of ours, and the session that came of it (R005).

    Of phone, code and session only keyed hashes are kept. A new code for the same phone leaves the old rows alone.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.CharField(max_length=64)
    phone_index = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    proofs = models.PositiveSmallIntegerField(default=0)
    customer_id = models.UUIDField(null=True)
    session_hash = models.CharField(max_length=64, blank=True)
    session_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "app_recognition"
        indexes = [
            models.Index(fields=["phone_index", "asked_at"], name="app_recognition_phone"),
            models.Index(fields=["session_hash"], name="app_recognition_session", condition=~models.Q(session_hash="")),
        ]
