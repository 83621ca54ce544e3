"""What a bill proves is settled: money that came is booked, and what the bills of its days do not have was not paid."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import connection

from fenqi.channels.bills import BillKind
from fenqi.channels.interface import ChannelReply, RefundReply
from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome, Step
from fenqi.domain.reconciliation import Cause, LineState
from fenqi.records.models import BillLine, ChannelBill, FindingState, PaymentAttempt, ReconciliationFinding, RefundLeg
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.our_records import OPEN_ATTEMPTS
from fenqi.usecases.refunds.settle import settle_leg
from fenqi.usecases.repayment.settle import Evidence, settle_attempt

BOOKED_BY_BILL: Final = frozenset({Cause.OUTCOME_UNKNOWN, Cause.CLOSED_HERE, Cause.REFUND_UNDER_WAY})
"""What a line that succeeded there is proof enough for."""

_log = structlog.get_logger(__name__)


def settle_proven(bill: ChannelBill, *, now: datetime, watch: Callable[[int], None]) -> int:
    """Settle every open finding that the bill is the proof of; how many were. What our rules refuse stays open."""
    with across_customers():
        open_ones = ReconciliationFinding.objects.filter(
            channel=bill.channel, bill_date=bill.bill_date, state=FindingState.OPEN, cause__in=BOOKED_BY_BILL
        )
        found = list(open_ones.order_by("customer_id", "id"))
    settled = 0
    for done, finding in enumerate(found, 1):
        settled += _try(finding, now=now)
        watch(done)
    return settled


def _try(finding: ReconciliationFinding, *, now: datetime) -> bool:
    try:
        return settle_by_line(finding, now=now)
    except FenqiError as refusal:
        _log.warning("bill_not_booked", channel=finding.channel, number=finding.number, reason=refusal.code)
        return False


def settle_by_line(finding: ReconciliationFinding, *, now: datetime) -> bool:
    """Book what the finding's line proves; False when the line is no proof. Raises what settling raises."""
    line = (
        BillLine.objects.filter(
            customer_id=finding.customer_id,
            number=finding.number,
            channel=finding.channel,
            bill_date=finding.bill_date,
            kind=finding.line_kind,
            state=LineState.SUCCEEDED.value,
        )
        .order_by("at", "line_no")
        .first()
    )
    if line is None:
        return False
    evidence = Evidence(
        channel=line.channel,
        notify_id=f"bill:{line.bill_date}:{line.kind}:{line.line_no}",
        body={"bill_date": str(line.bill_date), "line_no": line.line_no, "channel_no": line.channel_no},
    )
    if line.kind == BillKind.REFUND:
        _settle_leg(finding, line, evidence, now=now)
    else:
        _settle_attempt(finding, line, evidence, now=now)
    return True


def _settle_attempt(finding: ReconciliationFinding, line: BillLine, evidence: Evidence, *, now: datetime) -> None:
    assert finding.attempt_id is not None
    reply = ChannelReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=line.number,
        trade_no=line.channel_no or None,
        amount=Money(line.amount_minor, finding.currency),
        paid_at=line.at,
        raw=evidence.body,
    )
    actor = "bill:" + line.channel
    settle_attempt(finding.customer_id, finding.attempt_id, reply, actor=actor, now=now, evidence=evidence)


def _settle_leg(finding: ReconciliationFinding, line: BillLine, evidence: Evidence, *, now: datetime) -> None:
    assert finding.leg_id is not None
    leg = RefundLeg.objects.get(customer_id=finding.customer_id, id=finding.leg_id)
    assert leg.attempt_id is not None
    attempt = PaymentAttempt.objects.get(customer_id=leg.customer_id, id=leg.attempt_id)
    reply = RefundReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=attempt.out_trade_no,
        out_request_no=leg.out_refund_no,
        refund_no=line.channel_no or None,
        amount=Money(line.amount_minor, finding.currency),
        refunded_at=line.at,
        raw=evidence.body,
    )
    settle_leg(leg.customer_id, leg.id, reply, now=now, evidence=evidence)


_SILENT = """
SELECT a.customer_id, a.id, a.created_at, a.expires_at FROM payment_attempt a
WHERE a.channel = %(channel)s AND a.state = ANY(%(states)s) AND a.expires_at <= %(over)s
  AND NOT EXISTS (SELECT 1 FROM bill_line l WHERE l.customer_id = a.customer_id AND l.number = a.out_trade_no
    AND l.channel = a.channel AND l.kind = 'payment' AND l.state <> 'failed')
ORDER BY a.customer_id, a.id
"""


def close_unbilled(bill: ChannelBill, *, now: datetime) -> int:
    """Close what is still open though its window ended within the bill's day and no bill of its days has it.

    The house rule: a bill that misses the item means that it was not executed. Every day on which it could have been
    paid must have its bill, so an attempt around midnight waits for two. Money that comes even so is booked late.
    """
    over = clock.end_of_business_day(bill.bill_date)
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_SILENT, {"channel": bill.channel, "states": sorted(OPEN_ATTEMPTS), "over": over})
        silent = cursor.fetchall()
    billed = set(ChannelBill.objects.filter(channel=bill.channel).values_list("bill_date", flat=True))
    closed = 0
    for customer_id, attempt_id, created_at, expires_at in silent:
        if _days(created_at, expires_at) <= billed:
            closed += _close(customer_id, attempt_id, bill, now=now)
    return closed


def _days(first: datetime, last: datetime) -> set[date]:
    """The days an attempt could have been paid on; a window that ends at midnight sharp ends with the day before."""
    start = clock.business_date(first)
    end = max(start, clock.business_date(last - timedelta(microseconds=1)))
    return {start + timedelta(days=n) for n in range((end - start).days + 1)}


def _close(customer_id: UUID, attempt_id: UUID, bill: ChannelBill, *, now: datetime) -> bool:
    try:
        settle_attempt(customer_id, attempt_id, Step.EXPIRED, actor="bill:" + bill.channel, now=now)
    except FenqiError as refusal:
        _log.warning("attempt_not_closed", channel=bill.channel, attempt_id=str(attempt_id), reason=refusal.code)
        return False
    return True
