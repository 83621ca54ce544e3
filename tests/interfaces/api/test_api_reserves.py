"""The mall's programs ask for a reserve, with an order or later, and read what became of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fenqi.records.models import Order
from fenqi.usecases.cards.queries import list_cards
from held import frozen, frozen_on_card
from malls import a_customer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {
    "customer_ref": "c-reserve",
    "currency": "CNY",
    "placed_at": "2026-03-01T10:00:00+08:00",
    "status": "approved",
    "lines": [{"sku": "X2", "name": "青屿 X2 手机", "unit_price_minor": 120_000}],
    "reserve": {"amount_minor": 30_000},
}


def order_no_of(plan: Any) -> str:
    return Order.objects.values_list("order_no", flat=True).get(customer_id=plan.customer_id, id=plan.order_id)


def test_it_is_asked_for_with_the_order_once(shop: Any, town: Town) -> None:
    a_customer("c-reserve")
    first = shop.put("/orders/R-1", ORDER)
    assert first.status_code == 201, first.json()
    asked = first.json()["reserve"]
    assert asked["page"] == f"/reserves/{asked['hold_id']}"
    assert shop.put("/orders/R-1", ORDER).json()["reserve"] == asked
    other = shop.put("/orders/R-1", {**ORDER, "reserve": {"amount_minor": 40_000}})
    assert (other.status_code, other.json()["code"]) == (409, "reserve_conflict")
    (found,) = shop.get("/orders/R-1/reserve").json()["items"]
    assert (found["state"], found["amount_minor"], found["held_minor"]) == ("wanted", 30_000, 0)


def test_an_order_that_is_refused_leaves_no_reserve_and_the_other_way_round(shop: Any, town: Town) -> None:
    a_customer("c-reserve")
    refused = shop.put("/orders/R-2", {**ORDER, "reserve": {"amount_minor": 120_001}})
    assert refused.status_code == 422
    assert shop.get("/orders/R-2").status_code == 404


def test_it_is_asked_for_later_and_read_with_its_moves(shop: Any, town: Town) -> None:
    secured = frozen(town, now=datetime.now(UTC))
    (found,) = shop.get(f"/orders/{order_no_of(secured.plan)}/reserve").json()["items"]
    assert (found["state"], found["held_minor"], found["waits_for"]) == ("held", 50_000, "still_owed")
    plan = bought()
    path = f"/orders/{order_no_of(plan)}/reserve"
    first = shop.post(path, {"amount_minor": 100, "kind": "prepaid", "may_advance": True}, key="k1")
    again = shop.post(path, {"amount_minor": 100, "kind": "prepaid", "may_advance": True}, key="k1")
    assert (first.status_code, first.content) == (201, again.content)
    assert shop.post(path, {"amount_minor": 100}).json()["code"] == "reserve_conflict"


def test_one_on_a_card_says_so(shop: Any, town: Town) -> None:
    secured = frozen_on_card(town, now=datetime.now(UTC), channel="bank_card")
    (found,) = shop.get(f"/orders/{order_no_of(secured.plan)}/reserve").json()["items"]
    (card,) = list_cards(secured.customer_id)
    assert (found["channel"], found["card_last4"], found["held_minor"]) == ("bank_card", card.last4, 50_000)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount_minor": 0}, 422, "invalid_amount"),
        ({"amount_minor": 100, "kind": "loan"}, 422, "invalid_input"),
        ({"amount_minor": 100, "channel": "wechat_pay"}, 422, "reserve_not_offered"),
        ({"amount_minor": 100, "channel": "nobody"}, 404, "unknown_channel"),
        ({"amount_minor": 100, "channel": "bank_card", "release_rule": "in_proportion"}, 422, "invalid_input"),
    ],
)
def test_bad_input_is_refused_by_name(shop: Any, town: Town, body: Any, status: int, code: str) -> None:
    answer = shop.post(f"/orders/{order_no_of(bought())}/reserve", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_nobody_quotes_a_reserve_as_a_repayment(shop: Any, town: Town) -> None:
    plan = bought()
    path = f"/customers/{plan.customer_id}/plans/{plan.plan_id}/quotes"
    assert shop.post(path, {"purpose": "reserve"}).status_code == 422
