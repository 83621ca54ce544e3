"""Money out: what is owed back to a customer, and each leg it goes back by."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel


class RefundCause(models.TextChoices):
    DUPLICATE = "duplicate"  # paid twice
    AFTERSALE = "aftersale"
    PRICE_DIFFERENCE = "price_difference"
    RESERVE = "reserve"  # a prepaid reserve that is released
    BALANCE = "balance"  # the customer's credit balance, paid out
    OTHER = "other"


class RefundStatus(models.TextChoices):
    OPEN = "open"
    NEEDS_PERSON = "needs_person"  # a leg cannot go on by itself
    COMPLETED = "completed"  # all legs succeeded


class Refund(SpreadModel):
    """A sum that the books owe the customer on `payable.refund`; `source_key` lets one cause make one refund."""

    cause = models.CharField(max_length=24, choices=RefundCause)
    source_key = models.CharField(max_length=120)
    plan_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=80)  # what the payer reads at the channel
    status = models.CharField(max_length=16, choices=RefundStatus)
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "refund"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "source_key"], name="refund_source_key"),
            models.CheckConstraint(name="refund_amount_positive", condition=Q(amount_minor__gt=0)),
        ]
        indexes = [models.Index(fields=["customer_id", "plan_id", "-created_at"], name="refund_by_plan")]


class RefundRoute(models.TextChoices):
    ORIGINAL = "original"  # over the payment it came by
    TRANSFER = "transfer"  # to a verified account of the customer's, by two members of staff


class RefundLeg(SpreadModel):
    """One part of a refund on one route, under one number of ours that every retry keeps."""

    refund_id = models.UUIDField()
    leg_no = models.PositiveIntegerField()
    route = models.CharField(max_length=16, choices=RefundRoute)
    attempt_id = models.UUIDField(null=True)  # the payment it goes back over
    card_id = models.UUIDField(null=True)  # the verified account of a transfer
    channel = models.CharField(max_length=32, blank=True)
    out_refund_no = models.CharField(max_length=32)
    refund_no = models.CharField(max_length=64, blank=True)  # the channel's
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)  # of domain.payments.refunds
    code = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=32, blank=True)
    retry = models.CharField(max_length=16, blank=True)
    destination = models.CharField(max_length=16, blank=True)  # where the channel says that it went
    account = models.CharField(max_length=80, blank=True)  # in the channel's words, masked by it
    asked = models.PositiveIntegerField(default=0)
    next_query_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)  # what the channel knows it by, where it asks for that
    refunded_at = models.DateTimeField(null=True)
    expected_from = models.DateField(null=True)  # the arrival window, in working days
    expected_by = models.DateField(null=True)
    arrived_on = models.DateField(null=True)
    entry_id = models.UUIDField(null=True)  # what its success posted
    proposed_by = models.CharField(max_length=80, blank=True)
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    transfer_reference = models.CharField(max_length=64, blank=True)
    reply = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "refund_leg"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "refund_id", "leg_no"], name="refund_leg_no"),
            models.UniqueConstraint(fields=["customer_id", "out_refund_no"], name="refund_leg_out_refund_no"),
            models.CheckConstraint(name="refund_leg_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="refund_leg_two_people",
                condition=Q(approved_by="") | (~Q(proposed_by="") & ~Q(proposed_by=F("approved_by"))),
            ),
            models.CheckConstraint(
                name="refund_leg_original_has_attempt", condition=~Q(route="original") | Q(attempt_id__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "attempt_id"], name="refund_leg_by_attempt"),
            models.Index(fields=["channel", "submitted_at"], name="refund_leg_submitted"),
        ]
