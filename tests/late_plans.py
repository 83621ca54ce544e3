"""Plans with rows that are late, days closed by hand, and what a close leaves behind."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from fenqi.domain.plans import parse_event
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Installment,
    JournalEntry,
    JournalLine,
    LateFeeAccrual,
    OutboxMessage,
    Plan,
    PlanEvent,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import plan_file
from fenqi.usecases.closing.correct import after_no_fault, correct_late_fees
from fenqi.usecases.closing.run import Closed, close_day
from fenqi.usecases.closing.set_based import Charged
from malls import Bought, bought, noon

A_DAY = {"daily_rate": "0.05"}
"""0.05 % of what is overdue, a day."""


def late(ref: str | None = None, **terms: Any) -> Bought:
    """1,200.00 over 12 months from 1 January; the row of 100.00 is due on 1 February, a Sunday (paid by Monday)."""
    return bought(ref, **{"late_fee": A_DAY, "grace_days": 3, **terms})


def close(on: str | date, **more: Any) -> Closed:
    """Close the day; the last report."""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return close_day(day, started_by="tests", now=lambda: at_night(day), **more)[-1]


def at_night(day: date) -> datetime:
    """The clock of these tests stands at noon: what counts is the day."""
    return noon(day)


def charges(plan: Bought) -> list[tuple[str, str, int]]:
    """Day, due date and amount of each charge that stands, in order."""
    events = PlanEvent.objects.filter(customer_id=plan.customer_id, plan_id=plan.plan_id).order_by("seq")
    bodies = [event.body for event in events]
    undone = {body["of"] for body in bodies if body["kind"] == "reversal"}
    standing = [body for body in bodies if body["kind"] == "late_fee" and body["id"] not in undone]
    return sorted((body["on"], body["due_on"], body["amount"]) for body in standing)


def left_behind(customer_id: UUID) -> dict[str, list[Any]]:
    """All that a close writes about a customer, without keys and hashes, which the two paths make each their way."""
    entries = JournalEntry.objects.filter(customer_id=customer_id).order_by("seq")
    lines = JournalLine.objects.filter(customer_id=customer_id)
    return {
        "events": list(
            PlanEvent.objects.filter(customer_id=customer_id)
            .order_by("plan_id", "seq")
            .values_list("id", "plan_id", "seq", "kind", "effective_on", "amount_minor", "body", "payment_id", "actor")
        ),
        "entries": [
            (
                *(entry.seq, entry.code, entry.effective_on, entry.posted_at, entry.plan_id, entry.order_id),
                *(entry.event_id, entry.payment_id, entry.currency),
                sorted(
                    lines.filter(entry_id=entry.id).values_list(
                        "line_no", "account", "debit_minor", "credit_minor", "currency", "plan_id", "order_id"
                    )
                ),
            )
            for entry in entries
        ],
        "rows": list(Installment.objects.filter(customer_id=customer_id).order_by("plan_id", "n").values()),
        "plans": list(Plan.objects.filter(customer_id=customer_id).order_by("id").values()),
        "accruals": list(
            LateFeeAccrual.objects.filter(customer_id=customer_id)
            .order_by("plan_id", "n")
            .values_list(
                "id", "plan_id", "n", "due_on", "days", "charged_minor", "through_on", "plan_version", "event_seq"
            )
        ),
    }


def told(plan: Bought, *, on: str, kind: str, **fields: Any) -> UUID:
    """A fact that somebody else records, and the messages that follow it."""
    event_id = new_id()
    event = parse_event({"id": str(event_id), "on": on, "kind": kind, **fields})
    with transaction.atomic():
        locked = locks.customer(plan.customer_id)
        file = plan_file.read(plan.customer_id, plan.plan_id)
        decision = Decision(plan.customer_id)
        plan_file.add_event(
            decision,
            file,
            event,
            source="clearing.mall",
            head=locked,
            payment_id=None,
            actor="tests",
            now=noon(on),
        )
        write(decision)
    return event_id


def not_their_fault(plan: Bought, first: str, last: str | None, *, cause: str = "channel_outage") -> None:
    """Days that are found to be nobody's fault."""
    starts, ends = noon(first), noon(last) if last else None
    with transaction.atomic():
        decision = Decision(locks.customer(plan.customer_id).customer_id)
        row: dict[str, Any] = {"plan_id": plan.plan_id, "attempt_id": None, "cause": cause, "evidence": {}}
        row["recorded_at"] = starts
        decision.add("no_fault_period", {"id": new_id(), "starts_at": starts, "ends_at": ends, **row})
        after_no_fault(decision, plan.plan_id, now=starts)
        write(decision)


def put_right(plan: Bought) -> Charged:
    """What the job does that such a fact queued; fails if none did."""
    queued = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="correct_late_fees", done_at=None)
    assert queued.exists()
    queued.update(done_at=noon("2026-01-01"))
    return correct_late_fees(plan.customer_id, plan.plan_id, now=noon("2026-12-01"))
