"""All of a customer's tickets as moments of their story: asked, answered, called, closed, rated (R174)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fenqi.domain.support.ticket_numbers import spoken
from fenqi.records.models import SupportEvent, SupportMessage, SupportThread
from fenqi.usecases.paging import newest
from fenqi.usecases.support.threads import CUSTOMER, names_of

MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkMoment:
    """`kind`: opened, said, or a kind of event; `details` are the event's. `by` is a sign-in name, for staff."""

    at: datetime
    kind: str
    thread_id: UUID
    ticket_no: str
    topic: str
    text: str
    by: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTicket:
    """A ticket that is not closed."""

    thread_id: UUID
    ticket_no: str
    topic: str
    agent: str
    due_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talks:
    """`is_cut`: there are older moments."""

    moments: tuple[TalkMoment, ...]
    open: tuple[OpenTicket, ...]
    is_cut: bool = False


def talks_of(customer_id: UUID, *, now: datetime) -> Talks:
    """Four statements, however many tickets there are; the latest of each kind where there are very many."""
    threads, more_threads = newest(SupportThread.objects.filter(customer_id=customer_id).order_by("-opened_at"), MOST)
    if not threads:
        return Talks(moments=(), open=())
    messages, more_messages = newest(SupportMessage.objects.filter(customer_id=customer_id).order_by("-at"), MOST)
    told = SupportEvent.objects.filter(customer_id=customer_id).exclude(kind="answered")
    events, more_events = newest(told.order_by("-at"), MOST)
    names = names_of({row.author for row in messages} | {row.actor for row in events} | {row.agent for row in threads})
    return Talks(
        moments=tuple(_moments(threads, messages, events, names)),
        open=tuple(_open(thread, names, now=now) for thread in threads if thread.closed_at is None),
        is_cut=more_threads or more_messages or more_events,
    )


def _moments(
    threads: list[SupportThread],
    messages: list[SupportMessage],
    events: list[SupportEvent],
    names: dict[str, str],
) -> Iterator[TalkMoment]:
    by_id = {thread.id: thread for thread in threads}
    for thread in threads:
        yield _moment(thread, thread.opened_at, "opened", by="", text="", details={})
    for message in messages:
        if about := by_id.get(message.thread_id):
            by = "" if message.author == CUSTOMER else names.get(message.author, message.author)
            yield _moment(about, message.at, "said", by=by, text=message.text, details={})
    for event in events:
        if about := by_id.get(event.thread_id):
            by = names.get(event.actor, event.actor)
            yield _moment(about, event.at, event.kind, by=by, text=event.text, details=event.details)


def _moment(
    thread: SupportThread, at: datetime, kind: str, *, by: str, text: str, details: dict[str, Any]
) -> TalkMoment:
    return TalkMoment(
        at=at,
        kind=kind,
        thread_id=thread.id,
        ticket_no=spoken(thread.ticket_no),
        topic=thread.topic,
        text=text,
        by=by,
        details=details,
    )


def _open(thread: SupportThread, names: dict[str, str], *, now: datetime) -> OpenTicket:
    return OpenTicket(
        thread_id=thread.id,
        ticket_no=spoken(thread.ticket_no),
        topic=thread.topic,
        agent=names.get(thread.agent, ""),
        due_at=thread.due_at,
        is_late=bool(thread.due_at and thread.due_at < now),
    )
