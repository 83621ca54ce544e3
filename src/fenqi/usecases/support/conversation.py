"""Conversations with customer service: opened with the story attached, one agent at a time, no message lost or doubled.

`updated_at` is since when a conversation is in its state: a second message of somebody who waits keeps their place.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, SupportMessage, SupportThread, ThreadState
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, rate_limits
from fenqi.usecases.customers import customer_view
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.repayment.queries import payment_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.disputed import disputed_records, plan_of_dispute
from fenqi.usecases.support.errors import ConversationClosed, MessageRefused, TakenByAnother
from fenqi.usecases.support.story import story_of, topic_of
from fenqi.usecases.views import CustomerView

CUSTOMER: Final = "customer"
LONGEST_MESSAGE: Final = 1000
MOST_SHOWN: Final = 100
DISPUTE: Final = "dispute"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a conversation is about: one of these, or nothing in particular."""

    payment_id: UUID | None = None
    plan_id: UUID | None = None
    case_id: UUID | None = None
    refund_id: UUID | None = None
    is_dispute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """`by_customer` or by staff, whose sign-in name is for staff only."""

    message_no: int
    by_customer: bool
    staff_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A conversation; `since` is when it came into its state."""

    thread_id: UUID
    customer_id: UUID
    topic: str
    plan_id: UUID | None
    payment_id: UUID | None
    case_id: UUID | None
    story: dict[str, Any]
    state: ThreadState
    agent: str
    agent_name: str
    opened_at: datetime
    since: datetime
    messages: tuple[MessageView, ...] = ()

    @property
    def is_closed(self) -> bool:
        return self.state is ThreadState.CLOSED

    @property
    def is_waiting(self) -> bool:
        return self.state is ThreadState.WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One line of the agents' queue."""

    thread: ThreadView
    customer: CustomerView
    last_words: str


# The customer --------------------------------------------------------------------------------------------------------


def open_thread(
    customer_id: UUID,
    *,
    payment_id: UUID | None = None,
    plan_id: UUID | None = None,
    case_id: UUID | None = None,
    language: str,
    now: datetime,
) -> UUID:
    """The open conversation about the payment, the case, the plan, or anything; a new one when there is none.

    Raises NotFound, TooManyRequests.
    """
    about = About(payment_id=payment_id, plan_id=plan_id, case_id=case_id)
    found = _open_one(customer_id, about)
    if found is not None:
        return found.id
    rate_limits.count(Rate.SUPPORT_THREAD, str(customer_id))
    payment = payment_view(customer_id, payment_id) if payment_id else None
    about = replace(about, plan_id=payment.plan_id if payment else plan_id)
    story = _story(customer_id, about, language=language, now=now)
    return _opened(customer_id, about, topic=topic_of(payment, case_id=case_id), story=story, now=now)


def open_dispute(
    customer_id: UUID,
    *,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    case_id: UUID | None = None,
    language: str,
    now: datetime,
) -> UUID:
    """The open dispute about the one that is named, with its records attached; a new one when there is none (R081).

    Raises NotFound, TooManyRequests.
    """
    about = About(payment_id=payment_id, case_id=case_id, refund_id=refund_id, is_dispute=True)
    found = _open_one(customer_id, about)
    if found is not None:
        return found.id
    rate_limits.count(Rate.SUPPORT_THREAD, str(customer_id))
    records = disputed_records(customer_id, payment_id=payment_id, refund_id=refund_id, case_id=case_id)
    about = replace(about, plan_id=plan_of_dispute(customer_id, records))
    story = {**_story(customer_id, about, language=language, now=now), "dispute": records}
    return _opened(customer_id, about, topic=DISPUTE, story=story, now=now)


def _story(customer_id: UUID, about: About, *, language: str, now: datetime) -> dict[str, Any]:
    return story_of(
        customer_id,
        payment_id=about.payment_id,
        plan_id=about.plan_id,
        case_id=about.case_id,
        language=language,
        now=now,
    )


