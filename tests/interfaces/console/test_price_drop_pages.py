"""Fallen prices in the console: the list of offers, and a claim at the customer's word."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AftersalesCase, AuditRecord
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.nightly import make_offers
from fenqi.usecases.price_protection.offers import accept_offer
from fenqi.usecases.price_protection.queries import list_offers, open_offers
from returned import Returning, delivered

Desk = Callable[..., Client]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Returning:
    order = delivered()
    at = order.now - timedelta(hours=24)
    take_prices([PriceInput(sku="X2", price_minor=95_000, currency="CNY", observed_at=at)])
    return order


@pytest.mark.requirement("R098")
def test_offers_are_listed_by_how_they_stand_with_their_case(desk: Desk, order: Returning) -> None:
    make_offers(now=order.now)
    (offer,) = open_offers(order.customer_id, now=order.now)
    agent = desk("agent")
    shown = agent.get("/console/price-drops").content.decode()
    for told in ("青屿 X2 手机", "¥1,000.00", "¥950.00", "有效"):
        assert told in shown
    case_id = accept_offer(order.customer_id, offer.offer_id, unused=True, actor="customer", now=order.now)
    taken = agent.get("/console/price-drops?which=accepted").content.decode()
    assert AftersalesCase.objects.get(customer_id=order.customer_id, id=case_id).case_no in taken
    assert "这里没有退差价" in agent.get("/console/price-drops?which=open").content.decode()
    assert "Taken" in desk("agent", "en").get("/console/price-drops").content.decode()
    seen = AuditRecord.objects.filter(customer_id=HOUSE_ID, action="cases_seen", subject="price_offers")
    assert seen.exists()


def test_offers_are_listed_newest_first_and_say_when_there_are_more() -> None:
    orders = [delivered() for _ in range(3)]
    at = orders[0].now - timedelta(hours=1)
    take_prices([PriceInput(sku="X2", price_minor=90_000, currency="CNY", observed_at=at)])
    make_offers(now=max(order.now for order in orders))
    (some, are_more), (everything, nothing_else) = list_offers(limit=2), list_offers(limit=3)
    assert (len(some), are_more, len(everything), nothing_else) == (2, True, 3, False)
    assert some == everything[:2]
    assert [row.offer.offered_at for row in everything] == sorted(
        (row.offer.offered_at for row in everything), reverse=True
    )


@pytest.mark.requirement("R096")
def test_an_agent_files_a_claim_at_the_customers_word(desk: Desk, order: Returning) -> None:
    agent = desk("agent")
    address = f"/console/customers/{order.customer_id}/orders/{order.order_id}/price-difference"
    shown = agent.get(address).content.decode()
    for told in ("¥1,000.00", "¥950.00", "价格数据", "¥50.00"):
        assert told in shown
    refused = agent.post(address, {"line_no": "1", "unused": "no"})
    assert refused.status_code == 422
    assert "未使用" in refused.content.decode()
    filed = agent.post(address, {"line_no": "1", "unused": "yes", "description": "来电"})
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    assert filed["Location"] == f"/console/after-sales/{order.customer_id}/{case.id}"
    assert (case.via, case.description) == ("console", "来电")
    assert agent.get(filed["Location"]).status_code == 200
    assert "正在处理" in agent.get(address).content.decode()
    for bad in ("9", "x", "1" * 50):
        assert agent.post(address, {"line_no": bad, "unused": "yes"}).status_code == 404


def test_finance_reads_the_list_and_files_nothing(desk: Desk, order: Returning) -> None:
    finance = desk("finance")
    assert finance.get("/console/price-drops").status_code == 200
    address = f"/console/customers/{order.customer_id}/orders/{order.order_id}/price-difference"
    assert finance.get(address).status_code == 403
