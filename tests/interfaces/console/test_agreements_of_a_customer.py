"""Auto-debit on the customer's page of the console, and its end by staff."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, DebitAgreement
from malls import bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agreement(town: Town) -> DebitAgreement:
    now = timezone.now()
    plan = bought()
    return DebitAgreement.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        plan_id=plan.plan_id,
        channel="alipay",
        number="A123456789",
        status="active",
        limit_minor=40_000,
        currency="CNY",
        consent={"version": "2026-11", "language": "zh", "ip": "203.0.113.9", "text": []},
        signed_at=now,
        created_at=now,
        updated_at=now,
    )


def test_an_agent_sees_it_and_ends_it_against_a_reason(
    desk: Callable[[str], Client], agreement: DebitAgreement
) -> None:
    page = f"/console/customers/{agreement.customer_id}"
    agent = desk("agent")
    assert "A123456789" in agent.get(page).content.decode()
    end = f"{page}/agreements/{agreement.id}/end"
    agent.post(end, {"reason": " "})
    assert now_is(agreement) == ("active", "")
    assert agent.post(end, {"reason": "the customer asked on the phone"}).status_code == 302
    assert now_is(agreement) == ("ended", "by_staff")
    kept = AuditRecord.objects.get(customer_id=agreement.customer_id, action="agreement_ended")
    assert kept.reason == "the customer asked on the phone"


def test_finance_may_not_end_it(desk: Callable[[str], Client], agreement: DebitAgreement) -> None:
    end = f"/console/customers/{agreement.customer_id}/agreements/{agreement.id}/end"
    assert desk("finance").post(end, {"reason": "no reason at all"}).status_code == 403
    assert now_is(agreement) == ("active", "")


def now_is(agreement: DebitAgreement) -> tuple[str, str]:
    row = DebitAgreement.objects.get(customer_id=agreement.customer_id, id=agreement.id)
    return row.status, row.end_reason
