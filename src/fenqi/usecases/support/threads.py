"""What the use cases of tickets share: finding one, writing to it under the lock, and showing it."""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.support.ticket_numbers import spoken, ticket_number
from fenqi.records import directory
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Account,
    DirectoryKind,
    SupportEvent,
    SupportMessage,
    SupportThread,
    ThreadState,
    TicketEventKind,
)
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Staff
from fenqi.usecases.support.errors import NoteMissing, TakenByAnother
from fenqi.usecases.support.service_desk import promised_answer

CUSTOMER: Final = "customer"
LONGEST_NOTE: Final = 1000
_SERIALS: Final = 90_000_000
_FIRST_SERIAL: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """`by_customer` or by staff, whose sign-in name is for staff only."""

    message_no: int
    by_customer: bool
    staff_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """A fact of the ticket that only staff see, with the sign-in names of those concerned."""

    kind: TicketEventKind
    by: str
    to: str
    text: str
    details: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A conversation; `since` is when it came into its state, `due_at` by when whoever waits is answered."""

    thread_id: UUID
    customer_id: UUID
    ticket_no: str
    topic: str
    order_id: UUID | None
    plan_id: UUID | None
    payment_id: UUID | None
    case_id: UUID | None
    refund_id: UUID | None
    hold_id: UUID | None
    language: str
    story: dict[str, Any]
    state: ThreadState
    agent: str
    agent_name: str
    opened_at: datetime
    since: datetime
    due_at: datetime | None
    is_late: bool
    customer_read_no: int
    staff_read_no: int
    messages: tuple[MessageView, ...] = ()
    events: tuple[EventView, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.state is ThreadState.CLOSED

    @property
    def is_waiting(self) -> bool:
        return self.state is ThreadState.WAITING

    @property
    def spoken_no(self) -> str:
        """As it is read out: 482 177 306."""
        return spoken(self.ticket_no)

    @property
    def last_no(self) -> int:
        return self.messages[-1].message_no if self.messages else 0

    @property
    def rating(self) -> EventView | None:
        """What the customer said of the last closing, if anything."""
        for event in reversed(self.events):
            if event.kind in (TicketEventKind.RATED, TicketEventKind.REOPENED):
                return event if event.kind is TicketEventKind.RATED else None
        return None

    @property
    def may_be_rated(self) -> bool:
        return self.is_closed and self.rating is None and any(not one.by_customer for one in self.messages)


def find_thread(customer_id: UUID, thread_id: UUID) -> SupportThread:
    """Raises NotFound, also for another's."""
    thread = SupportThread.objects.filter(customer_id=customer_id, id=thread_id).first()
    if thread is None:
        raise NotFound
    return thread


def numbered(customer_id: UUID, thread_id: UUID) -> str:
    """A number that nobody has, taken for this ticket."""
    while True:
        number = ticket_number(_FIRST_SERIAL + secrets.randbelow(_SERIALS))
        holder = directory.claim(DirectoryKind.TICKET_NO, number, customer_id=customer_id, target_id=thread_id)
        if holder.target_id == thread_id:
            return number


def is_said(thread: SupportThread, request_key: str) -> bool:
    said = SupportMessage.objects.filter(customer_id=thread.customer_id, thread_id=thread.id, request_key=request_key)
    return said.exists()


def write_message(thread: SupportThread, author: str, words: str, *, request_key: str, now: datetime) -> int:
    """The next message of the ticket; its number. The caller holds the customer's lock."""
    earlier = SupportMessage.objects.filter(customer_id=thread.customer_id, thread_id=thread.id).count()
    SupportMessage.objects.create(
        customer_id=thread.customer_id,
        id=new_id(),
        thread_id=thread.id,
        message_no=earlier + 1,
        author=author,
        text=words,
        request_key=request_key,
        at=now,
    )
    return earlier + 1


def keep_event(
    thread: SupportThread,
    kind: TicketEventKind,
    *,
    actor: str,
    to_actor: str = "",
    text: str = "",
    details: Mapping[str, Any] | None = None,
    request_key: str = "",
    now: datetime,
) -> None:
    """Write down a fact of the ticket. The caller holds the customer's lock."""
    earlier = SupportEvent.objects.filter(customer_id=thread.customer_id, thread_id=thread.id).count()
    SupportEvent.objects.create(
        customer_id=thread.customer_id,
        id=new_id(),
        thread_id=thread.id,
        seq=earlier + 1,
        kind=kind.value,
        actor=actor,
        to_actor=to_actor,
        text=text,
        details=dict(details or {}),
        request_key=request_key,
        at=now,
    )


def is_kept(thread: SupportThread, request_key: str) -> bool:
    """Whether an event with that key was written before."""
    if not request_key:
        return False
    kept = SupportEvent.objects.filter(customer_id=thread.customer_id, thread_id=thread.id, request_key=request_key)
    return kept.exists()


def move(thread: SupportThread, state: ThreadState, *, now: datetime) -> None:
    """Into a state; who waits is promised an answer by an instant that is kept."""
    change(
        thread,
        state=state.value,
        updated_at=now,
        closed_at=now if state is ThreadState.CLOSED else None,
        due_at=promised_answer(now) if state is ThreadState.WAITING else None,
        late_at=None,
    )


