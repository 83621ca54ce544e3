"""What customers ask of their own account: codes sent to a phone, a new phone, a file of their records, an end."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel


class CodePurpose(models.TextChoices):
    PHONE_OLD = "phone_old"  # to the bound phone: its holder wants another one bound
    PHONE_NEW = "phone_new"  # to the phone that is to be bound
    EXPORT = "export"
    CLOSE = "close"


class AccountCode(SpreadModel):
    """A one-time code, worked out from this row with a key; where it went and how often it was tried is kept."""

    purpose = models.CharField(max_length=16, choices=CodePurpose)
    phone_encrypted = models.BinaryField()
    phone_index = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_code"
        indexes = [
            models.Index(fields=["customer_id", "purpose", "-asked_at"], name="account_code_newest"),
            models.Index(fields=["expires_at"], name="account_code_expired"),
        ]


class PhoneChangeState(models.TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved"  # waits, so that the holder of the old number can object
    DONE = "done"
    STOPPED = "stopped"


class PhoneChange(SpreadModel):
    """A new number for a customer whose old one is lost: proposed by one member of staff, approved by another."""

    phone_encrypted = models.BinaryField()
    phone_index = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=PhoneChangeState)
    checked = models.CharField(max_length=200)  # how staff made sure who asks
    proposed_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80, blank=True)
    stopped_by = models.CharField(max_length=80, blank=True)
    stopped_why = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    takes_effect_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "phone_change"
        constraints = [
            models.CheckConstraint(
                name="phone_change_two_people",
                condition=Q(approved_by="") | ~Q(proposed_by=F("approved_by")),
            ),
            models.CheckConstraint(
                name="phone_change_approved",
                condition=~Q(state__in=["approved", "done"]) | (~Q(approved_by="") & Q(takes_effect_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["customer_id"], name="phone_change_one", condition=Q(state__in=["proposed", "approved"])
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "takes_effect_at"],
                name="phone_change_waiting",
                condition=Q(state__in=["proposed", "approved"]),
            )
        ]


class ClosingState(models.TextChoices):
    WAITING = "waiting"  # may be taken back
    WITHDRAWN = "withdrawn"
    DONE = "done"


class AccountClosing(SpreadModel):
    """A customer wants the account closed; `consent` is what they agreed to, word for word."""

    state = models.CharField(max_length=16, choices=ClosingState)
    consent = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    takes_effect_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_closing"
        constraints = [
            models.UniqueConstraint(fields=["customer_id"], name="account_closing_one", condition=Q(state="waiting")),
        ]
        indexes = [
            models.Index(fields=["takes_effect_at"], name="account_closing_waiting", condition=Q(state="waiting"))
        ]


class FileKind(models.TextChoices):
    DISPUTE = "dispute"  # all about one order, signed
    EXPORT = "export"  # all about one customer


class FileState(models.TextChoices):
    WANTED = "wanted"
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


class MadeFile(SpreadModel):
    """A file that a job makes for one reader, kept for some days. `asked_by` is the customer or a member of staff."""

    kind = models.CharField(max_length=16, choices=FileKind)
    order_id = models.UUIDField(null=True)
    asked_by = models.CharField(max_length=80)
    reason = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=16, choices=FileState)
    fault = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "made_file"
        constraints = [
            models.CheckConstraint(
                name="made_file_dispute_has_order", condition=~Q(kind="dispute") | Q(order_id__isnull=False)
            ),
            models.CheckConstraint(
                name="made_file_ready_is_whole",
                condition=~Q(state="ready") | (~Q(sha256="") & Q(ready_at__isnull=False, expires_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "-asked_at"], name="made_file_newest"),
            models.Index(fields=["expires_at"], name="made_file_expiring", condition=Q(state="ready")),
        ]