def _opened(customer_id: UUID, about: About, *, topic: str, story: dict[str, Any], now: datetime) -> UUID:
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        found = _open_one(customer_id, about)
        if found is not None:
            return found.id
        thread = SupportThread.objects.create(
            customer_id=customer_id,
            id=new_id(),
            topic=topic,
            plan_id=about.plan_id,
            payment_id=about.payment_id,
            case_id=about.case_id,
            story=story,
            state=ThreadState.WAITING,
            opened_at=now,
            updated_at=now,
        )
    return thread.id


def say(customer_id: UUID, thread_id: UUID, text: str, *, request_key: str, now: datetime) -> None:
    """The customer's words; the same key says them once. A closed conversation is open again.

    Raises NotFound, MessageRefused, ConversationClosed, TooManyRequests.
    """
    words = _words(text)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = _thread(customer_id, thread_id)
        if _is_said(thread, request_key):
            return
        rate_limits.count(Rate.SUPPORT_MESSAGE, str(customer_id))
        if thread.state == ThreadState.CLOSED and _open_one(customer_id, _about(thread)):
            raise ConversationClosed
        _write(thread, CUSTOMER, words, request_key=request_key, now=now)
        if thread.state != ThreadState.WAITING:
            _move(thread, ThreadState.WAITING, now=now, closed_at=None)


def list_threads(customer_id: UUID) -> tuple[ThreadView, ...]:
    """The newest first, without their messages."""
    threads = SupportThread.objects.filter(customer_id=customer_id).order_by("-opened_at", "id")[:MOST_SHOWN]
    return tuple(_view(thread, {}) for thread in threads)


def thread_view(customer_id: UUID, thread_id: UUID) -> ThreadView:
    """With all its messages, oldest first. Raises NotFound."""
    thread = _thread(customer_id, thread_id)
    rows = list(SupportMessage.objects.filter(customer_id=customer_id, thread_id=thread_id).order_by("message_no"))
    names = _names({thread.agent, *(row.author for row in rows)})
    messages = tuple(
        MessageView(
            message_no=row.message_no,
            by_customer=row.author == CUSTOMER,
            staff_name=names.get(row.author, ""),
            text=row.text,
            at=row.at,
        )
        for row in rows
    )
    return _view(thread, names, messages)


# Staff ---------------------------------------------------------------------------------------------------------------


def queue(staff: Staff, *, limit: int = MOST_SHOWN) -> tuple[Waiting, ...]:
    """Who waits for an answer, the longest wait first. Raises NotPermitted."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    with across_customers():
        threads = list(SupportThread.objects.filter(state=ThreadState.WAITING).order_by("updated_at", "id")[:limit])
    names = _names({thread.agent for thread in threads})
    return tuple(
        Waiting(thread=_view(thread, names), customer=customer_view(thread.customer_id), last_words=_last_words(thread))
        for thread in threads
    )


def take(staff: Staff, customer_id: UUID, thread_id: UUID, *, now: datetime) -> None:
    """The conversation is this agent's from now on, also when it was another's. Raises NotFound, NotPermitted."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = _thread(customer_id, thread_id)
        if thread.agent != staff.actor:
            _take(thread, staff, now=now)


def answer(staff: Staff, customer_id: UUID, thread_id: UUID, text: str, *, request_key: str, now: datetime) -> None:
    """The agent's words; one that nobody has is taken thereby. The same key says them once.

    Raises NotFound, NotPermitted, MessageRefused, TakenByAnother.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = _words(text)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = _thread(customer_id, thread_id)
        if _is_said(thread, request_key):
            return
        if thread.agent and thread.agent != staff.actor:
            raise TakenByAnother
        if not thread.agent:
            _take(thread, staff, now=now)
        _write(thread, staff.actor, words, request_key=request_key, now=now)
        _move(thread, ThreadState.ANSWERED, now=now, closed_at=None)
        _record(staff, audit.Action.CONVERSATION_ANSWERED, thread, now=now)


def close(staff: Staff, customer_id: UUID, thread_id: UUID, *, now: datetime) -> None:
    """Nothing more is to be said, unless the customer does. Raises NotFound, NotPermitted, TakenByAnother."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = _thread(customer_id, thread_id)
        if thread.state == ThreadState.CLOSED:
            return
        if thread.agent and thread.agent != staff.actor:
            raise TakenByAnother
        _move(thread, ThreadState.CLOSED, now=now, closed_at=now)
        _record(staff, audit.Action.CONVERSATION_CLOSED, thread, now=now)


