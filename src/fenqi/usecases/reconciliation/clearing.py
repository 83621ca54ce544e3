"""Each day and channel as finance sees it: what we booked, what the bill has, the fee, the settlement, and the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import connection

from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import Account, clearing
from fenqi.records.identifiers import house_of
from fenqi.records.models import ChannelBill, FindingState, PaymentAttempt, ReconciliationFinding
from fenqi.records.scope import across_customers
from fenqi.usecases import clock

DAYS_SHOWN: Final = 30
DAYS_BACK: Final = 31
"""Channels keep bills for three months; what is older than this waits for a person."""

TAKEN_AT: Final = time(10, 45)
"""By then, at the mall, yesterday's bill has been taken, unless it is late or was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingDay:
    """Minor units. `left_minor` is what stands on the clearing account: zero; `late_minor` was booked since."""

    channel: str
    day: date
    currency: str
    lines: int
    counts: Mapping[str, int]
    booked_in_minor: int
    booked_out_minor: int
    billed_in_minor: int
    billed_out_minor: int
    fee_minor: int
    settled_minor: int
    left_minor: int
    late_minor: int
    open_findings: int
    taken_at: datetime
    matched_at: datetime | None

    @property
    def matched(self) -> int:
        return self.counts.get("matched", 0)

    @property
    def differing(self) -> int:
        """Lines that did not match at first sight, and records of ours that the bill did not have."""
        return sum(self.counts.values()) - self.matched


def clearing_days(*, channel: str | None = None, limit: int = DAYS_SHOWN) -> list[ClearingDay]:
    """The newest days that have a bill, newest first."""
    found = ChannelBill.objects.order_by("-bill_date", "channel")
    if channel is not None:
        found = found.filter(channel=channel)
    return _described(list(found[:limit]))


def clearing_day(channel: str, day: date) -> ClearingDay:
    """Raises NotFound."""
    bill = ChannelBill.objects.filter(channel=channel, bill_date=day).first()
    if bill is None:
        raise NotFound
    return _described([bill])[0]


_BOOKED = """
SELECT e.effective_on, l.account,
  coalesce(sum(l.debit_minor) FILTER (WHERE e.code NOT IN ('suspense', 'channel_settlement')), 0)::bigint,
  coalesce(sum(l.credit_minor) FILTER (WHERE e.code NOT IN ('suspense', 'channel_settlement')), 0)::bigint,
  coalesce(sum(l.debit_minor - l.credit_minor) FILTER (WHERE e.posted_at <= b.matched_at), 0)::bigint,
  coalesce(sum(l.debit_minor - l.credit_minor) FILTER (WHERE e.posted_at > b.matched_at), 0)::bigint
FROM channel_bill b JOIN journal_entry e ON e.effective_on = b.bill_date
JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id AND l.account = 'clearing.' || b.channel
WHERE b.id = ANY(%s)
GROUP BY e.effective_on, l.account
"""


def _described(bills: Sequence[ChannelBill]) -> list[ClearingDay]:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_BOOKED, [[bill.id for bill in bills]])
        booked = {(day, account): figures for day, account, *figures in cursor.fetchall()}
    open_findings = _open_findings(bills)
    return [
        _day(
            bill,
            booked.get((bill.bill_date, clearing(bill.channel)), (0, 0, 0, 0)),
            open_findings.get((bill.channel, bill.bill_date), 0),
        )
        for bill in bills
    ]


def _open_findings(bills: Sequence[ChannelBill]) -> dict[tuple[str, date], int]:
    counted: dict[tuple[str, date], int] = {}
    with across_customers():
        found = ReconciliationFinding.objects.filter(
            state=FindingState.OPEN, bill_date__in={bill.bill_date for bill in bills}
        )
        for channel, day in found.values_list("channel", "bill_date"):
            counted[channel, day] = counted.get((channel, day), 0) + 1
    return counted


def _day(bill: ChannelBill, booked: Sequence[int], open_findings: int) -> ClearingDay:
    came_in, went_out, left, late = booked
    gross = bill.paid_minor - bill.refunded_minor
    return ClearingDay(
        channel=bill.channel,
        day=bill.bill_date,
        currency=bill.currency,
        lines=bill.line_count,
        counts=bill.counts,
        booked_in_minor=came_in,
        booked_out_minor=went_out,
        billed_in_minor=bill.paid_minor,
        billed_out_minor=bill.refunded_minor,
        fee_minor=bill.fee_minor,
        settled_minor=gross - bill.fee_minor if bill.matched_at else 0,
        left_minor=left,
        late_minor=late,
        open_findings=open_findings,
        taken_at=bill.taken_at,
        matched_at=bill.matched_at,
    )


_SUSPENSE = """
SELECT coalesce(sum(credit_minor - debit_minor), 0)::bigint FROM journal_line
WHERE customer_id = %s AND account = %s
"""


def suspense_of(channel: str) -> int:
    """What stands on suspense in the channel's house books: above zero, money that nobody has explained."""
    with connection.cursor() as cursor:
        cursor.execute(_SUSPENSE, [house_of(channel), Account.SUSPENSE.value])
        (minor,) = cursor.fetchone()
    return int(minor)


def days_without_bill(channel: str, *, upto: date) -> list[date]:
    """The days since the channel was first used, at most `DAYS_BACK`, whose bill has not been taken whole."""
    with across_customers():
        used = PaymentAttempt.objects.filter(channel=channel, paid_at__isnull=False).order_by("paid_at").first()
    if used is None or used.paid_at is None:
        return []
    first = max(upto - timedelta(days=DAYS_BACK - 1), clock.business_date(used.paid_at))
    taken = ChannelBill.objects.filter(channel=channel, bill_date__gte=first, matched_at__isnull=False)
    finished = set(taken.values_list("bill_date", flat=True))
    days = (first + timedelta(days=n) for n in range((upto - first).days + 1))
    return [day for day in days if day not in finished]


def days_overdue(channel: str, *, now: datetime) -> list[date]:
    """The same, of the days whose bill should be there by now."""
    local = now.astimezone(clock.mall_zone())
    waited = 1 if local.time() >= TAKEN_AT else 2
    return days_without_bill(channel, upto=local.date() - timedelta(days=waited))
