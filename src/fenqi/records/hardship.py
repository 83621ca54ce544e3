"""What is kept of customers who cannot pay in time: promises, plan changes, credit marks, contacts, the rules."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import new_id


class HardshipPolicyVersion(models.Model):
    """One version of the rules. It never changes; a new one takes over from its day on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.PositiveIntegerField(unique=True)
    valid_from = models.DateField()
    body = models.JSONField()  # of domain.hardship.policy
    note = models.CharField(max_length=200, blank=True)
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hardship_policy"


class PaymentPromise(SpreadModel):
    """A sum by a day. One of a plan is open at a time; reminders of the plan wait for it."""

    plan_id = models.UUIDField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    made_on = models.DateField()
    pay_by = models.DateField()
    known_events = models.PositiveIntegerField()  # of the plan when it was made: what came later counts toward it
    state = models.CharField(max_length=16)  # of domain.hardship.promises
    paid_minor = models.BigIntegerField(default=0)  # toward it, when it was decided
    policy_version = models.PositiveIntegerField()
    via = models.CharField(max_length=16)  # portal | console | api
    actor = models.CharField(max_length=80)
    note = models.CharField(max_length=200, blank=True)
    request_key = models.CharField(max_length=200)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payment_promise"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "request_key"], name="payment_promise_once"),
            models.UniqueConstraint(
                fields=["customer_id", "plan_id"], condition=Q(state="open"), name="payment_promise_one_open"
            ),
            models.CheckConstraint(name="payment_promise_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(name="payment_promise_ahead", condition=Q(pay_by__gt=F("made_on"))),
            models.CheckConstraint(
                name="payment_promise_decided", condition=Q(state="open", decided_at=None) | ~Q(state="open")
            ),
        ]
        indexes = [
            models.Index(fields=["pay_by"], name="payment_promise_open_by_day", condition=Q(state="open")),
            models.Index(fields=["customer_id", "plan_id", "made_at"], name="payment_promise_by_plan"),
        ]


class PlanChange(SpreadModel):
    """A change of a plan as proposed, approved, agreed to and done: `body` holds what its events say."""

    plan_id = models.UUIDField()
    kind = models.CharField(max_length=16)  # of domain.hardship.changes
    state = models.CharField(max_length=16)  # of domain.hardship.changes
    body = models.JSONField()
    amount_minor = models.BigIntegerField(default=0)  # waived; a fee of an extension; what was written off or moved
    currency = models.CharField(max_length=3)
    before = models.JSONField(default=dict)  # totals and dates as they were shown
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    policy_version = models.PositiveIntegerField()
    via = models.CharField(max_length=16)  # portal | console | api
    needs_second = models.BooleanField(default=False)
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    needs_consent = models.BooleanField(default=False)
    consent = models.JSONField(default=dict)  # by whom, how, in which words
    consented_at = models.DateTimeField(null=True)
    offered_until = models.DateField(null=True)
    event_id = models.UUIDField(null=True)
    fee_event_id = models.UUIDField(null=True)
    done_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)  # who took it back or declined
    ended_at = models.DateTimeField(null=True)
    request_key = models.CharField(max_length=200)

    class Meta:
        db_table = "plan_change"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "request_key"], name="plan_change_once"),
            models.UniqueConstraint(
                fields=["customer_id", "plan_id", "kind"],
                condition=Q(state__in=["proposed", "offered"]),
                name="plan_change_one_open",
            ),
            models.CheckConstraint(name="plan_change_amount_not_negative", condition=Q(amount_minor__gte=0)),
            models.CheckConstraint(
                name="plan_change_two_people",
                condition=Q(approved_by="") | ~Q(proposed_by=F("approved_by")),
            ),
            models.CheckConstraint(
                name="plan_change_done_is_whole",
                condition=~Q(state="done") | Q(event_id__isnull=False, done_at__isnull=False),
            ),
            models.CheckConstraint(
                name="plan_change_done_was_approved",
                condition=~Q(state__in=["done", "offered"]) | Q(needs_second=False) | ~Q(approved_by=""),
            ),
            models.CheckConstraint(
                name="plan_change_done_was_agreed",
                condition=~Q(state="done") | Q(needs_consent=False) | Q(consented_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "plan_id", "proposed_at"], name="plan_change_by_plan"),
            models.Index(
                fields=["proposed_at"], name="plan_change_open", condition=Q(state__in=["proposed", "offered"])
            ),
        ]


class CreditMark(SpreadModel):
    """What the bureau is told of one installment, and before that the customer: notice, mark, objection, correction."""

    plan_id = models.UUIDField()
    n = models.PositiveIntegerField()
    due_on = models.DateField()
    amount_minor = models.BigIntegerField()  # overdue when the customer was warned
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)  # of domain.hardship.credit
    report_on = models.DateField()  # as the customer was told
    policy_version = models.PositiveIntegerField()
    noticed_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=1)  # at telling the customer
    warned_at = models.DateTimeField(null=True)  # the customer was told
    standstill = models.CharField(max_length=24, blank=True)  # why it was not marked on its day
    marked_at = models.DateTimeField(null=True)
    days_past_due = models.PositiveIntegerField(default=0)  # counted, when it was marked
    exported_at = models.DateTimeField(null=True)  # the lender has the mark
    cleared_on = models.DateField(null=True)  # the installment was paid
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    ended_by = models.CharField(max_length=80, blank=True)
    objection = models.TextField(blank=True)
    objected_at = models.DateTimeField(null=True)
    answer_by = models.DateField(null=True)
    answer = models.TextField(blank=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)
    correction_exported_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "credit_mark"
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "plan_id", "n", "due_on"],
                condition=Q(state__in=["warned", "marked"]),
                name="credit_mark_one_of_a_row",
            ),
            models.CheckConstraint(name="credit_mark_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="credit_mark_after_warning",
                condition=Q(marked_at=None)
                | Q(warned_at__isnull=False, marked_at__gt=F("warned_at"), state__in=["marked", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="credit_mark_state_whole",
                condition=Q(state="warned", marked_at=None, ended_at=None)
                | Q(state="marked", marked_at__isnull=False, ended_at=None)
                | Q(state="dropped", marked_at=None, ended_at__isnull=False)
                | Q(state="withdrawn", marked_at__isnull=False, ended_at__isnull=False),
            ),
            models.CheckConstraint(
                name="credit_mark_answered_was_asked", condition=Q(answered_at=None) | Q(objected_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "plan_id"], name="credit_mark_by_plan"),
            models.Index(
                fields=["answer_by"],
                name="credit_mark_objected",
                condition=Q(objected_at__isnull=False, answered_at=None),
            ),
            models.Index(
                fields=["state", "marked_at"],
                name="credit_mark_to_export",
                condition=Q(state__in=["marked", "withdrawn"]),
            ),
        ]


class DebtContact(SpreadModel):
    """One contact about money that is due, over whatever channel (P1103-P1105). Append only."""

    plan_id = models.UUIDField()
    at = models.DateTimeField()
    how = models.CharField(max_length=16)  # call | called_us | sms | email
    outcome = models.CharField(max_length=24)
    note = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=80)
    request_key = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "debt_contact"
        constraints = [models.UniqueConstraint(fields=["customer_id", "request_key"], name="debt_contact_once")]
        indexes = [models.Index(fields=["customer_id", "plan_id", "at"], name="debt_contact_by_plan")]