# Both ----------------------------------------------------------------------------------------------------------------


def _thread(customer_id: UUID, thread_id: UUID) -> SupportThread:
    thread = SupportThread.objects.filter(customer_id=customer_id, id=thread_id).first()
    if thread is None:
        raise NotFound
    return thread


def _open_one(customer_id: UUID, about: About) -> SupportThread | None:
    """A dispute is a conversation of its own beside the questions about the same."""
    threads = SupportThread.objects.filter(customer_id=customer_id, payment_id=about.payment_id, case_id=about.case_id)
    if about.is_dispute:
        refund = str(about.refund_id) if about.refund_id else ""
        threads = threads.filter(topic=DISPUTE, story__dispute__refund_id=refund)
    else:
        threads = threads.exclude(topic=DISPUTE)
        if about.payment_id is None and about.case_id is None:
            threads = threads.filter(plan_id=about.plan_id)
    return threads.exclude(state=ThreadState.CLOSED).order_by("opened_at").first()


def _about(thread: SupportThread) -> About:
    refund_id = thread.story.get("dispute", {}).get("refund_id")
    return About(
        payment_id=thread.payment_id,
        plan_id=thread.plan_id,
        case_id=thread.case_id,
        refund_id=UUID(refund_id) if refund_id else None,
        is_dispute=thread.topic == DISPUTE,
    )


def _words(text: str) -> str:
    """Plain text: lines are kept, other control characters are not."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    words = "\n".join("".join(letter for letter in line if letter.isprintable()) for line in lines).strip()
    if not 0 < len(words) <= LONGEST_MESSAGE:
        raise MessageRefused(where="text", most=LONGEST_MESSAGE)
    return words


def _is_said(thread: SupportThread, request_key: str) -> bool:
    said = SupportMessage.objects.filter(customer_id=thread.customer_id, thread_id=thread.id, request_key=request_key)
    return said.exists()


def _write(thread: SupportThread, author: str, words: str, *, request_key: str, now: datetime) -> None:
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


def _move(thread: SupportThread, state: ThreadState, *, now: datetime, closed_at: datetime | None) -> None:
    SupportThread.objects.filter(customer_id=thread.customer_id, id=thread.id).update(
        state=state, updated_at=now, closed_at=closed_at
    )


def _take(thread: SupportThread, staff: Staff, *, now: datetime) -> None:
    SupportThread.objects.filter(customer_id=thread.customer_id, id=thread.id).update(agent=staff.actor)
    _record(staff, audit.Action.CONVERSATION_TAKEN, thread, now=now)


def _record(staff: Staff, action: audit.Action, thread: SupportThread, *, now: datetime) -> None:
    audit.record(staff.actor, action, customer_id=thread.customer_id, subject=str(thread.id), now=now)


def _last_words(thread: SupportThread) -> str:
    last = SupportMessage.objects.filter(customer_id=thread.customer_id, thread_id=thread.id).order_by("-message_no")
    return last.values_list("text", flat=True).first() or ""


def _names(actors: set[str]) -> dict[str, str]:
    ids = [actor.removeprefix("staff:") for actor in actors if actor.startswith("staff:")]
    return {audit.staff(account.id): account.username for account in Account.objects.filter(id__in=ids)}


def _view(thread: SupportThread, names: dict[str, str], messages: tuple[MessageView, ...] = ()) -> ThreadView:
    return ThreadView(
        thread_id=thread.id,
        customer_id=thread.customer_id,
        topic=thread.topic,
        plan_id=thread.plan_id,
        payment_id=thread.payment_id,
        case_id=thread.case_id,
        story=thread.story,
        state=ThreadState(thread.state),
        agent=thread.agent,
        agent_name=names.get(thread.agent, ""),
        opened_at=thread.opened_at,
        since=thread.updated_at,
        messages=messages,
    )
