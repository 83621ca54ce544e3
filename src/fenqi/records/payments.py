"""Payments and the attempts at them, and what the channels told us about them."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel, not_negative
from fenqi.records.identifiers import new_id


class PaymentState(models.TextChoices):
    """Of the payment as a whole; the attempts' states are `fenqi.domain.payments`."""

    OPEN = "open"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


class PaymentPurpose(models.TextChoices):
    INSTALLMENTS = "installments"  # the first so many open installments
    DUE = "due"  # everything past due and due today
    SETTLEMENT = "settlement"  # the whole plan at its early-settlement quote
    PART = "part"  # a sum that the customer named, below what is owed
    RECORDED = "recorded"  # received outside the rails, told to us by the mall
    RESERVE = "reserve"  # no repayment: a reserve paid beforehand, which the books owe


class Payment(SpreadModel):
    """What a customer set out to repay, at the amount that was quoted; at most one attempt is under way at a time."""

    plan_id = models.UUIDField()
    purpose = models.CharField(max_length=16, choices=PaymentPurpose)
    installments = models.JSONField(default=list)  # the rows (n) it was quoted for
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=PaymentState)
    channel = models.CharField(max_length=32)
    quoted_on = models.DateField()
    expires_at = models.DateTimeField(null=True)
    event_id = models.UUIDField(null=True)  # the plan event that its money became
    request_key = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payment"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "request_key"], name="payment_request_key"),
            models.CheckConstraint(name="payment_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="payment_succeeded_has_event",
                condition=~Q(state="succeeded")
                | Q(event_id__isnull=False, succeeded_at__isnull=False)
                | Q(purpose="reserve", succeeded_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["customer_id", "plan_id", "-created_at"], name="payment_by_plan")]


class AttemptMethod(models.TextChoices):
    CASHIER = "cashier"  # the payer pays on the channel's own pages
    CARD = "card"  # a bound card, by its token
    AUTO_DEBIT = "auto_debit"  # under an agreement, without the payer
    RESERVE = "reserve"  # captured from a frozen reserve


class PaymentAttempt(SpreadModel):
    """One try at a payment over one channel, under a number of our own that is stored before it is sent."""

    payment_id = models.UUIDField()
    attempt_no = models.PositiveIntegerField()
    channel = models.CharField(max_length=32)
    out_trade_no = models.CharField(max_length=32)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)
    trade_no = models.CharField(max_length=64, default="")
    code = models.CharField(max_length=64, default="")
    category = models.CharField(max_length=32, default="")
    asked = models.PositiveIntegerField(default=0)
    next_query_at = models.DateTimeField(null=True)
    method = models.CharField(max_length=16, choices=AttemptMethod, default=AttemptMethod.CASHIER)
    card_id = models.UUIDField(null=True)  # of a bound card
    agreement_id = models.UUIDField(null=True)  # of an auto-debit
    retry = models.CharField(max_length=16, default="")
    cashier = models.JSONField(default=dict)  # as ordered: device, payer_ip; where it led: url or code
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    reply = models.JSONField(default=dict)  # the channel's last word, as evidence

    class Meta:
        db_table = "payment_attempt"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "payment_id", "attempt_no"], name="payment_attempt_no"),
            models.UniqueConstraint(fields=["customer_id", "out_trade_no"], name="payment_attempt_out_trade_no"),
            *not_negative("amount_minor", table="payment_attempt"),
            models.CheckConstraint(
                name="payment_attempt_succeeded_has_paid_at",
                condition=~Q(state="succeeded") | Q(paid_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "paid_at"], name="payment_attempt_paid", condition=Q(paid_at__isnull=False)
            ),
            models.Index(
                fields=["channel", "expires_at"],
                name="payment_attempt_open",
                condition=Q(state__in=["created", "submitted", "unknown"]),
            ),
        ]


class ChannelNotification(SpreadModel):
    """A callback whose signature held, kept as evidence; the same one again adds nothing."""

    channel = models.CharField(max_length=32)
    notify_id = models.CharField(max_length=128)
    attempt_id = models.UUIDField()
    outcome = models.CharField(max_length=16)
    body = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "channel_notification"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "channel", "notify_id"], name="channel_notification_id"),
        ]


class RefusedCallback(models.Model):
    """A callback that was not believed: forged, tampered with, or not ours. For staff to look at."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField(max_length=32)
    reason = models.CharField(max_length=64)
    remote_address = models.CharField(max_length=64)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "refused_callback"
