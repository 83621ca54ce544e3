"""Who has a ticket: exactly one agent, or nobody. It changes hands in the open, each time as a fact of the ticket."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.records import locks
from fenqi.records.models import Account, SupportThread
from fenqi.records.models import TicketEventKind as Kind
from fenqi.usecases.staff.permissions import Permission, Staff, staff_member
from fenqi.usecases.support.errors import ChangedHands, NoSuchAgent, NotYours
from fenqi.usecases.support.threads import find_thread, give_to, is_kept, names_of, note_words


def take(staff: Staff, customer_id: UUID, thread_id: UUID, *, now: datetime) -> None:
    """Nobody's ticket becomes this agent's; again changes nothing. Raises NotFound, NotPermitted, ChangedHands."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    with transaction.atomic(durable=True):
        thread = _locked(customer_id, thread_id)
        if thread.agent == staff.actor:
            return
        _require_holder(thread, "")
        give_to(thread, staff, Kind.TAKEN, to_actor=staff.actor, now=now)


def take_over(staff: Staff, customer_id: UUID, thread_id: UUID, *, holder: str, reason: str, now: datetime) -> None:
    """Another's ticket becomes this agent's, against a reason; `holder` is whose the agent believes it is.

    Raises NotFound, NotPermitted, NoteMissing, ChangedHands.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(reason)
    with transaction.atomic(durable=True):
        thread = _locked(customer_id, thread_id)
        if thread.agent == staff.actor:
            return
        _require_holder(thread, holder)
        give_to(thread, staff, Kind.TAKEN, to_actor=staff.actor, text=words, now=now)


def hand_over(
    staff: Staff, customer_id: UUID, thread_id: UUID, *, to: UUID, note: str, request_key: str = "", now: datetime
) -> None:
    """The agent who has it gives it, with a note, to a colleague who answers customers, too.

    Raises NotFound, NotPermitted, NoteMissing, NotYours, NoSuchAgent.
    """
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(note)
    colleague = _colleague(to)
    with transaction.atomic(durable=True):
        thread = _locked(customer_id, thread_id)
        if is_kept(thread, request_key):
            return
        if thread.agent != staff.actor:
            raise NotYours
        if colleague.actor == staff.actor:
            raise NoSuchAgent
        give_to(thread, staff, Kind.HANDED_OVER, to_actor=colleague.actor, text=words, request_key=request_key, now=now)


def release(staff: Staff, customer_id: UUID, thread_id: UUID, *, note: str, now: datetime) -> None:
    """Back to the queue, with a note; its promise stays. Raises NotFound, NotPermitted, NoteMissing, NotYours."""
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(note)
    with transaction.atomic(durable=True):
        thread = _locked(customer_id, thread_id)
        if not thread.agent:
            return
        if thread.agent != staff.actor:
            raise NotYours
        give_to(thread, staff, Kind.RELEASED, to_actor="", text=words, now=now)


def colleagues(staff: Staff) -> tuple[Staff, ...]:
    """Everybody else who answers customers, by name."""
    members = map(staff_member, Account.objects.filter(is_active=True).exclude(role="").order_by("username"))
    return tuple(_answering(members, but=staff.actor))


def _answering(members: Iterable[Staff | None], *, but: str) -> Iterable[Staff]:
    return (one for one in members if one and one.may(Permission.ANSWER_CUSTOMERS) and one.actor != but)


def _colleague(account_id: UUID) -> Staff:
    found = staff_member(Account.objects.filter(id=account_id).first())
    if found is None or not found.may(Permission.ANSWER_CUSTOMERS):
        raise NoSuchAgent
    return found


def _locked(customer_id: UUID, thread_id: UUID) -> SupportThread:
    locks.customer(customer_id)
    return find_thread(customer_id, thread_id)


def _require_holder(thread: SupportThread, holder: str) -> None:
    """Raises ChangedHands when it is with somebody else than was believed."""
    if thread.agent != holder:
        raise ChangedHands(name=names_of({thread.agent}).get(thread.agent, "-"))
