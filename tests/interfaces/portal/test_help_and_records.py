"""What the pages help with when a repayment failed, which rails they offer, and what an order's page keeps."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from another_rail import AnotherRail, open_rail
from fenqi.interfaces.shared import formats
from fenqi.records.models import Order, OutboxMessage, Payment, PaymentAttempt, Plan, RetryReminder, SupportThread

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


@pytest.mark.requirement("R123", "R124", "R125", "R126", "R127", "R138", "R139", "R141")
@pytest.mark.parametrize(
    ("told", "happened", "button"),
    [
        ("insufficient_balance ACQ.BUYER_BALANCE_NOT_ENOUGH", "支付宝余额不足", "换微信支付还 ¥"),
        ("insufficient_balance ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH", "支付宝里选的银行卡余额不足", "换微信支付还"),
        ("wrong_account_info X", "卡号、姓名、手机号或密码", "核对信息后再付一次"),
        ("method_unavailable X", "支付宝现在不能用来付这一笔", "换微信支付还 ¥"),
        ("limit_exceeded X", "超过了支付宝的限额", "先还少一点"),
        ("channel_maintenance X", "支付宝正在维护或太忙。因此耽误的时间不算逾期", "换微信支付还 ¥"),
        ("contact_support X", "支付宝没有说明可以处理的原因", "找客服"),
        ("nobody_mapped_this X", "支付宝没有说明可以处理的原因", "找客服"),
    ],
)
def test_each_reason_names_the_account_and_brings_its_own_help_first(
    failed: Payment, signed_in: SignedIn, told: str, happened: str, button: str
) -> None:
    category, code = told.split()
    attempts = PaymentAttempt.objects.filter(customer_id=failed.customer_id, payment_id=failed.id)
    attempts.update(code=code)
    page = failed_for(category, failed, signed_in("wang"))
    assert happened in page
    filled = re.search(r'class="btn filled wide"[^>]*>([^<]*)<', page)
    assert filled
    assert filled[1].startswith(button)
    assert "找客服" in page
    assert page.count('class="btn filled') == 1


@pytest.mark.requirement("R129", "R130", "R142")
def test_another_way_leads_to_confirming_the_same_with_that_way_chosen(failed: Payment, signed_in: SignedIn) -> None:
    client = signed_in("wang")
    page = failed_for("insufficient_balance", failed, client)
    for method in ("wechat_pay", "alipay"):
        address = re.search(rf'href="([^"]*confirm[^"]*method={method})"', page)
        assert address
        confirming = page_of(client, address[1].replace("&amp;", "&"))
        assert f'value="{method}" required checked' in confirming


@pytest.mark.requirement("R138", "R140")
def test_a_smaller_sum_is_typed_and_confirmed(failed: Payment, signed_in: SignedIn) -> None:
    client = signed_in("wang")
    assert 'id="part"' in page_of(client, f"/plans/{failed.plan_id}/repay")
    page = page_of(client, f"/plans/{failed.plan_id}/repay/confirm?choice=part&amount=100.50")
    assert "确认还款 ¥100.50" in page
    assert client.get(f"/plans/{failed.plan_id}/repay/confirm?choice=part&amount=x").status_code == 422
    assert client.get(f"/plans/{failed.plan_id}/repay/confirm?choice=part&amount=9999999").status_code == 422


@pytest.mark.requirement("R140")
def test_a_reminder_is_asked_for_once_and_told(failed: Payment, signed_in: SignedIn) -> None:
    client = signed_in("wang")
    assert "能还的时候提醒我" in failed_for("insufficient_balance", failed, client)
    for _ in range(2):
        assert client.post(f"/repayments/{failed.id}/remind").status_code == 302
    page = page_of(client, f"/repayments/{failed.id}")
    assert "到时会提醒你" in page
    assert "能还的时候提醒我" not in page
    assert RetryReminder.objects.filter(customer_id=failed.customer_id).count() == 1
    told = OutboxMessage.objects.filter(customer_id=failed.customer_id, topic="retry_reminder")
    assert told.count() == 1


@pytest.mark.requirement("R131", "R132", "R134")
def test_asking_an_agent_opens_a_conversation_about_this_payment(failed: Payment, signed_in: SignedIn) -> None:
    client = signed_in("wang")
    page = failed_for("contact_support", failed, client)
    assert f'name="payment_id" value="{failed.id}"' in page
    assert client.post("/support/open", {"payment_id": str(failed.id)}).status_code == 302
    assert SupportThread.objects.get(customer_id=failed.customer_id).payment_id == failed.id


@pytest.mark.requirement("R131", "R134")
def test_a_failure_leads_to_support_and_gives_the_number_they_find_it_by(failed: Payment, signed_in: SignedIn) -> None:
    page = page_of(signed_in("wang"), f"/repayments/{failed.id}")
    number = PaymentAttempt.objects.get(customer_id=failed.customer_id, payment_id=failed.id).out_trade_no
    assert "找客服" in page
    assert "9:00–21:00" in page
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
