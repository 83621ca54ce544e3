"""Who else lends the money: finance partners, the plans they keep, refunds over them, and their daily files."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel, not_negative


class ProviderKind(models.TextChoices):
    PLATFORM = "platform"  # a platform keeps the plan and a balance for its holder
    CARD = "card"  # the bank's own installments on a credit card


class DifferenceRoute(models.TextChoices):
    PAYMENT_ACCOUNT = "payment_account"  # to whoever paid, the plan stays as it is
    PLAN = "plan"  # off the plan


class FinanceProvider(models.Model):
    """One lender beside the mall, and what its customers must know of its rules (P207)."""

    code = models.CharField(max_length=32, primary_key=True)  # as plans name it
    kind = models.CharField(max_length=16, choices=ProviderKind)
    name_zh = models.CharField(max_length=64)
    name_en = models.CharField(max_length=64)
    repays_here = models.BooleanField(default=False)  # installments may be repaid in the mall, too
    balance_spendable = models.BooleanField(default=True)
    balance_withdrawable = models.BooleanField(default=True)
    balance_rules_zh = models.TextField(default="", blank=True)
    balance_rules_en = models.TextField(default="", blank=True)
    usual_working_days = models.PositiveIntegerField(default=1)
    latest_working_days = models.PositiveIntegerField(default=7)
    difference_route = models.CharField(max_length=16, choices=DifferenceRoute, default=DifferenceRoute.PAYMENT_ACCOUNT)
    contact_phone = models.CharField(max_length=32, default="", blank=True)
    contact_zh = models.TextField(default="", blank=True)
    contact_en = models.TextField(default="", blank=True)
    updated_by = models.CharField(max_length=80)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "finance_provider"
        constraints = [
            models.CheckConstraint(
                name="finance_provider_days", condition=Q(latest_working_days__gte=models.F("usual_working_days"))
            )
        ]


class PartnerPlan(SpreadModel):
    """A lender holds a plan, or held it: what it knows the plan by, what it paid for it, and from when until when.

    While no row of a plan is without an end, the mall holds it.
    """

    plan_id = models.UUIDField()
    provider = models.CharField(max_length=32)
    plan_no = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()  # for the goods, or for a plan that moved to it
    currency = models.CharField(max_length=3)
    commission_minor = models.BigIntegerField(default=0)
    subsidy_minor = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    taken_over_at = models.DateTimeField(null=True)  # a plan that moved to it; none when it financed the order
    released_at = models.DateTimeField(null=True)  # somebody else holds the plan since
    paid_back_minor = models.BigIntegerField(default=0)  # of its price, when it gave the plan up

    class Meta:
        db_table = "partner_plan"
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "plan_id"], name="partner_plan_one_holder", condition=Q(released_at__isnull=True)
            ),
            *not_negative("amount_minor", "commission_minor", "subsidy_minor", table="partner_plan"),
        ]


class PartnerRefund(SpreadModel):
    """A return that a lender takes off its plan, under one number of ours that every retry keeps."""

    plan_id = models.UUIDField()
    order_id = models.UUIDField()
    case_id = models.UUIDField(null=True)
    provider = models.CharField(max_length=32)
    number = models.CharField(max_length=32)
    plan_no = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=80)
    effective_on = models.DateField()
    state = models.CharField(max_length=16)  # of domain.partners
    code = models.CharField(max_length=64, blank=True)
    alert = models.CharField(max_length=40, blank=True)  # why a person must look
    cancelled_minor = models.BigIntegerField(default=0)
    dropped_fees_minor = models.BigIntegerField(default=0)
    surplus_minor = models.BigIntegerField(default=0)  # the holder's balance there
    commission_back_minor = models.BigIntegerField(default=0)
    subsidy_back_minor = models.BigIntegerField(default=0)
    asked = models.PositiveIntegerField(default=0)
    next_query_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    expected_by = models.DateField(null=True)
    reply = models.JSONField(default=dict)
    reference = models.CharField(max_length=64, blank=True)  # of a refund that staff made at the acquirer
    proposed_by = models.CharField(max_length=80, blank=True)
    approved_by = models.CharField(max_length=80, blank=True)
    actor = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "partner_refund"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "number"], name="partner_refund_number"),
            models.CheckConstraint(name="partner_refund_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="partner_refund_two_people",
                condition=Q(approved_by="") | (~Q(proposed_by="") & ~Q(proposed_by=models.F("approved_by"))),
            ),
            models.CheckConstraint(
                name="partner_refund_conserves",
                condition=~Q(state="succeeded")
                | Q(amount_minor=models.F("cancelled_minor") + models.F("surplus_minor")),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "plan_id", "-created_at"], name="partner_refund_by_plan"),
            models.Index(fields=["provider", "accepted_at"], name="partner_refund_accepted"),
            models.Index(fields=["created_at"], name="partner_refund_alerts", condition=~Q(alert="")),
        ]


class PartnerSettlement(models.Model):
    """One day's file of one lender, once it was taken: what it says, and what does not agree with ours."""

    id = models.UUIDField(primary_key=True)  # derived from provider and day
    provider = models.CharField(max_length=32)
    day = models.DateField()
    line_count = models.PositiveIntegerField()
    net_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    differences = models.JSONField(default=list)
    digest = models.BinaryField()
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "partner_settlement"
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="partner_settlement_day")]
