"""What customers are told: each notice once, what became of it on each way, in whose words, and what they wish."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import new_id


class NoticeState(models.TextChoices):
    WAITING = "waiting"  # its time has not come, or its sending has not ended
    TOLD = "told"  # it stands in the inbox; the deliveries say which other ways it took
    HELD = "held"  # looked at when its time came, and not sent: `reason` says why


class DeliveryState(models.TextChoices):
    SENDING = "sending"  # our number is stored; whether the first byte left is not known while it says so
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # asked about before anything is sent again
    UNREACHED = "unreached"  # nobody was spoken to: it was not sent, and the next provider may


class TemplateState(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Notice(SpreadModel):
    """One message about one thing to one customer. `params` fill the template's variables."""

    message = models.CharField(max_length=48)
    subject = models.CharField(max_length=160)  # <kind>:<id>[:detail]
    weight = models.CharField(max_length=16)
    params = models.JSONField(default=dict)
    language = models.CharField(max_length=2)  # zh | en
    bills = models.JSONField(default=list)  # `<plan id>:<n>` of each installment that it reminds of
    remind_offset = models.SmallIntegerField(null=True)  # days until the due date; below zero: days after it
    state = models.CharField(max_length=16, choices=NoticeState)
    reason = models.CharField(max_length=32, default="")
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "message", "subject"], name="notice_once"),
            models.CheckConstraint(name="notice_told_has_time", condition=Q(state="told") ^ Q(told_at__isnull=True)),
            models.CheckConstraint(name="notice_held_has_reason", condition=Q(state="held") ^ Q(reason="")),
        ]
        indexes = [
            models.Index(fields=["customer_id", "-created_at"], name="notice_by_customer"),
            models.Index(fields=["customer_id"], name="notice_unread", condition=Q(state="told", read_at__isnull=True)),
            models.Index(fields=["due_at", "customer_id"], name="notice_by_day"),
        ]


class NoticeDelivery(SpreadModel):
    """One notice on one way by one provider; `number` is ours, stored before the provider is spoken to."""

    notice_id = models.UUIDField()
    way = models.CharField(max_length=8)  # sms | email
    provider = models.CharField(max_length=32)
    number = models.CharField(max_length=80)
    template_version = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=DeliveryState)
    code = models.CharField(max_length=64, default="")  # the provider's
    provider_number = models.CharField(max_length=200, default="")
    tries = models.PositiveSmallIntegerField(default=1)
    sent_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notice_delivery"
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "notice_id", "way", "provider"], name="notice_delivery_once"
            ),
            models.UniqueConstraint(  # what left, or may have left, bars every other provider
                fields=["customer_id", "notice_id", "way"],
                name="notice_delivery_one_live",
                condition=~Q(state__in=["refused", "unreached"]),
            ),
        ]
        indexes = [models.Index(fields=["sent_at"], name="notice_delivery_by_day")]


class NoticeTemplate(models.Model):
    """The words of a message in a language, for SMS or for mail (which the inbox shows, too)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.CharField(max_length=48)
    language = models.CharField(max_length=2)
    kind = models.CharField(max_length=8)  # sms | mail
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120, default="")  # of mail
    text = models.TextField()
    state = models.CharField(max_length=16, choices=TemplateState)
    valid_from = models.DateTimeField(null=True)
    author = models.CharField(max_length=80)
    published_by = models.CharField(max_length=80, default="")
    approved_as = models.JSONField(default=dict)  # provider -> the number it approved the text under
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice_template"
        constraints = [
            models.UniqueConstraint(fields=["message", "language", "kind", "version"], name="notice_template_version"),
            models.CheckConstraint(
                name="notice_template_published_whole",
                condition=Q(state="draft") | Q(valid_from__isnull=False, published_at__isnull=False),
            ),
        ]


class NoticePreference(SpreadModel):
    """One row for a customer who said something: the ways, the pace, and an e-mail address once it is confirmed."""

    by_sms = models.BooleanField(default=True)
    by_email = models.BooleanField(default=True)
    pace = models.CharField(max_length=8, default="all")
    email_encrypted = models.BinaryField(default=b"")
    email_verified_at = models.DateTimeField(null=True)
    new_email_encrypted = models.BinaryField(default=b"")  # not confirmed yet
    code_hash = models.CharField(max_length=64, default="")
    code_expires_at = models.DateTimeField(null=True)
    code_asked_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "notice_preference"
        constraints = [
            models.UniqueConstraint(fields=["customer_id"], name="notice_preference_customer"),
            models.CheckConstraint(
                name="notice_preference_email_verified",
                condition=Q(email_encrypted=b"") ^ Q(email_verified_at__isnull=False),
            ),
        ]
