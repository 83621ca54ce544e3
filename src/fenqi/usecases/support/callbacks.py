"""Calls that we promise: planned against a reason, told to the customer, due at the desk, done or called off."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import CallbackState, SupportCallback
from fenqi.records.models import TicketEventKind as Kind
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.notices.quiet_hours import quiet_hours
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.errors import NoSuchTime
from fenqi.usecases.support.threads import find_thread, keep_event, names_of, note_words, record

WINDOW: Final = timedelta(hours=1)
FARTHEST: Final = timedelta(days=14)
LONGEST_REASON: Final = 200
MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackView:
    """A call that was promised; `agent_name` is for staff only."""

    callback_id: UUID
    thread_id: UUID
    from_at: datetime
    until_at: datetime
    reason: str
    state: CallbackState
    agent_name: str
    outcome: str

    @property
    def is_planned(self) -> bool:
        return self.state is CallbackState.PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """What planning a call would do: nothing is stored yet."""

    from_at: datetime
    until_at: datetime
    instead_of: CallbackView | None


def simulate(staff: Staff, customer_id: UUID, thread_id: UUID, *, from_at: datetime, now: datetime) -> CallPlan:
    """What would happen. Raises NotFound, NotPermitted, NoSuchTime."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    find_thread(customer_id, thread_id)
    _require_polite(from_at, now=now)
    earlier = next((call for call in calls_of(customer_id, thread_id) if call.is_planned), None)
    return CallPlan(from_at=from_at, until_at=from_at + WINDOW, instead_of=earlier)


def plan_call(
    staff: Staff, customer_id: UUID, thread_id: UUID, *, from_at: datetime, reason: str, now: datetime
) -> UUID:
    """Promise a call within an hour from `from_at`; an earlier one is called off. The same is planned once.

    Raises NotFound, NotPermitted, NoteMissing, NoSuchTime.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(reason)[:LONGEST_REASON]
    _require_polite(from_at, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        planned = SupportCallback.objects.filter(
            customer_id=customer_id, thread_id=thread_id, state=CallbackState.PLANNED
        )
        same = planned.filter(from_at=from_at).first()
        if same is not None:
            return same.id
        planned.update(state=CallbackState.CALLED_OFF, ended_at=now)
        callback_id = derived_id("support_callback", thread_id, from_at.isoformat(), now.isoformat())
        SupportCallback.objects.create(
            customer_id=customer_id,
            id=callback_id,
            thread_id=thread_id,
            from_at=from_at,
            until_at=from_at + WINDOW,
            reason=words,
            state=CallbackState.PLANNED,
            agent=staff.actor,
            outcome="",
            planned_at=now,
        )
        details = {"from_at": from_at.isoformat(), "until_at": (from_at + WINDOW).isoformat(), "step": "planned"}
        keep_event(thread, Kind.CALLBACK, actor=staff.actor, text=words, details=details, now=now)
        record(staff, audit.Action.CALLBACK_PLANNED, thread, reason=words, now=now)
        decision = Decision(customer_id)
        outbox.tell_of_call(decision, callback_id, now=now)
        write(decision)
    return callback_id


def end_call(
    staff: Staff, customer_id: UUID, callback_id: UUID, *, was_made: bool, outcome: str, now: datetime
) -> None:
    """The call was made, with what came of it, or is called off, with why. Again changes nothing.

    Raises NotFound, NotPermitted, NoteMissing.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(outcome)[:500]
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        call = SupportCallback.objects.filter(customer_id=customer_id, id=callback_id).first()
        if call is None:
            raise NotFound
        if call.state != CallbackState.PLANNED:
            return
        state = CallbackState.DONE if was_made else CallbackState.CALLED_OFF
        SupportCallback.objects.filter(customer_id=customer_id, id=callback_id).update(
            state=state, ended_at=now, outcome=words
        )
        thread = find_thread(customer_id, call.thread_id)
        kind = Kind.CALL if was_made else Kind.CALLBACK
        details = {"way": "out"} if was_made else {"step": "called_off"}
        keep_event(thread, kind, actor=staff.actor, text=words, details=details, now=now)
        record(staff, audit.Action.CALLBACK_ENDED, thread, reason=words, now=now)


def calls_of(customer_id: UUID, thread_id: UUID | None = None) -> tuple[CallbackView, ...]:
    """The calls about a ticket, or all of the customer's: newest first."""
    calls = SupportCallback.objects.filter(customer_id=customer_id)
    rows = list((calls.filter(thread_id=thread_id) if thread_id else calls).order_by("-from_at"))
    names = names_of({row.agent for row in rows})
    return tuple(
        CallbackView(
            callback_id=row.id,
            thread_id=row.thread_id,
            from_at=row.from_at,
            until_at=row.until_at,
            reason=row.reason,
            state=CallbackState(row.state),
            agent_name=names.get(row.agent, ""),
            outcome=row.outcome,
        )
        for row in rows
    )


def _require_polite(from_at: datetime, *, now: datetime) -> None:
    """Raises NoSuchTime."""
    begins, ends = (at.astimezone(clock.mall_zone()) for at in (from_at, from_at + WINDOW))
    hours = quiet_hours()
    in_hours = begins.date() == ends.date() and not hours.are_at(begins) and not hours.are_at(ends - MOMENT)
    if not (now < from_at <= now + FARTHEST and in_hours):
        raise NoSuchTime(where="from_at", hours=call_hours())


def call_hours() -> str:
    """8:00–21:00: all day but the quiet hours."""
    hours = quiet_hours()
    return f"{hours.ends.hour}:{hours.ends:%M}–{hours.starts.hour}:{hours.starts:%M}"
