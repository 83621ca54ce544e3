"""Promises to pay: made by the customer or with an agent, taken back, decided by the day, told of once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.domain.hardship.promises import (
    NEXT_PROMISE_STATE,
    PromiseSignal,
    PromiseStands,
    PromiseState,
    check_promise,
    paid_toward,
    signal_of,
)
from fenqi.domain.money import Money
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import Payment, PaymentAttempt, PaymentPromise
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.hardship.circumstances import state_on
from fenqi.usecases.hardship.errors import PromiseEnded
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.partners.providers import refuse_if_repaid_elsewhere
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.repayment.quote import NothingOwed
from fenqi.usecases.staff.permissions import Permission, Staff

CUSTOMER = "customer"
LOOKED_BACK = timedelta(days=10)
"""How long a broken promise is looked at again: money that left in time may be learned of late."""
LONGEST_NOTE = 200
_UNKNOWN = ("created", "submitted", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """`paid_minor` of `amount_minor` had come in when it was decided."""

    promise_id: UUID
    customer_id: UUID
    plan_id: UUID
    amount_minor: int
    currency: str
    made_on: date
    pay_by: date
    state: PromiseState
    paid_minor: int
    via: str
    actor: str
    note: str
    made_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What is promised: a sum in minor units by the end of a day."""

    amount_minor: int
    pay_by: date
    note: str = ""


def make_promise(
    customer_id: UUID,
    plan_id: UUID,
    promised: Promised,
    *,
    request_key: str,
    via: str,
    actor: str = CUSTOMER,
    now: datetime,
) -> UUID:
    """Keep a promise; the same request again is the same promise.

    Raises NotFound, RepaidElsewhere, NothingOwed, PromiseOutOfRange, PromiseTooFar, PromiseStands.
    """
    with transaction.atomic():
        locks.customer(customer_id)
        mine = PaymentPromise.objects.filter(customer_id=customer_id)
        earlier = mine.filter(request_key=request_key).first()
        if earlier is not None:
            return earlier.id
        file = plan_file.read(customer_id, plan_id)
        policy = policy_on(clock.business_date(now))
        _check(file, promised, now=now)
        if mine.filter(plan_id=plan_id, state=PromiseState.OPEN.value).exists():
            raise PromiseStands
        row = PaymentPromise.objects.create(
            customer_id=customer_id,
            id=new_id(),
            plan_id=plan_id,
            amount_minor=promised.amount_minor,
            currency=file.terms.currency,
            made_on=clock.business_date(now),
            pay_by=promised.pay_by,
            known_events=file.version,
            state=PromiseState.OPEN.value,
            policy_version=policy.version,
            via=via,
            actor=actor,
            note=" ".join(promised.note.split())[:LONGEST_NOTE],
            request_key=request_key,
            made_at=now,
        )
    return row.id


def make_promise_for(
    staff: Staff, customer_id: UUID, plan_id: UUID, promised: Promised, *, request_key: str, now: datetime
) -> UUID:
    """The same by an agent who has the customer's word. Raises NotPermitted, and as above."""
    staff.require(Permission.RECORD_PROMISES)
    with transaction.atomic():
        promise_id = make_promise(
            customer_id, plan_id, promised, request_key=request_key, via="console", actor=staff.actor, now=now
        )
        audit.record(
            staff.actor,
            audit.Action.PROMISE_RECORDED,
            customer_id=customer_id,
            subject=f"promise:{promise_id}",
            reason=promised.note,
            details={"amount_minor": promised.amount_minor, "pay_by": promised.pay_by.isoformat()},
            now=now,
        )
    return promise_id


def _check(file: PlanFile, promised: Promised, *, now: datetime) -> None:
    refuse_if_repaid_elsewhere(file.provider)
    today = clock.business_date(now)
    owed = state_on(file, today).totals.outstanding.total
    if not owed:
        raise NothingOwed
    check_promise(
        policy_on(today).rules,
        amount=promised.amount_minor,
        pay_by=promised.pay_by,
        today=today,
        owed=owed,
        owed_written=f"{Money(owed, file.terms.currency).as_decimal():,f}",
    )


def take_back_promise(customer_id: UUID, promise_id: UUID, *, actor: str = CUSTOMER, now: datetime) -> None:
    """Reminders come again. Raises NotFound, PromiseEnded."""
    with transaction.atomic():
        locks.customer(customer_id)
        row = _find(customer_id, promise_id)
        if not _move(row, PromiseSignal.TAKEN_BACK, paid=0, now=now):
            raise PromiseEnded
        if actor != CUSTOMER:
            subject = f"promise:{promise_id}"
            audit.record(actor, audit.Action.PROMISE_TAKEN_BACK, customer_id=customer_id, subject=subject, now=now)


