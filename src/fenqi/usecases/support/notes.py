"""What agents write to a ticket for each other: notes, and telephone calls, so that its history is whole (R174)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.records import locks
from fenqi.records.models import TicketEventKind as Kind
from fenqi.usecases import audit
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.threads import find_thread, is_kept, keep_event, note_words, record

CALL_WAYS: Final = ("in", "out", "missed")
"""The customer called us, we called them, we called and nobody answered."""


def add_note(
    staff: Staff, customer_id: UUID, thread_id: UUID, text: str, *, request_key: str = "", now: datetime
) -> None:
    """A note that the customer never sees. Raises NotFound, NotPermitted, NoteMissing."""
    _add(staff, customer_id, thread_id, Kind.NOTE, text, details={}, request_key=request_key, now=now)


def log_call(
    staff: Staff,
    customer_id: UUID,
    thread_id: UUID,
    text: str,
    *,
    way: str,
    request_key: str = "",
    now: datetime,
) -> None:
    """What was said on the telephone. Raises NotFound, NotPermitted, NoteMissing."""
    way = way if way in CALL_WAYS else CALL_WAYS[0]
    _add(staff, customer_id, thread_id, Kind.CALL, text, details={"way": way}, request_key=request_key, now=now)


def _add(
    staff: Staff,
    customer_id: UUID,
    thread_id: UUID,
    kind: Kind,
    text: str,
    *,
    details: dict[str, str],
    request_key: str,
    now: datetime,
) -> None:
    staff.require(Permission.ANSWER_CUSTOMERS)
    words = note_words(text)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        thread = find_thread(customer_id, thread_id)
        if is_kept(thread, request_key):
            return
        keep_event(thread, kind, actor=staff.actor, text=words, details=details, request_key=request_key[:64], now=now)
        action = audit.Action.CALL_LOGGED if kind is Kind.CALL else audit.Action.TICKET_NOTED
        record(staff, action, thread, now=now)
