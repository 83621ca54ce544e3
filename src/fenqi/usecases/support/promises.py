"""Promises of an answer: how long somebody who asks now waits, and the alarm when one is broken."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from fenqi.domain.support.waiting import RECENTLY, Answered, expected_wait
from fenqi.records import locks
from fenqi.records.models import SupportEvent, SupportThread, ThreadState
from fenqi.records.models import TicketEventKind as Kind
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.support.threads import change, find_thread, keep_event

MOST_AT_ONCE: Final = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTold:
    """What is said to whoever waits: how many are before them, how long it takes as of late, if that is known."""

    ahead: int
    expected: timedelta | None


def wait_now(*, now: datetime, before: datetime | None = None) -> WaitTold:
    """The wait of somebody who asks now, or of somebody whose promise is `before`. Two statements."""
    with across_customers():
        waiting = SupportThread.objects.filter(state=ThreadState.WAITING)
        ahead = (waiting.filter(due_at__lt=before) if before else waiting).count()
        recent = SupportEvent.objects.filter(kind=Kind.ANSWERED, at__gt=now - RECENTLY, at__lte=now)
        told = list(recent.order_by("-at").values_list("at", "details")[:MOST_AT_ONCE])
    answered = [
        Answered(at, timedelta(seconds=details["waited_seconds"]))
        for at, details in told
        if "waited_seconds" in details
    ]
    return WaitTold(ahead=ahead, expected=expected_wait(ahead=ahead, answered=answered, now=now))


def raise_alarms(*, now: datetime) -> int:
    """Mark every promise that has just been broken, once each; how many. The desk shows them on top, the log alarms."""
    with across_customers():
        late = SupportThread.objects.filter(state=ThreadState.WAITING, due_at__lt=now, late_at__isnull=True)
        found = list(late.order_by("due_at").values_list("customer_id", "id")[:MOST_AT_ONCE])
    marked = 0
    for customer_id, thread_id in found:
        with transaction.atomic(durable=True):
            locks.customer(customer_id)
            thread = find_thread(customer_id, thread_id)
            if thread.state != ThreadState.WAITING or thread.late_at or not thread.due_at or thread.due_at >= now:
                continue
            change(thread, late_at=now)
            keep_event(thread, Kind.LATE, actor=audit.SYSTEM, details={"due_at": thread.due_at.isoformat()}, now=now)
            marked += 1
        _log.error("support_answer_late", ticket_no=thread.ticket_no, due_at=thread.due_at.isoformat())
    return marked