def take_back_promise_for(staff: Staff, customer_id: UUID, promise_id: UUID, *, now: datetime) -> None:
    """Raises NotPermitted, NotFound, PromiseEnded."""
    staff.require(Permission.RECORD_PROMISES)
    take_back_promise(customer_id, promise_id, actor=staff.actor, now=now)


def open_promise(customer_id: UUID, plan_id: UUID) -> PromiseView | None:
    """The one that stands."""
    row = PaymentPromise.objects.filter(customer_id=customer_id, plan_id=plan_id, state=PromiseState.OPEN.value).first()
    return promise_view(row) if row else None


def promises_of(customer_id: UUID, plan_id: UUID) -> tuple[PromiseView, ...]:
    """All of the plan, newest first."""
    rows = PaymentPromise.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("-made_at")
    return tuple(map(promise_view, rows))


def held_until(customer_id: UUID, plan_id: UUID, *, now: datetime) -> date | None:
    """The day through which reminders of the plan wait for a promise; None: they need not wait."""
    promise = open_promise(customer_id, plan_id)
    return promise.pay_by if promise and promise.pay_by >= clock.business_date(now) else None


def decide_promises(customer_id: UUID, promise_ids: Iterable[UUID], *, day: date, now: datetime) -> int:
    """Say of each whether it was kept, as of the end of the day before `day`; how many moved.

    While a payment made by the day has no known outcome, the promise stays open: unknown is neither.
    """
    moved = 0
    with transaction.atomic():
        locks.customer(customer_id)
        for promise_id in promise_ids:
            moved += _decide(_find(customer_id, promise_id), day=day, now=now)
    return moved


def _decide(row: PaymentPromise, *, day: date, now: datetime) -> bool:
    file = plan_file.read(row.customer_id, row.plan_id)
    state = state_on(file, day)
    paid = paid_toward(file.events, state, since=row.known_events, by=row.pay_by)
    owed = state.totals.outstanding.total
    signal = signal_of(amount=row.amount_minor, paid=paid, owed=owed, pay_by=row.pay_by, today=day)
    if signal is None or (signal is PromiseSignal.DAY_PASSED and _is_unknown(row)):
        return False
    was = row.state
    if not _move(row, signal, paid=paid, now=now):
        return False
    if (was, signal) == (PromiseState.OPEN.value, PromiseSignal.DAY_PASSED):
        decision = Decision(row.customer_id)
        outbox.about_promise(decision, row.id, at=polite_time(now), now=now)
        write(decision)
    return True


def _is_unknown(row: PaymentPromise) -> bool:
    """A payment of the plan was begun by the promised day and nobody knows what became of it."""
    payments = Payment.objects.filter(customer_id=row.customer_id, plan_id=row.plan_id)
    attempts = PaymentAttempt.objects.filter(
        customer_id=row.customer_id,
        payment_id__in=list(payments.values_list("id", flat=True)),
        state__in=_UNKNOWN,
        created_at__lt=clock.end_of_business_day(row.pay_by),
    )
    return attempts.exists()


def _move(row: PaymentPromise, signal: PromiseSignal, *, paid: int, now: datetime) -> bool:
    """Whether the table lists the move."""
    after = NEXT_PROMISE_STATE.get((PromiseState(row.state), signal))
    if after is None:
        return False
    row.state, row.paid_minor, row.decided_at = after.value, paid, now
    PaymentPromise.objects.filter(customer_id=row.customer_id, id=row.id).update(
        state=row.state, paid_minor=paid, decided_at=now
    )
    return True


def _find(customer_id: UUID, promise_id: UUID) -> PaymentPromise:
    row = PaymentPromise.objects.filter(customer_id=customer_id, id=promise_id).first()
    if row is None:
        raise NotFound
    return row


def find_promise(customer_id: UUID, promise_id: UUID) -> PromiseView:
    """Raises NotFound."""
    return promise_view(_find(customer_id, promise_id))


def promise_view(row: PaymentPromise) -> PromiseView:
    return PromiseView(
        promise_id=row.id,
        customer_id=row.customer_id,
        plan_id=row.plan_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        made_on=row.made_on,
        pay_by=row.pay_by,
        state=PromiseState(row.state),
        paid_minor=row.paid_minor,
        via=row.via,
        actor=row.actor,
        note=row.note,
        made_at=row.made_at,
        decided_at=row.decided_at,
    )
