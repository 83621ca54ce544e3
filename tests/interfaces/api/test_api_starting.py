"""A quoted repayment is started through the API, over a rail that is really there."""

from typing import Any

import pytest

from fenqi.records.models import IdempotencyRecord, Payment
from fenqi.usecases import clock
from malls import Bought, bought

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("town")]


@pytest.fixture
def quote(shop: Any, plan_path: str) -> dict[str, Any]:
    quoted = shop.post(f"{plan_path}/quotes", {"purpose": "installments", "installments": [1]})
    return {"quote_token": quoted.json()["token"], "channel": "alipay"}


def test_a_quote_is_started_once_under_its_key(shop: Any, plan: Bought, plan_path: str, quote: dict[str, Any]) -> None:
    first = shop.post(f"{plan_path}/repayments", quote, key="k-1")
    assert first.status_code == 201, first.json()
    again = shop.post(f"{plan_path}/repayments", quote, key="k-1")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Payment.objects.filter(customer_id=plan.customer_id).count() == 1
    started = shop.get(f"/customers/{plan.customer_id}/payments/{first.json()['payment_id']}").json()
    assert (started["state"], started["amount_minor"], len(started["attempts"])) == ("open", 10000, 1)
    assert first.json()["redirect_url"].startswith("http")


def test_the_same_key_for_another_quote_is_a_conflict(shop: Any, plan_path: str, quote: dict[str, Any]) -> None:
    shop.post(f"{plan_path}/repayments", quote, key="k-1")
    refused = shop.post(f"{plan_path}/repayments", {**quote, "quote_token": "other"}, key="k-1")
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")


def test_a_start_that_was_cut_off_goes_on_under_its_key(
    shop: Any, plan: Bought, plan_path: str, quote: dict[str, Any]
) -> None:
    first = shop.post(f"{plan_path}/repayments", quote, key="k-1")
    IdempotencyRecord.objects.filter(customer_id=plan.customer_id, key="k-1").update(status=0, answer={})
    again = shop.post(f"{plan_path}/repayments", quote, key="k-1")
    assert (again.status_code, again.json()["payment_id"]) == (201, first.json()["payment_id"])
    assert Payment.objects.filter(customer_id=plan.customer_id).count() == 1


def test_quotes_end_with_their_day(shop: Any, plan: Bought, plan_path: str, quote: dict[str, Any]) -> None:
    with clock.stopped(clock.end_of_business_day(clock.business_date(clock.now()))):
        refused = shop.post(f"{plan_path}/repayments", quote)
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_expired")
    assert not Payment.objects.filter(customer_id=plan.customer_id).exists()


def test_quotes_end_when_the_plan_moves_on(shop: Any, plan_path: str, quote: dict[str, Any]) -> None:
    shop.post(f"{plan_path}/received-repayments", {"amount_minor": 1, "currency": "CNY", "received_on": "2026-02-01"})
    assert shop.post(f"{plan_path}/repayments", quote).json()["code"] == "quote_expired"


@pytest.mark.parametrize("spoil", [lambda token: token[:-1] + "x", lambda _: "x", lambda token: token + ":"])
def test_an_altered_quote_is_refused(shop: Any, plan_path: str, quote: dict[str, Any], spoil: Any) -> None:
    altered = {**quote, "quote_token": spoil(quote["quote_token"])}
    assert shop.post(f"{plan_path}/repayments", altered).json()["code"] == "quote_expired"


def test_another_plans_quote_is_refused(shop: Any, quote: dict[str, Any]) -> None:
    other = bought("c-2")
    refused = shop.post(f"/customers/{other.customer_id}/plans/{other.plan_id}/repayments", quote)
    assert refused.json()["code"] == "quote_expired"


def test_an_unknown_channel_is_refused(shop: Any, plan_path: str, quote: dict[str, Any]) -> None:
    refused = shop.post(f"{plan_path}/repayments", {**quote, "channel": "cowrie"})
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_channel")
