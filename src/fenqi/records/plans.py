"""Plans: terms and events are the truth; installments are a projection that must equal their replay."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel, not_negative

COMPONENTS = ("principal", "interest", "fee", "late_fee")


class FeeBearer(models.TextChoices):
    CUSTOMER = "CUSTOMER"
    MERCHANT = "MERCHANT"
    SHARED = "SHARED"


class Plan(SpreadModel):
    """One installment plan; the columns after `terms` repeat, for queries, what the replay says."""

    order_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    terms = models.JSONField()
    provider = models.CharField(max_length=32, default="mall")  # who financed it (R056)
    fee_bearer = models.CharField(max_length=16, choices=FeeBearer, default=FeeBearer.CUSTOMER)
    opened_on = models.DateField()
    installment_count = models.PositiveIntegerField()
    version = models.PositiveIntegerField(default=0)  # how many events stand in plan_event
    status = models.CharField(max_length=16)
    principal_minor = models.BigIntegerField()
    outstanding_minor = models.BigIntegerField()
    balance_minor = models.BigIntegerField(default=0)
    next_due_on = models.DateField(null=True)  # of the earliest installment that is still open
    last_due_on = models.DateField()
    updated_at = models.DateTimeField()
    frozen_until = models.DateTimeField(null=True)  # it moves to another holder: no repayment is newly started

    class Meta:
        db_table = "plan"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "order_id", "id"], name="plan_order"),
            *not_negative("principal_minor", "outstanding_minor", "balance_minor", table="plan"),
            models.CheckConstraint(
                name="plan_open_has_next_due_on",
                condition=Q(outstanding_minor=0, next_due_on__isnull=True)
                | Q(outstanding_minor__gt=0, next_due_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "next_due_on"], name="plan_by_next_due"),
            models.Index(fields=["next_due_on"], name="plan_owed_by_next_due", condition=Q(outstanding_minor__gt=0)),
        ]


class PlanEvent(SpreadModel):
    """A fact about a plan, in the order it became known (`seq`); `body` is the domain's event. Append only."""

    plan_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=24)
    effective_on = models.DateField()
    amount_minor = models.BigIntegerField(null=True)
    body = models.JSONField()
    payment_id = models.UUIDField(null=True)
    actor = models.CharField(max_length=80)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "plan_event"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "plan_id", "seq"], name="plan_event_seq"),
            models.CheckConstraint(name="plan_event_amount_positive", condition=Q(amount_minor__gt=0)),
        ]


class Installment(SpreadModel):
    """One row of a plan as it stands (projection): due and paid by component, in minor units."""

    plan_id = models.UUIDField()
    n = models.PositiveIntegerField()
    due_on = models.DateField()
    is_down_payment = models.BooleanField(default=False)
    principal_minor = models.BigIntegerField(default=0)
    interest_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    late_fee_minor = models.BigIntegerField(default=0)
    principal_paid_minor = models.BigIntegerField(default=0)
    interest_paid_minor = models.BigIntegerField(default=0)
    fee_paid_minor = models.BigIntegerField(default=0)
    late_fee_paid_minor = models.BigIntegerField(default=0)
    paid_early_minor = models.BigIntegerField(default=0)
    paid_late_minor = models.BigIntegerField(default=0)
    paid_on = models.DateField(null=True)

    class Meta:
        db_table = "installment"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "plan_id", "n"], name="installment_n"),
            *(
                models.CheckConstraint(
                    name=f"installment_{component}_paid_within_due",
                    condition=Q(
                        **{f"{component}_paid_minor__gte": 0, f"{component}_paid_minor__lte": F(f"{component}_minor")}
                    ),
                )
                for component in COMPONENTS
            ),
            *not_negative("paid_early_minor", "paid_late_minor", table="installment"),
        ]
        indexes = [models.Index(fields=["customer_id", "due_on"], name="installment_by_due_on")]

    @property
    def due_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fee_minor + self.late_fee_minor

    @property
    def paid_minor(self) -> int:
        return self.principal_paid_minor + self.interest_paid_minor + self.fee_paid_minor + self.late_fee_paid_minor

    @property
    def outstanding_minor(self) -> int:
        return self.due_minor - self.paid_minor
