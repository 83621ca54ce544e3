"""Plans with rows that are late, days closed by hand, and what a close leaves behind."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.records.models import Installment, JournalEntry, JournalLine, LateFeeAccrual, Plan, PlanEvent
from fenqi.usecases.closing.run import Closed, close_day
from malls import Bought, bought, noon

A_DAY = {"daily_rate": "0.05"}
"""0.05 % of what is overdue, a day."""


def late(**terms: Any) -> Bought:
    """1,200.00 over 12 months from 1 January; the row of 100.00 is due on 1 February, a Sunday (paid by Monday)."""
    return bought(**{"late_fee": A_DAY, "grace_days": 3, **terms})


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
            .values_list("id", "plan_id", "n", "due_on", "days", "charged_minor", "through_on", "plan_version", "event_seq")
        ),
    }
