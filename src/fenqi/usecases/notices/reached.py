"""Whether a notice reached its customer, as far as is known."""

from uuid import UUID

from django.db.models import QuerySet

from fenqi.records.models import DeliveryState, Notice, NoticeDelivery

_TAKEN = (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)


def has_reached(customer_id: UUID, message: str, subject: str) -> bool:
    """A service took it and has not said since that it did not arrive, or the customer read it."""
    notice = _notice(customer_id, message, subject)
    return notice is not None and _arrived(notice)


def was_lost(customer_id: UUID, message: str, subject: str) -> bool:
    """It left, and every service says that it did not arrive; nor was it read."""
    notice = _notice(customer_id, message, subject)
    return notice is not None and _deliveries(notice).exists() and not _arrived(notice)


def _notice(customer_id: UUID, message: str, subject: str) -> Notice | None:
    return Notice.objects.filter(customer_id=customer_id, message=message, subject=subject).first()


def _arrived(notice: Notice) -> bool:
    return notice.read_at is not None or _deliveries(notice).filter(state__in=_TAKEN).exists()


def _deliveries(notice: Notice) -> QuerySet[NoticeDelivery]:
    return NoticeDelivery.objects.filter(customer_id=notice.customer_id, notice_id=notice.id)
