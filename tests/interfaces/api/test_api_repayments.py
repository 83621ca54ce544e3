"""Plans are read, repayments quoted, started and recorded through the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fenqi.records.models import IdempotencyRecord, JournalEntry, PlanEvent
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope
from malls import Bought, bought, noon

RECEIVED: dict[str, Any] = {"amount_minor": 10000, "currency": "CNY", "received_on": "2026-02-01"}


@contextmanager
def on(day: str) -> Iterator[None]:
    with clock.stopped(noon(day)):
        yield


@pytest.fixture(autouse=True)
def _it_is_february() -> Iterator[None]:
    with on("2026-02-01"):
        yield


@pytest.fixture
def received_path(plan_path: str) -> str:
    return f"{plan_path}/received-repayments"


def outstanding(shop: Any, plan_path: str, query: str = "") -> int:
    return int(shop.get(f"{plan_path}{query}").json()["state"]["outstanding"]["total_minor"])


def test_received_money_is_booked_and_shown_everywhere(
    shop: Any, plan: Bought, plan_path: str, received_path: str
) -> None:
    answer = shop.post(received_path, RECEIVED)
    assert answer.status_code == 201
    said = answer.json()
    assert said["outstanding_minor"] == 110000
    assert said["allocated"]["principal_minor"] == 10000
    assert outstanding(shop, plan_path) == 110000

    (payment,) = shop.get(f"/customers/{plan.customer_id}/payments").json()["items"]
    assert (payment["payment_id"], payment["state"], payment["purpose"]) == (
        said["payment_id"],
        "succeeded",
        "recorded",
    )
    assert shop.get(f"/customers/{plan.customer_id}/payments/{said['payment_id']}").json() == payment

    (event,) = shop.get(f"{plan_path}/events").json()["items"]
    assert (event["event_id"], event["actor"], event["amount_minor"]) == (said["event_id"], "api:shop", 10000)

    entries = shop.get(f"/customers/{plan.customer_id}/journal").json()["items"]
    assert [entry["code"] for entry in entries] == ["opened", "repayment"]
    lines = {line["account"]: (line["debit_minor"], line["credit_minor"]) for line in entries[1]["lines"]}
    assert lines == {"clearing.mall": (10000, 0), "receivable.principal": (0, 10000)}


def test_recording_takes_four_statements(shop: Any, received_path: str) -> None:
    shop.post(received_path, RECEIVED)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert shop.post(received_path, RECEIVED).status_code == 201
    statements = [query["sql"] for query in asked if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 4, statements


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"amount_minor": 0}, "invalid_amount", "amount_minor"),
        ({"amount_minor": -1}, "invalid_amount", "amount_minor"),
        ({"amount_minor": 10**15 + 1}, "invalid_amount", "amount_minor"),
        ({"amount_minor": 10**30}, "invalid_amount", "amount_minor"),
        ({"amount_minor": 100.5}, "invalid_amount", "amount_minor"),
        ({"amount_minor": "100"}, "invalid_amount", "amount_minor"),
        ({"amount_minor": True}, "invalid_amount", "amount_minor"),
        ({"amount_minor": None}, "invalid_amount", "amount_minor"),
        ({"currency": "QQQ"}, "unknown_currency", "currency"),
        ({"currency": "USD"}, "invalid_input", "currency"),
        ({"received_on": "2026-02-02"}, "invalid_input", "received_on"),
        ({"received_on": "2025-12-31"}, "invalid_input", "received_on"),
        ({"received_on": "2026-02-30"}, "invalid_input", "received_on"),
        ({"received_on": 20260201}, "invalid_input", "received_on"),
        ({"channel": "alipay"}, "invalid_input", "channel"),
        ({"amount_minor": 120001}, "repayment_exceeds_owed", None),
        ({"amount_minor": 120001, "surplus": "credit"}, "repayment_exceeds_owed", None),
        ({"amout_minor": 1}, "unknown_field", "amout_minor"),
    ],
)
def test_what_cannot_have_been_received_is_refused_and_nothing_is_booked(
    shop: Any, plan: Bought, *, received_path: str, change: dict[str, Any], code: str, where: str | None
) -> None:
    refused = shop.post(received_path, {**RECEIVED, **change})
    said = refused.json()
    assert (refused.status_code, said["code"], said["where"]) == (422, code, where), said
    assert not PlanEvent.objects.filter(customer_id=plan.customer_id).exists()
    assert not IdempotencyRecord.objects.filter(customer_id=plan.customer_id).exists()
    assert JournalEntry.objects.filter(customer_id=plan.customer_id).count() == 1  # the opening


def test_more_than_is_owed_says_how_much_is_owed(shop: Any, received_path: str, settings: Any) -> None:
    too_much = {**RECEIVED, "amount_minor": 120001}
    said = shop.post(received_path, too_much, **{"Accept-Language": "zh-CN,zh;q=0.9"}).json()
    assert said["details"] == {"owed": "1200.00", "currency": "CNY"}
    assert "1200.00" in said["detail"]
    assert said["detail"] == said["detail_zh"]


def test_a_surplus_is_kept_as_credit_where_the_policy_allows_it(shop: Any, received_path: str, settings: Any) -> None:
    settings.FENQI_CREDIT_ALLOWED = True
    kept = shop.post(received_path, {**RECEIVED, "amount_minor": 120001, "surplus": "credit"})
    assert (kept.status_code, kept.json()["balance_minor"], kept.json()["status"]) == (201, 1, "overpaid")


def test_the_same_key_and_body_get_the_same_answer_once(shop: Any, plan: Bought, received_path: str) -> None:
    first = shop.post(received_path, RECEIVED, key="k-1")
    again = shop.post(received_path, RECEIVED, key="k-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert PlanEvent.objects.filter(customer_id=plan.customer_id).count() == 1


def test_the_same_key_with_another_body_or_plan_is_a_conflict(shop: Any, plan: Bought, received_path: str) -> None:
    shop.post(received_path, RECEIVED, key="k-1")
    other = bought("c-2")
    for path, body in (
        (received_path, {**RECEIVED, "amount_minor": 10001}),
        (f"/customers/{other.customer_id}/plans/{other.plan_id}/received-repayments", RECEIVED),
    ):
        refused = shop.post(path, body, key="k-1")
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")
    assert PlanEvent.objects.filter(customer_id=other.customer_id).count() == 0


def test_two_clients_may_use_the_same_key(shop: Any, caller_with: Any, received_path: str) -> None:
    other = caller_with(Scope.REPAYMENTS_RECORD)
    assert shop.post(received_path, RECEIVED, key="k-1").status_code == 201
    answer = other.post(received_path, RECEIVED, key="k-1")
    assert (answer.status_code, answer.json()["outstanding_minor"]) == (201, 100000)


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 121])
def test_a_command_needs_a_usable_key(shop: Any, received_path: str, key: str) -> None:
    refused = shop.post(received_path, RECEIVED, key=key)
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_required")


def test_a_refused_command_may_be_sent_again_under_its_key(shop: Any, received_path: str) -> None:
    later = {**RECEIVED, "received_on": "2026-02-03"}
    assert shop.post(received_path, later, key="k-1").status_code == 422
    with on("2026-02-03"):
        assert shop.post(received_path, later, key="k-1").status_code == 201


def test_registering_under_a_key_is_answered_once(shop: Any) -> None:
    first = shop.put("/customers/c-9", {"name": "甲"}, **{"Idempotency-Key": "k-9"})
    again = shop.put("/customers/c-9", {"name": "甲"}, **{"Idempotency-Key": "k-9"})
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.content == again.content
    conflict = shop.put("/customers/c-9", {"name": "乙"}, **{"Idempotency-Key": "k-9"})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "idempotency_conflict")
    assert shop.get("/customers/c-9").json()["name"] == "甲"


def test_a_plan_is_read_as_of_a_day_and_as_known_at_an_instant(shop: Any, plan_path: str, received_path: str) -> None:
    with on("2026-02-05"):
        shop.post(received_path, RECEIVED)  # of the 1st, told on the 5th
        assert outstanding(shop, plan_path) == 110000
        assert outstanding(shop, plan_path, "?as_of=2026-01-31") == 120000
        assert outstanding(shop, plan_path, "?as_of=2026-02-03") == 110000
        assert outstanding(shop, plan_path, "?as_of=2026-02-03&known_at=2026-02-04T00:00:00Z") == 120000
        told_at = shop.get(f"{plan_path}/events").json()["items"][0]["recorded_at"]
        assert outstanding(shop, plan_path, f"?as_of=2026-02-03&known_at={told_at}") == 110000


@pytest.mark.parametrize(
    "query", ["as_of=2026-02-30", "as_of=yesterday", "known_at=2026-02-01T00:00:00", "as_off=2026-02-01", "as_of="]
)
def test_readers_who_ask_wrongly_are_told(shop: Any, plan_path: str, query: str) -> None:
    refused = shop.get(f"{plan_path}?{query}")
    assert refused.status_code == 422
    assert refused.json()["where"] == query.partition("=")[0]


@pytest.mark.requirement("R122")
def test_bills_over_all_plans(shop: Any, plan: Bought) -> None:
    said = shop.get(f"/customers/{plan.customer_id}/bills").json()
    (yuan,) = said["currencies"]
    assert (said["on"], yuan["currency"], yuan["outstanding_minor"]) == ("2026-02-01", "CNY", 120000)
    assert yuan["months"][0] == {"month": "2026-02", "amount_minor": 10000}
    assert yuan["due_soon"][0]["outstanding"]["total_minor"] == 10000


def test_a_quote_says_the_sum_and_its_effect(shop: Any, plan_path: str) -> None:
    quoted = shop.post(f"{plan_path}/quotes", {"purpose": "installments", "installments": [1, 2]})
    said = quoted.json()
    assert (quoted.status_code, said["amount_minor"], said["valid_until"]) == (201, 20000, "2026-02-01T16:00:00Z")
    assert said["before"]["outstanding"]["total_minor"] - said["after"]["outstanding"]["total_minor"] == 20000
    assert outstanding(shop, plan_path) == 120000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"purpose": "installments", "installments": [2]}, 422, "invalid_choice"),
        ({"purpose": "installments"}, 422, "invalid_input"),
        ({"purpose": "due", "installments": [1]}, 422, "invalid_input"),
        ({"purpose": "recorded"}, 422, "invalid_input"),
        ({"purpose": "installments", "installments": [True]}, 422, "invalid_input"),
    ],
)
def test_choices_that_cannot_be_quoted(shop: Any, plan_path: str, body: Any, status: int, code: str) -> None:
    refused = shop.post(f"{plan_path}/quotes", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_nothing_owed_cannot_be_quoted(shop: Any, plan_path: str, received_path: str) -> None:
    shop.post(received_path, {**RECEIVED, "amount_minor": 120000})
    refused = shop.post(f"{plan_path}/quotes", {"purpose": "settlement"})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_owed")


@pytest.mark.requirement("R002")
def test_another_customers_ids_are_not_found_anywhere(shop: Any, plan: Bought) -> None:
    stranger = bought("c-2")
    mixed = f"/customers/{stranger.customer_id}/plans/{plan.plan_id}"
    nobody = "/customers/018f2f6e-0c7a-7b1e-9d3a-0d6a4a6b7a10"
    answer = shop.post(f"/customers/{plan.customer_id}/plans/{plan.plan_id}/received-repayments", RECEIVED).json()
    reads = [
        mixed,
        f"{mixed}/events",
        f"/customers/{stranger.customer_id}/payments/{answer['payment_id']}",
        *(f"{nobody}/{noun}" for noun in ("orders", "bills", "payments", "journal")),
        "/customers/no-uuid/bills",
        "/orders/none",
        "/customers/none",
    ]
    for path in reads:
        refused = shop.get(path)
        assert (path, refused.status_code, refused.json()["code"]) == (path, 404, "not_found")
    for path, body in (
        (f"{mixed}/received-repayments", RECEIVED),
        (f"{mixed}/quotes", {"purpose": "settlement"}),
        (f"{mixed}/repayments", {"quote_token": "x"}),
        (f"{nobody}/plans/{plan.plan_id}/repayments", {"quote_token": "x"}),
    ):
        refused = shop.post(path, body)
        assert (path, refused.status_code, refused.json()["code"]) == (path, 404, "not_found")
    assert shop.get(f"/customers/{stranger.customer_id}/journal?plan_id={plan.plan_id}").json()["items"] == []
