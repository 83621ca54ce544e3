"""Were you helped? One question when a conversation is closed, and only then."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from fenqi.records import locks
from fenqi.records.models import TicketEventKind as Kind
from fenqi.usecases.support.conversation import thread_view
from fenqi.usecases.support.errors import NothingToRate
from fenqi.usecases.support.threads import CUSTOMER, find_thread, keep_event, plain_words

LONGEST_COMMENT = 300


class Helped(StrEnum):
    """Whether the matter is solved, in the customer's word."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


def rate(customer_id: UUID, thread_id: UUID, helped: Helped, *, comment: str = "", now: datetime) -> None:
    """The customer's word on the last closing. Raises NotFound, NothingToRate."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        if not thread_view(customer_id, thread_id).may_be_rated:
            raise NothingToRate
        keep_event(
            find_thread(customer_id, thread_id),
            Kind.RATED,
            actor=CUSTOMER,
            text=plain_words(comment)[:LONGEST_COMMENT],
            details={"helped": helped.value},
            now=now,
        )
