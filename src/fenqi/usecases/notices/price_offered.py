"""Tell a customer that a price fell after the purchase and that the difference waits to be taken (R082, R102)."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records.models import OfferState, OrderLine, PriceOffer
from fenqi.usecases import clock
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message


def tell_of_price_offer(customer_id: UUID, offer_id: UUID, *, now: datetime) -> bool:
    """Send the message in the customer's language, once, while the offer stands; whether one was sent by this call.

    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    offer = PriceOffer.objects.filter(customer_id=customer_id, id=offer_id).first()
    if offer is None:
        raise NotFound
    if offer.state != OfferState.OPEN or now >= offer.expires_at:
        return False
    sent = send_once(
        customer_id,
        Message.PRICE_OFFERED,
        subject=f"price_offer:{offer_id}",
        params=partial(_params, offer),
        now=now,
    )
    if sent:
        PriceOffer.objects.filter(customer_id=customer_id, id=offer_id).update(told_at=now)
    return sent


def _params(offer: PriceOffer, language: str) -> dict[str, str]:
    line = OrderLine.objects.get(customer_id=offer.customer_id, order_id=offer.order_id, line_no=offer.line_no)
    last_on = clock.business_date(offer.expires_at - timedelta(microseconds=1))
    return {
        "title": line.name[:TITLE_CHARACTERS].strip(),
        "amount": written_amount(offer.amount_minor, offer.currency, language),
        "by": last_on.isoformat(),
    }
