"""Tell a customer that what was paid twice is on its way back, and by when it arrives (P1006)."""

from datetime import date, datetime
from functools import partial
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.payments.arrival import arrival_window
from fenqi.records.models import OrderLine, Refund, RefundCause, RefundLeg
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.refunds.arrival import route_of
from fenqi.usecases.refunds.rows import SPENT_STATES


def tell_duplicate_returned(customer_id: UUID, refund_id: UUID, *, now: datetime) -> bool:
    """Send the message in the customer's language, once; whether one was sent by this call.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    refund = Refund.objects.filter(customer_id=customer_id, id=refund_id, cause=RefundCause.DUPLICATE).first()
    if refund is None:
        raise NotFound
    return send_once(
        customer_id,
        Message.DUPLICATE_RETURNED,
        subject=f"refund:{refund_id}",
        params=partial(_params, refund, clock.business_date(now)),
        now=now,
    )


def _params(refund: Refund, today: date, language: str) -> dict[str, str]:
    lines = OrderLine.objects.filter(customer_id=refund.customer_id, order_id__in=[refund.order_id])
    line = lines.order_by("line_no").first()
    return {
        "amount": written_amount(refund.amount_minor, refund.currency, language),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
        "by": _latest_arrival(refund, today=today).isoformat(),
    }


def _latest_arrival(refund: Refund, *, today: date) -> date:
    legs = RefundLeg.objects.filter(customer_id=refund.customer_id, refund_id=refund.id)
    return max(
        leg.expected_by or arrival_window(route_of(leg, leg.destination), today).by_on
        for leg in legs.exclude(state__in=SPENT_STATES)
    )
