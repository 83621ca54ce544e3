"""What the clock brings: money that should have moved, refunds that should be there, customers to be reminded, and
cases of which a deadline has passed.

Each case has its own messages in the outbox; the sweep finds what a message was lost for, and what no message tells.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import structlog
from procrastinate.contrib.django import app as queue

from fenqi.domain.aftersales.cases import CaseState
from fenqi.records.models import AftersalesCase
from fenqi.records.scope import across_customers
from fenqi.usecases import outbox
from fenqi.usecases.aftersales.queries import late_cases

GRACE = timedelta(minutes=10)
"""So long a message of the outbox may take before the sweep helps it along."""
BATCH = 500

_log = structlog.get_logger(__name__)


def queue_what_is_due(*, now: datetime) -> int:
    """Queue a look at every case that may move by itself; how many were queued."""
    return sum(
        (
            _queue(outbox.EXECUTE_CASE, (CaseState.APPROVED, CaseState.GOODS_RECEIVED), before=now - GRACE),
            _queue(outbox.FOLLOW_CASE, (CaseState.REFUNDING,), before=now - GRACE),
            _queue(
                outbox.MIND_CASE,
                (CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED, CaseState.QUOTE_CHANGED),
                before=now - GRACE,
            ),
        )
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


def _queue(topic: str, states: Collection[CaseState], *, before: datetime) -> int:
    with across_customers():
        cases = AftersalesCase.objects.filter(
            closed_at=None, state__in=[state.value for state in states], updated_at__lte=before
        )
        keys = list(cases.order_by("updated_at", "id").values_list("customer_id", "id")[:BATCH])
    jobs: list[dict[str, Any]] = [
        {"customer_id": str(customer_id), "case_id": str(case_id)} for customer_id, case_id in keys
    ]
    if jobs:
        queue.configure_task(topic).batch_defer(*jobs)
    return len(jobs)
