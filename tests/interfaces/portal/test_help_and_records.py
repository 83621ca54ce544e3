"""What the pages help with when a repayment failed, which rails they offer, and what an order's page keeps."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from another_rail import AnotherRail, open_rail
from fenqi.interfaces.shared import formats
from fenqi.records.models import Order, Payment, PaymentAttempt, Plan

SignedIn = Callable[..., Client]
CustomerOf = Callable[[str], UUID]

pytestmark = pytest.mark.django_db


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def plan_of(customer_id: UUID) -> Plan:
    """The customer's oldest."""
    return Plan.objects.filter(customer_id=customer_id).order_by("opened_on")[0]


@pytest.fixture
def failed(mall: CustomerOf) -> Payment:
    """A repayment that the channel refused."""
    return Payment.objects.filter(customer_id=mall("wang"), state="closed").order_by("-created_at")[0]


def failed_for(category: str, failed: Payment, client: Client) -> str:
    attempts = PaymentAttempt.objects.filter(customer_id=failed.customer_id, payment_id=failed.id)
    attempts.update(category=category)
    return page_of(client, f"/repayments/{failed.id}")


@pytest.mark.requirement("R123", "R126", "R127", "R138", "R139", "R141")
@pytest.mark.parametrize(
    ("category", "help_text"),
    [
        ("insufficient_balance", "余额不足，本次未扣款，请充值后重试"),
        ("wrong_account_info", "卡号、姓名、有效期、手机号或密码有误"),
        ("method_unavailable", "请更换支付方式"),
        ("limit_exceeded", "请减小金额、次日再试或更换支付方式"),
        ("channel_maintenance", "维护中，请稍后再试"),
        ("contact_support", "请联系客服"),
        ("nobody_mapped_this", "请联系客服"),
    ],
)
def test_each_reason_brings_its_own_help_first(
    failed: Payment, signed_in: SignedIn, category: str, help_text: str
) -> None:
    page = failed_for(category, failed, signed_in("wang"))
    assert page.index(help_text) < page.index("换个金额还")


@pytest.mark.requirement("R131", "R134")
def test_a_failure_leads_to_support_and_gives_the_number_they_find_it_by(failed: Payment, signed_in: SignedIn) -> None:
    page = page_of(signed_in("wang"), f"/repayments/{failed.id}")
    number = PaymentAttempt.objects.get(customer_id=failed.customer_id, payment_id=failed.id).out_trade_no
    assert "找客服" in page
    assert "每天 9:00–21:00" in page
    assert number in page


@pytest.mark.requirement("R111", "R112")
def test_a_rail_that_is_added_is_offered_and_one_that_cannot_carry_the_sum_is_marked(
    signed_in: SignedIn, mall: CustomerOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/plans/{plan_of(mall('chen')).id}/repay/confirm?choice=5"
    open_rail(AnotherRail("moon_pay"), monkeypatch)
    assert 'value="moon_pay" required>' in page_of(signed_in("chen"), address)
    open_rail(AnotherRail("moon_pay", currencies=frozenset({"JPY"})), monkeypatch)
    page = page_of(signed_in("chen"), address)
    assert 'value="moon_pay" required disabled>' in page
    assert "不支持这个币种" in page
    assert re.search(r'value="alipay" required checked>', page)


@pytest.mark.requirement("R077")
def test_the_page_of_an_order_keeps_its_number_with_every_repayment(signed_in: SignedIn, mall: CustomerOf) -> None:
    customer_id = mall("chen")
    plan = plan_of(customer_id)
    page = page_of(signed_in("chen"), f"/orders/{plan.order_id}")
    number = Order.objects.get(customer_id=customer_id, id=plan.order_id).order_no
    assert formats.grouped(number) in page
    payments = Payment.objects.filter(customer_id=customer_id, plan_id=plan.id)
    assert payments.count() == 4
    assert all(f'href="/repayments/{payment.id}"' in page for payment in payments)
