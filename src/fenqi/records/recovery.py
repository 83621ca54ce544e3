"""What is kept about failed repayments: time that is nobody's fault but ours, and promises to remind."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel


class NoFaultCause(models.TextChoices):
    CHANNEL_OUTAGE = "channel_outage"
    ENTRY_CLOSED = "entry_closed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PLAN_MOVING = "plan_moving"  # to another finance partner: repayments were not newly started
    RETURN_OPEN = "return_open"  # the goods are on their way back, or their return is being reviewed


class NoFaultPeriod(SpreadModel):
    """Days on which a plan accrues no late fee and gets no credit mark, with the evidence for it."""

    plan_id = models.UUIDField()
    attempt_id = models.UUIDField(null=True)
    cause = models.CharField(max_length=24, choices=NoFaultCause)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)  # open while it lasts
    evidence = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "no_fault_period"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "attempt_id", "cause"], name="no_fault_period_attempt"),
            models.CheckConstraint(
                name="no_fault_period_has_length", condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at"))
            ),
        ]
        indexes = [models.Index(fields=["customer_id", "plan_id", "starts_at"], name="no_fault_period_by_plan")]


class RetryReminder(SpreadModel):
    """The customer asked to be reminded when a repayment may work again."""

    plan_id = models.UUIDField()
    payment_id = models.UUIDField()
    cause = models.CharField(max_length=32)  # the failure's category
    remind_at = models.DateTimeField()
    state = models.CharField(max_length=16)  # waiting | sent | dropped
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "retry_reminder"
        constraints = [models.UniqueConstraint(fields=["customer_id", "payment_id"], name="retry_reminder_payment")]
