"""One delivery of a notice: claimed before anybody is spoken to, so that two workers never send the same twice."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from fenqi.records.identifiers import derived_id
from fenqi.records.models import DeliveryState, Notice, NoticeDelivery
from fenqi.usecases import audit


class Done(StrEnum):
    NOW = "now"
    BEFORE = "before"
    NOT = "not"
    """Refused for good."""
    UNANSWERED = "unanswered"
    """Nobody said yet; come back later."""


ACCEPTED = frozenset({DeliveryState.ACCEPTED, DeliveryState.DELIVERED, DeliveryState.UNDELIVERED})

_CLAIM = """
INSERT INTO notice_delivery (customer_id, id, notice_id, way, provider, number, template_version, state, code,
  provider_number, tries, sent_at, settled_at, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, 'sending', '', '', 1, %s, NULL, %s) ON CONFLICT DO NOTHING
"""


def deliveries_of(notice: Notice, way: str) -> list[NoticeDelivery]:
    found = NoticeDelivery.objects.filter(customer_id=notice.customer_id, notice_id=notice.id, way=way)
    return list(found.order_by("created_at", "id"))


def claim(notice: Notice, way: str, provider: str, *, version: int, now: datetime) -> NoticeDelivery | None:
    """Our number for this provider, stored; None when somebody else is sending, or has sent, the notice this way."""
    delivery_id = derived_id("notice_delivery", notice.id, way, provider)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            [
                notice.customer_id,
                delivery_id,
                notice.id,
                way,
                provider,
                number_of(notice.customer_id, delivery_id),
                version,
                now,
                now,
            ],
        )
        if cursor.rowcount == 0:
            return None
    return NoticeDelivery.objects.get(customer_id=notice.customer_id, id=delivery_id)


def claim_again(delivery: NoticeDelivery, *, now: datetime) -> bool:
    """Send it once more under the same number, if nobody else does."""
    same = NoticeDelivery.objects.filter(
        customer_id=delivery.customer_id, id=delivery.id, state=delivery.state, tries=delivery.tries
    )
    try:
        with transaction.atomic():
            return same.update(state=DeliveryState.SENDING, tries=delivery.tries + 1, sent_at=now) == 1
    except IntegrityError:
        return False


def settle(
    delivery: NoticeDelivery, state: DeliveryState, *, code: str = "", provider_number: str = "", now: datetime
) -> None:
    """Keep what became of it."""
    NoticeDelivery.objects.filter(customer_id=delivery.customer_id, id=delivery.id).update(
        state=state,
        code=code[:64],
        provider_number=provider_number or delivery.provider_number,
        settled_at=None if state in (DeliveryState.UNKNOWN, DeliveryState.UNREACHED) else now,
    )
    delivery.state, delivery.code = state, code


def put_on_record(notice: Notice, delivery: NoticeDelivery, *, now: datetime) -> None:
    """A message that left, or was refused, stands in the customer's audit."""
    audit.record(
        audit.SYSTEM,
        audit.Action.NOTICE_SENT,
        customer_id=notice.customer_id,
        subject=notice.subject[:120],
        details={
            "message": notice.message,
            "by": delivery.way,
            "provider": delivery.provider,
            "outcome": str(delivery.state),
            "code": delivery.code,
            "message_id": delivery.provider_number,
        },
        now=now,
    )


def number_of(customer_id: UUID, delivery_id: UUID) -> str:
    """Ours, and says whose it is: a report that carries nothing else finds its row."""
    return f"{customer_id.hex}-{delivery_id.hex}"


def whose(number: str) -> tuple[UUID, UUID] | None:
    """The customer and the delivery of a number, or None if it is not one of ours."""
    customer, _, delivery = number.partition("-")
    try:
        return UUID(hex=customer), UUID(hex=delivery)
    except ValueError:
        return None
