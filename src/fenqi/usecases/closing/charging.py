"""The fees of one plan through a day, by the domain's own functions: for whatever needs judgement, and to put right.

No-fault days, a balance, facts that came late, days that were missed: all are one comparison of what stands with what
is right (`domain/plans/charging.py`).
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from fenqi.domain.ledger import Account
from fenqi.domain.plans import Event, EventKind
from fenqi.domain.plans.charging import Charge, FreeDays, LateFeePlan, late_fees_through
from fenqi.records import locks
from fenqi.records.identifiers import hashed_id
from fenqi.records.models import LateFeeAccrual, Payment, PaymentPurpose, PaymentState, PlanEvent
from fenqi.records.posting import Decision, write
from fenqi.usecases import plan_file
from fenqi.usecases.closing.late_rows import collected_here
from fenqi.usecases.closing.set_based import Charged
from fenqi.usecases.no_fault_days import exempt_days, free_days, no_fault_of
from fenqi.usecases.plan_file import CLOSE, Fact, PlanFile

_NO_CHARGE: Final = Charged()


def charge_plan(customer_id: UUID, plan_id: UUID, day: date, *, batch: UUID, now: datetime) -> Charged:
    """Bring the plan's late fees to what is right through the day, in one transaction; nothing if they are.

    A plan with a payment under way is left
    alone: the next close catches up.
    """
    with transaction.atomic():
        locked = locks.customer(customer_id)
        file = plan_file.read(customer_id, plan_id)
        if file.provider not in collected_here() or is_being_paid(customer_id, plan_id):
            return _NO_CHARGE
        day = max(day, charged_through(customer_id, plan_id) or day)
        events = PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id, actor=CLOSE, kind="late_fee")
        ours = frozenset(str(event_id) for event_id in events.values_list("id", flat=True))
        right = late_fees_through(
            file.terms, file.events, ours=ours, through=day, free=_free_days_of(customer_id, plan_id, day)
        )
        facts = _facts(file, right, today=day)
        done = _NO_CHARGE
        if facts:
            decision = Decision(customer_id)
            recorded = plan_file.add_events(decision, file, facts, head=locked, actor=CLOSE, now=now)
            write(decision)
            file, done = recorded.file, _count(file, facts)
        _keep(file, right, day, batch=batch, now=now)
    return done


def charged_through(customer_id: UUID, plan_id: UUID) -> date | None:
    """The last day that the close has looked at for the plan, if it ever had a late row."""
    rows = LateFeeAccrual.objects.filter(customer_id=customer_id, plan_id=plan_id)
    last: date | None = rows.aggregate(last=Max("through_on"))["last"]
    return last


def is_being_paid(customer_id: UUID, plan_id: UUID) -> bool:
    """Whoever has confirmed a sum pays that sum, also when the day changes meanwhile (design, rule 7)."""
    open_ones = Payment.objects.filter(customer_id=customer_id, plan_id=plan_id, state=PaymentState.OPEN)
    return open_ones.exclude(purpose=PaymentPurpose.RESERVE).exists()


def _free_days_of(customer_id: UUID, plan_id: UUID, day: date) -> FreeDays:
    exempt = exempt_days(no_fault_of(customer_id, [plan_id]).get(plan_id, ()), today=day)
    return lru_cache(lambda due_on: free_days(exempt, due_on))


def _facts(file: PlanFile, right: LateFeePlan, *, today: date) -> list[Fact]:
    """Taken back first, then charged; the ids follow from the plan and the place, as in the set-based path."""
    undone: list[Charge | str] = [*right.to_reverse, *right.to_charge]
    return [
        Fact(_event(hashed_id("plan_event", file.plan_id, file.version + n), what, today=today), Account.SUSPENSE)
        for n, what in enumerate(undone, start=1)
    ]


def _event(event_id: UUID, what: Charge | str, *, today: date) -> Event:
    if isinstance(what, str):
        return Event(id=str(event_id), on=today, kind=EventKind.REVERSAL, of=what)
    return Event(id=str(event_id), on=what.on, kind=EventKind.LATE_FEE, amount=what.amount, due_on=what.due_on)


def _count(file: PlanFile, facts: list[Fact]) -> Charged:
    amounts = {event.id: event.amount or 0 for event in file.events}
    undone = [amounts[fact.event.of] for fact in facts if fact.event.of is not None]
    made = [fact.event.amount or 0 for fact in facts if fact.event.of is None]
    currency = file.terms.currency
    return Charged(len(made), {currency: sum(made)}, len(undone), {currency: sum(undone)})


def _keep(file: PlanFile, right: LateFeePlan, day: date, *, batch: UUID, now: datetime) -> None:
    """Write down where each row stands; rows that a new schedule did away with lose their line."""
    last = {charge.n: charge for charge in right.to_charge if charge.on == day}
    seqs = {(event.due_on, event.on): seq for seq, event in enumerate(file.events, start=1) if event.due_on}
    rows = [
        LateFeeAccrual(
            customer_id=file.customer_id,
            id=hashed_id("late_fee_accrual", file.plan_id, row.n),
            plan_id=file.plan_id,
            n=row.n,
            due_on=row.due_on,
            days=row.days,
            charged_minor=row.charged,
            through_on=day,
            plan_version=file.version,
            batch_id=batch,
            event_seq=seqs[row.due_on, day] if row.n in last else None,
            amount_minor=last[row.n].amount if row.n in last else 0,
            updated_at=now,
        )
        for row in right.accruals
        if row.days or row.charged
    ]
    kept = LateFeeAccrual.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id)
    kept.exclude(n__in=[row.n for row in rows]).delete()
    LateFeeAccrual.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["customer_id", "plan_id", "n"],
        update_fields=[
            *("due_on", "days", "charged_minor", "through_on", "plan_version"),
            *("batch_id", "event_seq", "amount_minor", "updated_at"),
        ],
    )
