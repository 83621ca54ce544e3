"""The price feed over the API: a batch whose bad rows cost no other."""

from datetime import timedelta
from typing import Any

import pytest

from fenqi.records.models import Order, PriceObservation
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from returned import delivered

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


@pytest.mark.requirement("R092", "R093", "R101")
def test_an_orders_differences_are_read_with_rule_and_way(shop: Any) -> None:
    order = delivered()
    order_no = Order.objects.get(customer_id=order.customer_id).order_no
    seen_at = order.now - timedelta(hours=5)
    take_prices([PriceInput(sku="X2", price_minor=95_000, currency="CNY", observed_at=seen_at)])
    said = shop.get(f"/orders/{order_no}/price-differences").json()
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
