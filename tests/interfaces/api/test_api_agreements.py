"""Agreements over the API: read with what comes next, ended once by an idempotent DELETE."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fenqi.records.identifiers import new_id
from fenqi.records.models import DebitAgreement, OutboxMessage
from fenqi.usecases.api_clients import Scope
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


@pytest.fixture
def agreement(plan: Bought) -> DebitAgreement:
    now = datetime.now(UTC)
    return DebitAgreement.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        plan_id=plan.plan_id,
        channel="alipay",
        number="A123456789",
        status="active",
        limit_minor=40_000,
        currency="CNY",
        signed_at=now,
        created_at=now,
        updated_at=now,
    )


def test_the_agreements_of_a_plan_are_read(shop: Any, plan: Bought, agreement: DebitAgreement) -> None:
    (read,) = shop.get(f"/customers/{plan.customer_id}/plans/{plan.plan_id}/agreements").json()
    assert (read["status"], read["channel"], read["limit_minor"], read["tries"]) == ("active", "alipay", 40_000, [])
    assert "consent" not in read
    assert shop.get(f"/customers/{new_id()}/plans/{plan.plan_id}/agreements").status_code == 404


def test_one_is_ended_once_however_often_it_is_asked_for(shop: Any, plan: Bought, agreement: DebitAgreement) -> None:
    path = f"/customers/{plan.customer_id}/agreements/{agreement.id}"
    first = shop.send("DELETE", path, **{"Idempotency-Key": "end-1"})
    again = shop.send("DELETE", path, **{"Idempotency-Key": "end-1"})
    assert (first.status_code, first.json()["status"], first.json()["end_reason"]) == (200, "ended", "by_mall")
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    told = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="end_agreement")
    assert told.count() == 1


def test_ending_needs_its_scope_and_a_key(caller_with: Callable[..., Any], plan: Bought) -> None:
    reader = caller_with(Scope.PLANS_READ)
    path = f"/customers/{plan.customer_id}/agreements/{new_id()}"
    assert reader.send("DELETE", path, **{"Idempotency-Key": "k"}).status_code == 403
