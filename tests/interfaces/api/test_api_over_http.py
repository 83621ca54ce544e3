"""The API over real HTTP, with callers who come at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from fenqi.records.models import Customer, IdempotencyRecord, PlanEvent
from fenqi.records.scope import across_customers
from fenqi.usecases.api_clients import Scope, make_client
from malls import Bought, bought

pytestmark = pytest.mark.django_db(transaction=True)
TWINS = 8
RECEIVED = {"amount_minor": 10_000, "currency": "CNY", "received_on": "2026-02-01"}


@pytest.fixture
def mall() -> Bought:
    return bought("c-1")


@pytest.fixture
def http(live_server: LiveServer) -> Iterator[httpx.Client]:
    key = make_client("shop", tuple(Scope), now=datetime.now(UTC))
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{live_server.url}/api/v1", headers=headers, trust_env=False, timeout=60) as client:
        yield client


def together(send: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(TWINS) as pool:
        return list(pool.map(send, range(TWINS)))


def path_of(mall: Bought) -> str:
    return f"/customers/{mall.customer_id}/plans/{mall.plan_id}"


def test_twins_of_one_command_are_done_once_and_answered_alike(http: httpx.Client, mall: Bought) -> None:
    path = f"{path_of(mall)}/received-repayments"
    answers = together(lambda _: http.post(path, json=RECEIVED, headers={"Idempotency-Key": "k"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", *["true"] * (TWINS - 1)]
    assert PlanEvent.objects.filter(customer_id=mall.customer_id).count() == 1


def test_many_repayments_of_one_plan_are_booked_one_after_the_other(http: httpx.Client, mall: Bought) -> None:
    path = f"{path_of(mall)}/received-repayments"
    answers = together(lambda n: http.post(path, json=RECEIVED, headers={"Idempotency-Key": f"k{n}"}))
    assert [answer.status_code for answer in answers] == [201] * TWINS
    left = sorted(answer.json()["outstanding_minor"] for answer in answers)
    assert left == [120_000 - n * 10_000 for n in range(TWINS, 0, -1)]
    plan = http.get(path_of(mall)).json()
    assert plan["state"]["outstanding"]["total_minor"] == 40_000


def test_twins_of_one_registration_make_one_customer(http: httpx.Client) -> None:
    answers = together(lambda _: http.put("/customers/c-9", json={"name": "甲"}, headers={"Idempotency-Key": "k"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    with across_customers():
        assert Customer.objects.filter(ref="c-9").count() == 1
        assert IdempotencyRecord.objects.filter(key="k").count() == 1


def test_twins_with_different_bodies_are_one_answer_and_conflicts(http: httpx.Client, mall: Bought) -> None:
    path = f"{path_of(mall)}/received-repayments"
    bodies = [{**RECEIVED, "amount_minor": 1_000 + n} for n in range(TWINS)]
    answers = together(lambda n: http.post(path, json=bodies[n], headers={"Idempotency-Key": "k"}))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * (TWINS - 1)]
    assert PlanEvent.objects.filter(customer_id=mall.customer_id).count() == 1


@pytest.mark.parametrize("body", [b"{", b"\x00", b"[" * 50_000, b" " * (2 * 1024 * 1024 + 1)])
def test_hostile_bodies_get_an_answer(http: httpx.Client, body: bytes) -> None:
    refused: Any = http.put("/orders/A-1", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code in (400, 413)
    assert refused.headers["Content-Type"] == "application/problem+json"
