"""The price feed over the API: a batch whose bad rows cost no other."""

from datetime import timedelta
from typing import Any

import pytest

from fenqi.records.models import AftersalesCase, Order, PriceObservation, PriceOffer
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.nightly import make_offers
from returned import Returning, delivered

GOOD = {"sku": "X2", "price_minor": 100, "currency": "CNY", "observed_at": "2026-03-05T12:00:00+08:00"}


def test_good_rows_are_taken_and_each_bad_one_says_all_that_is_wrong(shop: Any) -> None:
    bad = {"sku": "", "price_minor": 1.5, "observed_at": "2026-03-05", "colour": "red"}
    future = {**GOOD, "observed_at": "2126-03-05T12:00:00+08:00"}
    said = shop.post("/prices", {"prices": [GOOD, bad, {**GOOD, "seller": "s1"}, GOOD, future]}).json()
    assert (said["taken"], said["unchanged"]) == (2, 1)
    first, second = said["refused"]
    assert first["row"] == 1
    assert {(each["where"], each["code"]) for each in first["errors"]} == {
        ("sku", "invalid_input"),
        ("price_minor", "invalid_amount"),
        ("observed_at", "invalid_input"),
        ("colour", "unknown_field"),
    }
    assert all(each["problem"] and each["problem_zh"] for each in first["errors"])
    assert (second["row"], second["errors"][0]["where"]) == (4, "observed_at")
    assert {row.seller for row in PriceObservation.objects.filter(sku="X2")} == {"", "s1"}


def test_a_batch_is_answered_once_under_its_key_and_adds_nothing_without(shop: Any) -> None:
    body = {"prices": [GOOD]}
    first, again = shop.post("/prices", body, key="k-1"), shop.post("/prices", body, key="k-1")
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert shop.post("/prices", {"prices": []}, key="k-1").status_code == 422
    assert shop.post("/prices", {"prices": [{**GOOD, "sku": "X3"}]}, key="k-1").status_code == 409
    assert shop.post("/prices", body, key="").status_code == 400
    assert shop.post("/prices", body).json() == {"taken": 0, "unchanged": 1, "refused": []}
    (price,) = shop.get("/prices/X2").json()["items"]
    assert (price["observed_at"], price["source"], price["seller"]) == ("2026-03-05T04:00:00Z", "feed", "")


def test_more_than_a_thousand_or_something_else_is_refused_whole(shop: Any) -> None:
    assert shop.post("/prices", {"prices": [GOOD] * 1001}).status_code == 422
    assert shop.post("/prices", {"prices": ["X2"]}).status_code == 422
    assert not PriceObservation.objects.exists()


@pytest.fixture
def order() -> Returning:
    return delivered()


@pytest.fixture
def path(order: Returning) -> str:
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=order.customer_id, id=order.order_id)
    return f"/orders/{order_no}/price-differences"


def seen_at(price: int, order: Returning) -> None:
    at = order.now - timedelta(hours=5)
    take_prices([PriceInput(sku="X2", price_minor=price, currency="CNY", observed_at=at)])


@pytest.mark.requirement("R092", "R093", "R101")
def test_an_orders_differences_are_read_with_rule_and_way(shop: Any, order: Returning, path: str) -> None:
    seen_at(95_000, order)
    said = shop.get(path).json()
    phone, cases = said["lines"]
    assert (phone["paid_minor"], phone["lowest"]["price_minor"], phone["difference_minor"]) == (100_000, 95_000, 5_000)
    assert (phone["can_claim"], phone["rule"], phone["off_plan_minor"], phone["ways"]) == (
        True,
        "price_protected",
        5_000,
        [],
    )
    assert (cases["can_claim"], cases["difference_minor"], cases["lowest"]) == (False, 0, None)
    assert shop.get("/orders/nobody/price-differences").status_code == 404


@pytest.mark.requirement("R085", "R094", "R101")
def test_a_difference_is_claimed_as_it_was_shown(shop: Any, order: Returning, path: str) -> None:
    seen_at(95_000, order)
    shown = shop.get(path).json()["lines"][0]
    body = {"line_no": 1, "digest": shown["digest"]}
    assert shown["asks_unused"]
    for changes, status, code in (
        ({}, 422, "statement_needed"),
        ({"unused": True, "line_no": 3}, 404, "not_found"),
        ({"unused": True, "line_no": 2}, 422, "no_price_difference"),
        ({"unused": True, "digest": "0" * 64}, 409, "refund_quote_changed"),
        ({"unused": True, "digest": "short"}, 422, "invalid_input"),
    ):
        refused = shop.post(f"{path}/claims", body | changes)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()
    claimed = shop.post(f"{path}/claims", body | {"unused": True})
    assert claimed.status_code == 201, claimed.content
    assert (claimed.json()["kind"], claimed.json()["state"]) == ("price_difference", "submitted")
    again = shop.post(f"{path}/claims", body | {"unused": True})
    assert (again.status_code, again.json()["case_no"]) == (201, claimed.json()["case_no"])
    (case,) = AftersalesCase.objects.filter(customer_id=order.customer_id)
    assert (case.via, case.value_minor) == ("api", 5_000)


@pytest.mark.requirement("R082")
def test_an_offer_is_taken_as_it_was_shown_and_once(shop: Any, order: Returning, path: str) -> None:
    seen_at(95_000, order)
    assert make_offers(now=order.now).offers == 1
    shown = shop.get(path).json()["lines"][0]
    take = f"{path}/offers/{shown['offer_id']}/accept"
    body = {"digest": shown["digest"], "unused": True}
    elsewhere = delivered()
    other_no = Order.objects.values_list("order_no", flat=True).get(customer_id=elsewhere.customer_id)
    assert shop.post(take.replace(path, f"/orders/{other_no}/price-differences"), body).status_code == 404
    changed = shop.post(take, body | {"digest": "0" * 64})
    assert (changed.status_code, changed.json()["code"]) == (409, "refund_quote_changed")
    taken, again = shop.post(take, body), shop.post(take, body)
    assert (taken.status_code, again.status_code) == (201, 201), taken.content
    assert taken.json()["case_no"] == again.json()["case_no"]
    assert taken.json()["state"] == "approved"
    assert PriceOffer.objects.get(customer_id=order.customer_id).state == "accepted"