def change(thread: SupportThread, **columns: Any) -> None:
    SupportThread.objects.filter(customer_id=thread.customer_id, id=thread.id).update(**columns)


def give_to(
    thread: SupportThread,
    staff: Staff,
    kind: TicketEventKind,
    *,
    to_actor: str,
    text: str = "",
    request_key: str = "",
    now: datetime,
) -> None:
    """The one place where a ticket changes hands; the fact names whose it was and whose it is."""
    change(thread, agent=to_actor)
    keep_event(
        thread,
        kind,
        actor=staff.actor,
        to_actor=to_actor,
        text=text,
        details={"from": thread.agent},
        request_key=request_key,
        now=now,
    )
    action = {
        TicketEventKind.TAKEN: audit.Action.CONVERSATION_TAKEN,
        TicketEventKind.HANDED_OVER: audit.Action.TICKET_HANDED_OVER,
        TicketEventKind.RELEASED: audit.Action.TICKET_RELEASED,
    }[kind]
    record(staff, action, thread, reason=text, now=now)
    thread.agent = to_actor


def require_mine_or_nobodys(thread: SupportThread, staff: Staff) -> None:
    """Raises TakenByAnother."""
    if thread.agent and thread.agent != staff.actor:
        raise TakenByAnother(name=names_of({thread.agent}).get(thread.agent, "?"))


def record(staff: Staff, action: audit.Action, thread: SupportThread, *, reason: str = "", now: datetime) -> None:
    subject = str(thread.id)
    audit.record(staff.actor, action, customer_id=thread.customer_id, subject=subject, reason=reason[:200], now=now)


def plain_words(text: str) -> str:
    """Plain text: lines are kept, other control characters are not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(letter for letter in line if letter.isprintable()) for line in lines).strip()


def note_words(text: str) -> str:
    """Words that must be given. Raises NoteMissing."""
    words = plain_words(text)
    if not 0 < len(words) <= LONGEST_NOTE:
        raise NoteMissing(where="note", most=LONGEST_NOTE)
    return words


def last_words(threads: Collection[SupportThread]) -> dict[UUID, str]:
    """What was said last in each, by its id: one statement."""
    ids = [thread.id for thread in threads]
    with across_customers():
        said = SupportMessage.objects.filter(thread_id__in=ids).order_by("thread_id", "-message_no")
        return dict(said.distinct("thread_id").values_list("thread_id", "text"))


def names_of(actors: set[str]) -> dict[str, str]:
    ids = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    if not ids:
        return {}
    return {audit.staff(account.id): account.username for account in Account.objects.filter(id__in=ids)}


def language_of_customer(customer_id: UUID) -> str:
    return customer_view(customer_id).language


def messages_of(customer_id: UUID, thread_id: UUID) -> list[SupportMessage]:
    rows = SupportMessage.objects.filter(customer_id=customer_id, thread_id=thread_id)
    return list(rows.order_by("message_no"))


def events_of(customer_id: UUID, thread_id: UUID) -> list[SupportEvent]:
    return list(SupportEvent.objects.filter(customer_id=customer_id, thread_id=thread_id).order_by("seq"))


def view_of(
    thread: SupportThread,
    names: Mapping[str, str],
    *,
    messages: Iterable[SupportMessage] = (),
    events: Iterable[SupportEvent] = (),
    now: datetime | None = None,
) -> ThreadView:
    """`now` tells whether the promise is broken before the alarm has rung."""
    is_late = thread.late_at is not None or bool(now and thread.due_at and thread.due_at < now)
    return ThreadView(
        thread_id=thread.id,
        customer_id=thread.customer_id,
        ticket_no=thread.ticket_no,
        topic=thread.topic,
        order_id=thread.order_id,
        plan_id=thread.plan_id,
        payment_id=thread.payment_id,
        case_id=thread.case_id,
        refund_id=thread.refund_id,
        hold_id=thread.hold_id,
        language=thread.language,
        story=thread.story,
        state=ThreadState(thread.state),
        agent=thread.agent,
        agent_name=names.get(thread.agent, ""),
        opened_at=thread.opened_at,
        since=thread.updated_at,
        due_at=thread.due_at,
        is_late=is_late,
        customer_read_no=thread.customer_read_no,
        staff_read_no=thread.staff_read_no,
        messages=tuple(_message(row, names) for row in messages),
        events=tuple(_event(row, names) for row in events),
    )


def _message(row: SupportMessage, names: Mapping[str, str]) -> MessageView:
    return MessageView(
        message_no=row.message_no,
        by_customer=row.author == CUSTOMER,
        staff_name=names.get(row.author, ""),
        text=row.text,
        at=row.at,
    )


def _event(row: SupportEvent, names: Mapping[str, str]) -> EventView:
    return EventView(
        kind=TicketEventKind(row.kind),
        by=names.get(row.actor, row.actor),
        to=names.get(row.to_actor, row.to_actor),
        text=row.text,
        details=row.details,
        at=row.at,
    )
