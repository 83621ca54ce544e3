"""Plans that move to another finance partner: batches, their plans, and money that came to us after a move."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel, not_negative
from fenqi.records.identifiers import new_id


class PlanMigration(models.Model):
    """One batch: from whom to whom, when, and who had it done. Its plans are the items."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(max_length=32, unique=True)
    from_provider = models.CharField(max_length=32)
    to_provider = models.CharField(max_length=32)
    state = models.CharField(max_length=16)  # of domain.migration
    source = models.JSONField(default=dict)  # the filter, or the file's name and digest
    cutover_at = models.DateTimeField()
    freeze_minutes = models.PositiveIntegerField()
    wait_until = models.DateTimeField()  # a plan whose payment is unknown then stays
    rollback_until = models.DateTimeField()
    rehearsing = models.BooleanField(default=False)
    made_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80, blank=True)
    announced_by = models.CharField(max_length=80, blank=True)
    ended_by = models.CharField(max_length=80, blank=True)  # who called it off, or rolled it back
    note = models.CharField(max_length=200, blank=True)
    totals_before = models.JSONField(default=dict)
    totals_after = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    rehearsed_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "plan_migration"
        constraints = [
            models.CheckConstraint(name="plan_migration_two_sides", condition=~Q(from_provider=F("to_provider"))),
            models.CheckConstraint(
                name="plan_migration_two_people", condition=Q(approved_by="") | ~Q(approved_by=F("made_by"))
            ),
            models.CheckConstraint(
                name="plan_migration_times",
                condition=Q(wait_until__gte=F("cutover_at"), rollback_until__gte=F("cutover_at")),
            ),
        ]
        indexes = [models.Index(fields=["-created_at"], name="plan_migration_newest")]


class PlanMigrationItem(SpreadModel):
    """One plan of a batch: both sides' balance to the fen, the customer's word, and how far it got."""

    migration_id = models.UUIDField()
    plan_id = models.UUIDField()
    order_id = models.UUIDField()
    order_no = models.CharField(max_length=64)
    state = models.CharField(max_length=16)  # of domain.migration
    reason = models.CharField(max_length=32, blank=True)  # why it was dropped, differs or waits
    problems = models.JSONField(default=list)  # reason, and of a sum both sides' fen
    currency = models.CharField(max_length=3)
    expected_minor = models.BigIntegerField(null=True)  # by the file
    balance_minor = models.BigIntegerField(default=0)  # ours, all components
    ours = models.JSONField(default=dict)  # by component, and each open row
    theirs = models.JSONField(default=dict)  # of the taker, then of the giver
    price_minor = models.BigIntegerField(default=0)
    interest_minor = models.BigIntegerField(default=0)  # not due yet, and the taker's to earn
    fee_minor = models.BigIntegerField(default=0)
    in_number = models.CharField(max_length=32)  # what the taker knows the transfer, and the plan, by
    out_number = models.CharField(max_length=32)
    out_plan_no = models.CharField(max_length=64, blank=True)
    effective_on = models.DateField(null=True)
    consent = models.CharField(max_length=16, blank=True)  # agreed | declined | not_needed
    consent_evidence = models.JSONField(default=dict)
    told_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_minor = models.BigIntegerField(null=True)  # the taker's word, at the cut-over
    rolled_back_at = models.DateTimeField(null=True)
    collected_minor = models.BigIntegerField(default=0)  # by the taker before the roll-back
    entry_id = models.UUIDField(null=True)
    back_entry_id = models.UUIDField(null=True)
    asked = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "plan_migration_item"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "migration_id", "plan_id"], name="plan_migration_item_plan"),
            models.UniqueConstraint(
                fields=["customer_id", "plan_id"],
                name="plan_migration_item_one_move",
                condition=Q(state__in=["listed", "ready", "differs", "frozen", "asked", "moved", "revoking"]),
            ),
            models.CheckConstraint(
                name="plan_migration_item_conserves",
                condition=~Q(state__in=["moved", "confirmed"])
                | Q(balance_minor=F("price_minor") + F("interest_minor") + F("fee_minor"), entry_id__isnull=False),
            ),
            *not_negative("balance_minor", "price_minor", "interest_minor", "fee_minor", table="plan_migration_item"),
        ]
        indexes = [
            models.Index(fields=["migration_id", "state", "customer_id", "id"], name="plan_migration_item_batch"),
        ]


class PassedRepayment(SpreadModel):
    """A repayment that came to us after its plan had moved: told to the holder under one number, or sent back."""

    plan_id = models.UUIDField()
    payment_id = models.UUIDField()
    provider = models.CharField(max_length=32)
    plan_no = models.CharField(max_length=64)
    number = models.CharField(max_length=32)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    received_on = models.DateField()
    state = models.CharField(max_length=16)  # waiting | passed | returned
    code = models.CharField(max_length=64, blank=True)
    asked = models.PositiveIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "passed_repayment"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "payment_id"], name="passed_repayment_payment"),
            models.UniqueConstraint(fields=["customer_id", "number"], name="passed_repayment_number"),
            models.CheckConstraint(name="passed_repayment_amount_positive", condition=Q(amount_minor__gt=0)),
        ]
        indexes = [models.Index(fields=["customer_id", "plan_id"], name="passed_repayment_by_plan")]
