"""The message that a price fell: once, in the customer's language, in polite hours, while the offer stands."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from fenqi.domain.errors import NotFound
from fenqi.interfaces.jobs.price_protection import make_price_offers, price_offered
from fenqi.records.identifiers import new_id
from fenqi.records.models import Customer, OutboxMessage, PriceOffer
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices.price_offered import tell_of_price_offer
from fenqi.usecases.orders.inputs import CustomerInput
from fenqi.usecases.orders.register import register_customer
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from returned import Returning, delivered
from town import Town

PHONE = "17000000990"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offer(town: Town) -> PriceOffer:
    order = delivered()
    give_a_phone(order)
    at = order.now - timedelta(hours=5)
    take_prices([PriceInput(sku="X2", price_minor=95_000, currency="CNY", observed_at=at)])
    with clock.stopped(order.now):
        make_price_offers(0)
    return PriceOffer.objects.get(customer_id=order.customer_id)


def give_a_phone(order: Returning) -> None:
    ref = Customer.objects.values_list("ref", flat=True).get(id=order.customer_id)
    register_customer(CustomerInput(ref=ref, phone=PHONE), now=order.now)


def messages(town: Town) -> list[dict[str, str]]:
    return [one["params"] for one in town.ask("sms", phone=PHONE)["messages"] if "by" in one["params"]]


@pytest.mark.requirement("R082", "R102")
def test_the_customer_is_told_once_what_fell_how_much_and_until_when(town: Town, offer: PriceOffer) -> None:
    price_offered(customer_id=str(offer.customer_id), offer_id=str(offer.id))
    price_offered(customer_id=str(offer.customer_id), offer_id=str(offer.id))
    (params,) = messages(town)
    assert (params["title"], params["amount"]) == ("青屿 X2 手机", "50.00 元")
    assert params["by"] == clock.business_date(offer.expires_at - timedelta(seconds=1)).isoformat()
    assert PriceOffer.objects.get(customer_id=offer.customer_id).told_at is not None


def test_it_is_planned_for_a_polite_hour(offer: PriceOffer) -> None:
    planned = OutboxMessage.objects.get(customer_id=offer.customer_id, topic=outbox.PRICE_OFFERED)
    local = planned.not_before.astimezone(clock.mall_zone())
    assert 8 <= local.hour < 21
    assert planned.not_before >= offer.offered_at


def test_nothing_is_told_of_an_offer_that_is_gone_or_not_theirs(town: Town, offer: PriceOffer) -> None:
    before = len(messages(town))
    assert not tell_of_price_offer(offer.customer_id, offer.id, now=offer.expires_at)
    PriceOffer.objects.filter(customer_id=offer.customer_id).update(state="superseded")
    assert not tell_of_price_offer(offer.customer_id, offer.id, now=datetime.now(UTC))
    with pytest.raises(NotFound):
        tell_of_price_offer(new_id(), UUID(str(offer.id)), now=datetime.now(UTC))
    assert len(messages(town)) == before
