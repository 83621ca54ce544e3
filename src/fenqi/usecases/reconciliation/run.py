"""`reconcile`: one day's bill of one channel, from the file to books that come to zero.

Each step may be cut short and run again: taking the bill is one transaction, settling is one for each item, and what is
posted at the end is what is not posted yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from fenqi.records.models import ChannelBill, FindingState, ReconciliationFinding
from fenqi.records.scope import across_customers
from fenqi.usecases.rails import bills_of
from fenqi.usecases.reconciliation.bills import Source, Stage, Watch, take
from fenqi.usecases.reconciliation.resolving import close_unbilled, settle_proven
from fenqi.usecases.reconciliation.settlement import bring_to_zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a run came to. `counts` has the lines by verdict; `is_new` is False when it changed nothing."""

    channel: str
    day: date
    lines: int
    counts: Mapping[str, int]
    paid_minor: int
    refunded_minor: int
    fee_minor: int
    currency: str
    settled: int
    closed: int
    open_findings: int
    is_new: bool


def _unwatched(_stage: Stage, _done: int) -> None:
    """Nobody looks on."""


def reconcile(
    channel: str, day: date, *, file: Path | None = None, now: datetime, watch: Watch = _unwatched
) -> Reconciled:
    """Take the bill of the day, from the channel or from `file`, and bring the channel's clearing account to zero.

    Raises UnknownChannel, BillNotReady, BillRefused, AnotherBillTaken, NoAnswer.
    """
    bill = take(Source(channel=channel, day=day, bills=bills_of(channel), file=file), watch=watch, now=now)
    settled = settle_proven(bill, now=now, watch=lambda done: watch(Stage.SETTLING, done))
    closed = close_unbilled(bill, now=now)
    is_new = bring_to_zero(bill, now=now)
    return Reconciled(
        channel=channel,
        day=day,
        lines=bill.line_count,
        counts=bill.counts,
        paid_minor=bill.paid_minor,
        refunded_minor=bill.refunded_minor,
        fee_minor=bill.fee_minor,
        currency=bill.currency,
        settled=settled,
        closed=closed,
        open_findings=count_open(bill),
        is_new=is_new or bool(settled) or bool(closed),
    )


def count_open(bill: ChannelBill) -> int:
    with across_customers():
        return ReconciliationFinding.objects.filter(
            channel=bill.channel, bill_date=bill.bill_date, state=FindingState.OPEN
        ).count()
