"""Our side of a bill: payment attempts and refund legs, as far as a bill can speak of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.channels.bills import BillKind
from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reconciliation import Ours, OurStanding
from fenqi.records.models import DirectoryKind
from fenqi.records.scope import across_customers
from fenqi.usecases import clock

CURRENCY: Final = "CNY"
"""Of every channel's bill."""
AT_ONCE: Final = 5_000

BOOKED_ATTEMPTS: Final = frozenset({AttemptState.SUCCEEDED.value})
OPEN_ATTEMPTS: Final = frozenset({AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value})
BOOKED_LEGS: Final = frozenset({RefundState.SUCCEEDED.value, RefundState.RETURNED.value})
"""One that came back was booked before, and has an entry of its own for its return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OurRecord:
    """A record of ours and where it is."""

    customer_id: UUID
    id: UUID
    ours: Ours


def start_of(day: date) -> datetime:
    """0:00 of the day at the mall."""
    return clock.end_of_business_day(day - timedelta(days=1))


_ATTEMPTS = """
SELECT a.out_trade_no, a.customer_id, a.id, a.channel, a.amount_minor, a.currency, a.state, a.paid_at
FROM payment_attempt a JOIN unnest(%s::uuid[], %s::uuid[]) AS w(customer_id, id)
  ON a.customer_id = w.customer_id AND a.id = w.id
"""
_LEGS = """
SELECT l.out_refund_no, l.customer_id, l.id, l.channel, l.amount_minor, l.currency, l.state, l.submitted_at
FROM refund_leg l JOIN unnest(%s::uuid[], %s::uuid[]) AS w(customer_id, id)
  ON l.customer_id = w.customer_id AND l.id = w.id
"""
_HOLDERS = "SELECT customer_id, target_id FROM directory WHERE kind = %s AND key = ANY(%s)"


def find_by_number(channel: str, kind: BillKind, numbers: Sequence[str]) -> dict[str, OurRecord]:
    """Those of the numbers that are ours on this channel, in whatever state they are."""
    directory_kind = DirectoryKind.OUT_REFUND_NO if kind is BillKind.REFUND else DirectoryKind.OUT_TRADE_NO
    found: dict[str, OurRecord] = {}
    for start in range(0, len(numbers), AT_ONCE):
        with across_customers(), connection.cursor() as cursor:
            cursor.execute(_HOLDERS, [directory_kind.value, list(numbers[start : start + AT_ONCE])])
            holders = cursor.fetchall()
        found |= _read(channel, kind, holders)
    return found


def find_by_id(channel: str, kind: BillKind, ids: Sequence[tuple[UUID, UUID]]) -> dict[UUID, OurRecord]:
    """The records with these (customer, id)."""
    return {record.id: record for record in _read(channel, kind, ids).values()}


def _read(channel: str, kind: BillKind, ids: Sequence[tuple[UUID, UUID]]) -> dict[str, OurRecord]:
    if not ids:
        return {}
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(
            _LEGS if kind is BillKind.REFUND else _ATTEMPTS, [[pair[0] for pair in ids], [pair[1] for pair in ids]]
        )
        rows = cursor.fetchall()
    return {
        number: OurRecord(
            customer_id=customer_id,
            id=record_id,
            ours=_ours(kind, amount=amount, currency=currency, state=state, booked_at=booked_at),
        )
        for number, customer_id, record_id, of_channel, amount, currency, state, booked_at in rows
        if of_channel == channel
    }


def _ours(kind: BillKind, *, amount: int, currency: str, state: str, booked_at: datetime | None) -> Ours:
    is_refund = kind is BillKind.REFUND
    standing = _leg_standing(state) if is_refund else _attempt_standing(state)
    booked = standing is OurStanding.BOOKED and booked_at is not None
    return Ours(
        is_refund=is_refund,
        amount=amount,
        currency=currency,
        standing=standing,
        booked_on=clock.business_date(booked_at) if booked and booked_at else None,
    )


def _attempt_standing(state: str) -> OurStanding:
    if state in BOOKED_ATTEMPTS:
        return OurStanding.BOOKED
    return OurStanding.OPEN if state in OPEN_ATTEMPTS else OurStanding.ENDED


def _leg_standing(state: str) -> OurStanding:
    if state in BOOKED_LEGS:
        return OurStanding.BOOKED
    return OurStanding.ENDED if state == RefundState.FAILED.value else OurStanding.OPEN
