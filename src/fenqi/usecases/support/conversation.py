"""Conversations with customer service: opened with the story attached, one agent at a time, no message lost or doubled.

`updated_at` is since when a conversation is in its state: a second message of somebody who waits keeps their place, and
the promise stays that of the first.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import NotFound
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, Order, Refund, ReserveHold, SupportMessage, SupportThread, ThreadState
from fenqi.records.models import TicketEventKind as Kind
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, outbox, rate_limits
from fenqi.usecases.customers import customer_view
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.repayment.queries import payment_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.disputed import disputed_records, plan_of_dispute
from fenqi.usecases.support.errors import ConversationClosed, MessageRefused
from fenqi.usecases.support.service_desk import promised_answer
from fenqi.usecases.support.story import Place, story_of, topic_of
from fenqi.usecases.support.threads import (
    CUSTOMER,
    LONGEST_NOTE,
    MessageView,
    ThreadView,
    change,
    events_of,
    find_thread,
    give_to,
    is_said,
    keep_event,
    messages_of,
    move,
    names_of,
    numbered,
    plain_words,
    record,
    require_mine_or_nobodys,
    view_of,
    write_message,
)

__all__ = ["CUSTOMER", "DISPUTE", "LONGEST_MESSAGE", "LONGEST_NOTE", "MessageView", "Place", "ThreadView"]

LONGEST_MESSAGE: Final = 1000
MOST_SHOWN: Final = 100
DISPUTE: Final = "dispute"
TOLD_AFTER: Final = timedelta(minutes=3)
"""An answer that was not read by then is told of by a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a conversation is about: one of these, or nothing in particular; `place` is the page it was asked from."""

    payment_id: UUID | None = None
    plan_id: UUID | None = None
    order_id: UUID | None = None
    case_id: UUID | None = None
    refund_id: UUID | None = None
    hold_id: UUID | None = None
    is_dispute: bool = False
    place: Place = Place.OTHER


# The customer --------------------------------------------------------------------------------------------------------


def open_thread(
    customer_id: UUID,
    *,
    payment_id: UUID | None = None,
    plan_id: UUID | None = None,
    order_id: UUID | None = None,
    case_id: UUID | None = None,
    refund_id: UUID | None = None,
    hold_id: UUID | None = None,
    place: Place = Place.OTHER,
    language: str,
    now: datetime,
) -> UUID:
    """The open conversation about the most particular of these, or about anything; a new one when there is none.

    Raises NotFound, TooManyRequests.
    """
    about = _completed(
        customer_id,
        About(
            payment_id=payment_id,
            plan_id=plan_id,
            order_id=order_id,
            case_id=case_id,
            refund_id=refund_id,
            hold_id=hold_id,
            place=place,
        ),
    )
    found = _open_one(customer_id, about)
    if found is not None:
        return found.id
    rate_limits.count(Rate.SUPPORT_THREAD, str(customer_id))
    payment = payment_view(customer_id, payment_id) if payment_id else None
    story = _story(customer_id, about, language=language, now=now)
    topic = topic_of(payment, case_id=case_id, refund_id=refund_id, hold_id=hold_id, place=place)
    return _opened(customer_id, about, topic=topic, story=story, language=language, now=now)


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
    about = replace(about, plan_id=plan_of_dispute(customer_id, records), order_id=UUID(records["order_id"]))
    story = {**_story(customer_id, about, language=language, now=now), "dispute": records}
    return _opened(customer_id, about, topic=DISPUTE, story=story, language=language, now=now)


def _completed(customer_id: UUID, about: About) -> About:
    """With the order and the plan that the most particular one belongs to. Raises NotFound for what is not theirs."""
    if about.payment_id is not None:
        payment = payment_view(customer_id, about.payment_id)
        return replace(about, plan_id=payment.plan_id, order_id=payment.order_id)
    if about.case_id is not None:
        case = _own(AftersalesCase, customer_id, about.case_id)
        return replace(about, order_id=case.order_id)
    if about.refund_id is not None:
        refund = _own(Refund, customer_id, about.refund_id)
        return replace(about, order_id=refund.order_id, plan_id=refund.plan_id)
    if about.hold_id is not None:
        hold = _own(ReserveHold, customer_id, about.hold_id)
        return replace(about, order_id=hold.order_id, plan_id=hold.plan_id)
    if about.order_id is not None:
        _own(Order, customer_id, about.order_id)
    return about


def _own(model: type[Any], customer_id: UUID, row_id: UUID) -> Any:
    found = model.objects.filter(customer_id=customer_id, id=row_id).first()
    if found is None:
        raise NotFound
    return found


def _story(customer_id: UUID, about: About, *, language: str, now: datetime) -> dict[str, Any]:
    return story_of(
        customer_id,
        payment_id=about.payment_id,
        plan_id=about.plan_id,
        order_id=about.order_id,
        case_id=about.case_id,
        refund_id=about.refund_id,
        hold_id=about.hold_id,
        place=about.place,
        language=language,
        now=now,
    )


def _opened(
    customer_id: UUID, about: About, *, topic: str, story: dict[str, Any], language: str, now: datetime
) -> UUID:
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        found = _open_one(customer_id, about)
        if found is not None:
            return found.id
        thread_id = new_id()
        SupportThread.objects.create(
            customer_id=customer_id,
            id=thread_id,
            ticket_no=numbered(customer_id, thread_id),
            topic=topic,
            order_id=about.order_id,
            plan_id=about.plan_id,
            payment_id=about.payment_id,
            case_id=about.case_id,
            refund_id=None if about.is_dispute else about.refund_id,
            hold_id=about.hold_id,
            language=language[:16],
            story=story,
            state=ThreadState.WAITING,
            opened_at=now,
            updated_at=now,
            due_at=promised_answer(now),
            customer_read_no=0,
            staff_read_no=0,
        )
    return thread_id


def say(customer_id: UUID, thread_id: UUID, text: str, *, request_key: str, now: datetime) -> None:
    """The customer's words; the same key says them once. A closed conversation is open again.

    Raises NotFound, MessageRefused, ConversationClosed, TooManyRequests.
    """
    words = message_words(text)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        if is_said(thread, request_key):
            return
        rate_limits.count(Rate.SUPPORT_MESSAGE, str(customer_id))
        was_closed = thread.state == ThreadState.CLOSED
        if was_closed and (open_one := _open_one(customer_id, _about(thread))):
            raise ConversationClosed(open_thread_id=str(open_one.id))
        message_no = write_message(thread, CUSTOMER, words, request_key=request_key, now=now)
        change(thread, customer_read_no=message_no)
        if was_closed:
            keep_event(thread, Kind.REOPENED, actor=CUSTOMER, now=now)
        if thread.state != ThreadState.WAITING:
            move(thread, ThreadState.WAITING, now=now)


def has_read(customer_id: UUID, thread_id: UUID, *, up_to: int) -> None:
    """The customer has had the messages up to that number before their eyes."""
    threads = SupportThread.objects.filter(customer_id=customer_id, id=thread_id, customer_read_no__lt=up_to)
    threads.update(customer_read_no=up_to)


def list_threads(customer_id: UUID) -> tuple[ThreadView, ...]:
    """The newest first, without their messages."""
    threads = SupportThread.objects.filter(customer_id=customer_id).order_by("-opened_at", "id")[:MOST_SHOWN]
    return tuple(view_of(thread, {}) for thread in threads)


def unread(customer_id: UUID) -> Counter[UUID]:
    """How many answers of ours each conversation has that the customer has not seen; two statements."""
    read = dict(SupportThread.objects.filter(customer_id=customer_id).values_list("id", "customer_read_no"))
    if not read:
        return Counter()
    said = SupportMessage.objects.filter(customer_id=customer_id).exclude(author=CUSTOMER)
    rows = said.values_list("thread_id", "message_no")
    return Counter(thread_id for thread_id, number in rows if number > read.get(thread_id, 0))


def thread_view(customer_id: UUID, thread_id: UUID, *, now: datetime | None = None) -> ThreadView:
    """With all its messages and facts, oldest first. Raises NotFound."""
    thread = find_thread(customer_id, thread_id)
    messages, events = messages_of(customer_id, thread_id), events_of(customer_id, thread_id)
    actors = {thread.agent, *(row.author for row in messages)}
    names = names_of(actors | {actor for row in events for actor in (row.actor, row.to_actor)})
    return view_of(thread, names, messages=messages, events=events, now=now)


# Staff ---------------------------------------------------------------------------------------------------------------


def open_for_customer(
    staff: Staff, customer_id: UUID, *, order_id: UUID | None = None, language: str, now: datetime
) -> UUID:
    """A ticket that an agent opens because the customer called or came; the agent has it.

    Raises NotPermitted, NotFound, TooManyRequests.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    customer_view(customer_id)
    thread_id = open_thread(customer_id, order_id=order_id, place=Place.TELEPHONE, language=language, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        if not thread.agent:
            give_to(thread, staff, Kind.TAKEN, to_actor=staff.actor, now=now)
    return thread_id


def answer(staff: Staff, customer_id: UUID, thread_id: UUID, text: str, *, request_key: str, now: datetime) -> None:
    """The agent's words; one that nobody has is taken thereby. The same key says them once.

    Raises NotFound, NotPermitted, MessageRefused, TakenByAnother.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = message_words(text)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        if is_said(thread, request_key):
            return
        require_mine_or_nobodys(thread, staff)
        if not thread.agent:
            give_to(thread, staff, Kind.TAKEN, to_actor=staff.actor, now=now)
        message_no = write_message(thread, staff.actor, words, request_key=request_key, now=now)
        keep_event(thread, Kind.ANSWERED, actor=staff.actor, details=_how_long(thread, message_no, now=now), now=now)
        change(thread, staff_read_no=message_no)
        move(thread, ThreadState.ANSWERED, now=now)
        record(staff, audit.Action.CONVERSATION_ANSWERED, thread, now=now)
        decision = Decision(customer_id)
        outbox.tell_of_answer(decision, thread_id, message_no=message_no, at=now + TOLD_AFTER, now=now)
        write(decision)


def _how_long(thread: SupportThread, message_no: int, *, now: datetime) -> dict[str, Any]:
    """How long the customer waited, and whether the promise was kept; an answer nobody waited for promises nothing."""
    if thread.state != ThreadState.WAITING or thread.due_at is None:
        return {"message_no": message_no}
    return {
        "message_no": message_no,
        "waited_seconds": int((now - thread.updated_at).total_seconds()),
        "due_at": thread.due_at.isoformat(),
        "kept": now <= thread.due_at,
    }


def close(staff: Staff, customer_id: UUID, thread_id: UUID, *, note: str = "", now: datetime) -> None:
    """Nothing more is to be said, unless the customer does; `note` is how it ended, for staff.

    Raises NotFound, NotPermitted, TakenByAnother.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        if thread.state == ThreadState.CLOSED:
            return
        require_mine_or_nobodys(thread, staff)
        if not thread.agent:
            give_to(thread, staff, Kind.TAKEN, to_actor=staff.actor, now=now)
        keep_event(thread, Kind.CLOSED, actor=staff.actor, text=plain_words(note)[:LONGEST_NOTE], now=now)
        move(thread, ThreadState.CLOSED, now=now)
        record(staff, audit.Action.CONVERSATION_CLOSED, thread, now=now)


def message_words(text: str) -> str:
    """What is sent. Raises MessageRefused."""
    words = plain_words(text)
    if not 0 < len(words) <= LONGEST_MESSAGE:
        raise MessageRefused(where="text", most=LONGEST_MESSAGE, length=len(words))
    return words


# Both ----------------------------------------------------------------------------------------------------------------


def _open_one(customer_id: UUID, about: About) -> SupportThread | None:
    """A dispute is a conversation of its own beside the questions about the same."""
    threads = SupportThread.objects.filter(customer_id=customer_id, payment_id=about.payment_id, case_id=about.case_id)
    if about.is_dispute:
        refund = str(about.refund_id) if about.refund_id else ""
        threads = threads.filter(topic=DISPUTE, story__dispute__refund_id=refund)
    else:
        threads = threads.filter(refund_id=about.refund_id, hold_id=about.hold_id).exclude(topic=DISPUTE)
        if not (about.payment_id or about.case_id or about.refund_id or about.hold_id):
            threads = threads.filter(plan_id=about.plan_id, order_id=about.order_id)
    return threads.exclude(state=ThreadState.CLOSED).order_by("opened_at").first()


def _about(thread: SupportThread) -> About:
    disputed = thread.story.get("dispute", {}).get("refund_id")
    return About(
        payment_id=thread.payment_id,
        plan_id=thread.plan_id,
        order_id=thread.order_id,
        case_id=thread.case_id,
        refund_id=UUID(disputed) if disputed else thread.refund_id,
        hold_id=thread.hold_id,
        is_dispute=thread.topic == DISPUTE,
    )
