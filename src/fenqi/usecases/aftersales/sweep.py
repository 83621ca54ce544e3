"""What the clock brings: money that should have moved, refunds that should be there, customers to be reminded, and
cases of which a deadline has passed.

Each case has its own messages in the outbox; the sweep finds what a message was lost for, and what no message tells.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q
from procrastinate.contrib.django import app as queue
from procrastinate.exceptions import AlreadyEnqueued

from fenqi.domain.aftersales.cases import CaseState
from fenqi.records.models import AftersalesCase, Refund, RefundCause, RefundStatus
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, outbox
from fenqi.usecases.aftersales.queries import late_cases
from fenqi.usecases.aftersales.waiting import may_be_minded

GRACE = timedelta(minutes=10)
"""So long a message of the outbox may take before the sweep helps it along."""
BATCH = 500
"""So many are read at a time; all of them are queued."""

_log = structlog.get_logger(__name__)


def queue_what_is_due(*, now: datetime) -> int:
    """Queue a look at every case that may move by itself; how many were queued."""
    settled = Q(updated_at__lte=now - GRACE)
    to_execute = Q(closed_at=None, state__in=(CaseState.APPROVED.value, CaseState.GOODS_RECEIVED.value))
    to_follow = Q(closed_at=None, state=CaseState.REFUNDING.value) | _came_back()
    to_mind = Q(closed_at=None) & may_be_minded(today=clock.business_date(now))
    return (
        _queue(outbox.EXECUTE_CASE, settled & to_execute)
        + _queue(outbox.FOLLOW_CASE, settled & to_follow)
        + _queue(outbox.MIND_CASE, settled & to_mind)
    )


def tell_of_late_cases(*, now: datetime) -> int:
    """Alert operations of each case whose clock has run out; how many there are."""
    late = late_cases(now=now)
    for row in late:
        binding = row.deadlines.binding
        _log.error(
            "aftersales_case_late",
            case_no=row.case_no,
            state=row.state.value,
            clock=binding.clock.value if binding else "",
            on=binding.on.isoformat() if binding else "",
        )
    return len(late)


def _came_back() -> Q:
    """Of a case that was completed money is under way again.

    Asked of its order, of which another case may be paid just now: to look once more changes nothing.
    """
    owed = Refund.objects.filter(
        customer_id=OuterRef("customer_id"),
        order_id=OuterRef("order_id"),
        cause__in=(RefundCause.AFTERSALE.value, RefundCause.PRICE_DIFFERENCE.value),
    )
    return Q(Exists(owed.exclude(status=RefundStatus.COMPLETED.value)), state=CaseState.COMPLETED.value)


def _queue(topic: str, due: Q) -> int:
    """One job of a topic waits for a case, however long no worker comes."""
    return sum(_defer(topic, customer_id, case_id) for customer_id, case_id in _keys(due))


def _keys(due: Q) -> Iterator[tuple[UUID, UUID]]:
    """Of all cases, read by their key: however many wait, none keeps another from its turn."""
    rest = Q()
    while True:
        with across_customers():
            cases = AftersalesCase.objects.filter(due, rest).order_by("customer_id", "id")
            keys = list(cases.values_list("customer_id", "id")[:BATCH])
        yield from keys
        if len(keys) < BATCH:
            return
        customer_id, case_id = keys[-1]
        rest = Q(customer_id__gt=customer_id) | Q(customer_id=customer_id, id__gt=case_id)


def _defer(topic: str, customer_id: UUID, case_id: UUID) -> bool:
    """Whether it was not waiting already."""
    task = queue.configure_task(topic, queueing_lock=f"{topic}:{case_id}")
    try:
        task.defer(customer_id=str(customer_id), case_id=str(case_id))
    except AlreadyEnqueued:
        return False
    return True
