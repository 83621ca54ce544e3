"""The reserve (备用金): sums held as security for an order, and everything done to them."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel, not_negative

ASKED_FOR_STATES = ("wanted", "offered", "unknown")


class ReserveHold(SpreadModel):
    """One sum under one number. Always: frozen = released + captured + still held (P303)."""

    order_id = models.UUIDField()
    plan_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=16)  # of domain.reserves: frozen | prepaid
    reserve_no = models.CharField(max_length=32)  # ours, at the channel and to quote
    channel = models.CharField(max_length=32)
    asked_channel = models.CharField(max_length=32, blank=True)  # the mall's, where the customer chose another
    card_id = models.UUIDField(null=True)  # the bound card that it is held on
    amount_minor = models.BigIntegerField()  # what was asked for
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)  # of domain.reserves
    release_rule = models.CharField(max_length=24)  # what the customer was told beforehand (P304)
    may_advance = models.BooleanField(default=False)  # refunds may be advanced from it (R066)
    consented_at = models.DateTimeField(null=True)  # to its conditions, a capture among them (P306)
    consent = models.JSONField(default=dict)  # the version and the words of what was agreed to, and where
    payment_id = models.UUIDField(null=True)  # what a prepaid one was paid by
    auth_no = models.CharField(max_length=64, blank=True)  # the channel's
    is_credit = models.BooleanField(default=False)  # the channel vouches: nothing is really frozen
    frozen_minor = models.BigIntegerField(default=0)
    released_minor = models.BigIntegerField(default=0)
    captured_minor = models.BigIntegerField(default=0)
    code = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=32, blank=True)
    alert = models.CharField(max_length=32, blank=True)  # why a person must look
    scan_code = models.TextField(blank=True)
    asked = models.PositiveIntegerField(default=0)
    next_query_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)  # of the payer's window
    held_at = models.DateTimeField(null=True)
    holds_until = models.DateField(null=True)
    checked_at = models.DateTimeField(null=True)  # the channel's sums were ours then
    ended_at = models.DateTimeField(null=True)
    entry_id = models.UUIDField(null=True)  # what its success posted
    request_key = models.CharField(max_length=200)
    actor = models.CharField(max_length=80)
    reply = models.JSONField(default=dict)  # the channel's last word, as evidence
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "reserve_hold"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "reserve_no"], name="reserve_hold_no"),
            models.UniqueConstraint(fields=["customer_id", "request_key"], name="reserve_hold_request_key"),
            models.UniqueConstraint(
                fields=["customer_id", "order_id"],
                condition=Q(state__in=ASKED_FOR_STATES),
                name="reserve_hold_one_asked_for",
            ),
            models.CheckConstraint(name="reserve_hold_amount_positive", condition=Q(amount_minor__gt=0)),
            *not_negative("frozen_minor", "released_minor", "captured_minor", table="reserve_hold"),
            models.CheckConstraint(
                name="reserve_hold_adds_up",
                condition=Q(frozen_minor__gte=F("released_minor") + F("captured_minor")),
            ),
            models.CheckConstraint(name="reserve_hold_card_is_frozen", condition=Q(card_id=None) | Q(kind="frozen")),
            models.CheckConstraint(
                name="reserve_hold_held_has_entry",
                condition=~Q(state__in=["held", "ended"]) | Q(entry_id__isnull=False, held_at__isnull=False),
            ),
            models.CheckConstraint(
                name="reserve_hold_ended_is_empty",
                condition=~Q(state="ended") | Q(frozen_minor=F("released_minor") + F("captured_minor")),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "order_id"], name="reserve_hold_by_order"),
            models.Index(
                fields=["customer_id", "card_id"], name="reserve_hold_by_card", condition=Q(card_id__isnull=False)
            ),
            models.Index(fields=["holds_until"], name="reserve_hold_held", condition=Q(state="held")),
        ]


class ReserveMove(SpreadModel):
    """A release, a capture or an expiry, under one number of ours that every retry keeps."""

    hold_id = models.UUIDField()
    move_no = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)  # of domain.reserves
    number = models.CharField(max_length=32)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16)  # of domain.reserves
    why = models.CharField(max_length=24)
    note = models.CharField(max_length=200, blank=True)  # what staff wrote
    attempt_id = models.UUIDField(null=True)  # the repayment that a capture became
    refund_id = models.UUIDField(null=True)  # what gives a prepaid one back
    advances_id = models.UUIDField(null=True)  # the refund that it was advanced on (R066)
    settled_at = models.DateTimeField(null=True)  # an advance: that refund has left in full
    code = models.CharField(max_length=64, blank=True)
    category = models.CharField(max_length=32, blank=True)
    retry = models.CharField(max_length=16, blank=True)
    asked = models.PositiveIntegerField(default=0)
    next_query_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)  # a capture: the end of the notice
    submitted_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    expected_by = models.DateField(null=True)
    confirmed_at = models.DateTimeField(null=True)  # the channel's own sums showed it
    entry_id = models.UUIDField(null=True)  # what its success posted
    proposed_by = models.CharField(max_length=80, blank=True)
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=80)
    reply = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "reserve_move"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "hold_id", "move_no"], name="reserve_move_no"),
            models.UniqueConstraint(fields=["customer_id", "number"], name="reserve_move_number"),
            models.CheckConstraint(name="reserve_move_amount_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="reserve_move_two_people",
                condition=Q(approved_by="") | (~Q(proposed_by="") & ~Q(proposed_by=F("approved_by"))),
            ),
            models.CheckConstraint(
                name="reserve_move_capture_approved",
                condition=~Q(kind="capture") | Q(state__in=["proposed", "withdrawn"]) | ~Q(approved_by=""),
            ),
            models.CheckConstraint(
                name="reserve_move_done_has_entry",
                condition=~Q(state="done") | Q(entry_id__isnull=False, done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["customer_id", "attempt_id"], name="reserve_move_by_attempt"),
            models.Index(
                fields=["kind", "done_at"],
                name="reserve_move_unconfirmed",
                condition=Q(confirmed_at__isnull=True, state__in=["created", "sent", "unknown", "done"]),
            ),
        ]
