"""From what the domain decided to the rows that are stored: one place, so that no two writers disagree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.domain.ledger import Entry, entry_hash
from fenqi.domain.plans import Components, Event, PlanState
from fenqi.domain.plans import Row as PlanRow
from fenqi.records.identifiers import derived_id, new_id
from fenqi.records.models import Installment

Columns = dict[str, Any]


def plan_columns(state: PlanState) -> Columns:
    """The columns of `plan` that repeat the state for queries."""
    open_rows = [row.due_on for row in state.rows if row.outstanding.total]
    return {
        "status": state.status.value,
        "outstanding_minor": state.totals.outstanding.total,
        "balance_minor": state.balance,
        "next_due_on": min(open_rows, default=None),
        "last_due_on": max(row.due_on for row in state.rows),
        "installment_count": sum(not row.is_down_payment for row in state.rows),
    }


def installment_columns(plan_id: UUID, row: PlanRow) -> Columns:
    """One row of `installment`. Its key follows from plan and number: writing it again is writing the same row."""
    columns: Columns = {
        "id": derived_id("installment", plan_id, row.n),
        "plan_id": plan_id,
        "n": row.n,
        "due_on": row.due_on,
        "is_down_payment": row.is_down_payment,
        "paid_early_minor": row.paid_early,
        "paid_late_minor": row.paid_late,
        "paid_on": row.paid_on,
    }
    for component, due, paid in zip(row.due._fields, row.due, row.paid, strict=True):
        columns[f"{component}_minor"] = due
        columns[f"{component}_paid_minor"] = paid
    return columns


def stored_row(installment: Installment) -> PlanRow:
    """The plan's row as it was stored: the way back."""
    due = Components(*(getattr(installment, f"{component}_minor") for component in Components._fields))
    paid = Components(*(getattr(installment, f"{component}_paid_minor") for component in Components._fields))
    return PlanRow(
        n=installment.n,
        due_on=installment.due_on,
        is_down_payment=installment.is_down_payment,
        due=due,
        paid=paid,
        outstanding=Components(*(owed - given for owed, given in zip(due, paid, strict=True))),
        paid_early=installment.paid_early_minor,
        paid_late=installment.paid_late_minor,
        paid_on=installment.paid_on,
    )


def changed_installments(plan_id: UUID, before: PlanState | None, after: PlanState) -> Iterator[Columns]:
    """Only the rows that differ from what is stored."""
    stored = {row.n: row for row in before.rows} if before else {}
    return (installment_columns(plan_id, row) for row in after.rows if stored.get(row.n) != row)


def event_columns(
    plan_id: UUID, event: Event, *, seq: int, payment_id: UUID | None, actor: str, now: datetime
) -> Columns:
    """One row of `plan_event`; the event's own id is the row's."""
    return {
        "id": UUID(event.id),
        "plan_id": plan_id,
        "seq": seq,
        "kind": event.kind.value,
        "effective_on": event.on,
        "amount_minor": event.amount,
        "body": event.to_mapping(),
        "payment_id": payment_id,
        "actor": actor,
        "recorded_at": now,
    }


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The newest entry of a customer's chain; an empty hash before the first."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an entry concerns besides its accounts."""

    customer_id: UUID
    plan_id: UUID | None = None
    order_id: UUID | None = None
    event_id: UUID | None = None
    payment_id: UUID | None = None


def entry_columns(
    entry: Entry, *, code: str, on: date, currency: str, about: About, head: ChainHead, now: datetime
) -> tuple[Columns, Sequence[Columns], ChainHead]:
    """The rows of one entry and its lines, chained to the customer's newest entry, and the head after it."""
    entry_id, seq = new_id(), head.seq + 1
    digest = entry_hash(
        head.hash,
        entry_id=entry_id,
        customer_id=about.customer_id,
        seq=seq,
        posted_at_us=microseconds(now),
        on=on,
        code=code,
        plan_id=about.plan_id,
        currency=currency,
        lines=[(n, line.account, line.debit, line.credit) for n, line in enumerate(entry.lines, 1)],
    )
    lines = [
        {
            "id": new_id(),
            "entry_id": entry_id,
            "line_no": n,
            "account": str(line.account),
            "debit_minor": line.debit,
            "credit_minor": line.credit,
            "currency": currency,
            "plan_id": about.plan_id,
            "order_id": about.order_id,
        }
        for n, line in enumerate(entry.lines, 1)
    ]
    columns = {
        "id": entry_id,
        "seq": seq,
        "code": code,
        "effective_on": on,
        "posted_at": now,
        "currency": currency,
        "plan_id": about.plan_id,
        "order_id": about.order_id,
        "event_id": about.event_id,
        "payment_id": about.payment_id,
        "prev_hash": head.hash,
        "hash": digest,
    }
    return columns, lines, ChainHead(seq, digest)


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970, as PostgreSQL stores an instant: exact, unlike a float timestamp."""
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond
