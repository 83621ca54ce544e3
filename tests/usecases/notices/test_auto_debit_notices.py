"""What customers are told of auto-debit: that it is on or off, and why a debit failed and when the next one is."""

from datetime import UTC, datetime, timedelta

import pytest

from fenqi.domain.payments.auto_debit import BEIJING
from fenqi.records.identifiers import new_id
from fenqi.records.models import DebitAgreement, Payment, PaymentAttempt
from fenqi.usecases.notices.auto_debit import tell_debit_failed, tell_of_agreement
from fenqi.usecases.notices.quiet_hours import polite_time
from malls import Bought, a_customer, bought
from town import Town

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 1, 8, 1, tzinfo=BEIJING)


def agreed(phone: str, language: str, *, next_try_at: datetime | None) -> tuple[Bought, DebitAgreement]:
    plan = bought(f"d-{phone}")
    a_customer(f"d-{phone}", phone=phone, language=language)
    agreement = DebitAgreement.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        plan_id=plan.plan_id,
        channel="alipay",
        number="A123456789",
        status="active",
        limit_minor=10_000,
        currency="CNY",
        next_try_at=next_try_at,
        created_at=NOW,
        updated_at=NOW,
    )
    return plan, agreement


def failed_try(plan: Bought, agreement: DebitAgreement) -> PaymentAttempt:
    payment = Payment.objects.create(
        customer_id=plan.customer_id, id=new_id(), plan_id=plan.plan_id, purpose="due", installments=[1],
        amount_minor=10_000, currency="CNY", state="closed", channel="alipay", quoted_on=NOW.date(),
        request_key="k", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    return PaymentAttempt.objects.create(
        customer_id=plan.customer_id, id=new_id(), payment_id=payment.id, attempt_no=1, channel="alipay",
        out_trade_no="F123456789", amount_minor=10_000, currency="CNY", state="failed", method="auto_debit",
        category="insufficient_balance", agreement_id=agreement.id, expires_at=NOW, created_at=NOW, resolved_at=NOW,
    )  # fmt: skip


def texts(town: Town, phone: str) -> list[str]:
    return [message["text"] for message in town.ask("sms", phone=phone)["messages"]]


@pytest.mark.parametrize(
    ("phone", "language", "words"),
    [
        ("17000008931", "zh-hans", "余额不足，没有扣钱。2月1日 12:00 会再试"),
        ("17000008932", "en", "not enough balance. Nothing was charged. Next try: 1 Feb 12:00"),
    ],
)
def test_a_failed_debit_tells_why_and_when_the_next_one_is(town: Town, phone: str, language: str, words: str) -> None:
    plan, agreement = agreed(phone, language, next_try_at=NOW.replace(hour=12, minute=0))
    attempt = failed_try(plan, agreement)
    assert tell_debit_failed(plan.customer_id, attempt.id, now=NOW)
    assert not tell_debit_failed(plan.customer_id, attempt.id, now=NOW)
    (text,) = texts(town, phone)
    assert words in text


@pytest.mark.parametrize(
    ("phone", "language", "words"),
    [("17000000933", "zh-hans", "不会再自动扣，请自己还款"), ("17000000934", "en", "please repay by yourself")],
)
def test_a_debit_that_is_not_tried_again_says_so(town: Town, phone: str, language: str, words: str) -> None:
    plan, agreement = agreed(phone, language, next_try_at=None)
    assert tell_debit_failed(plan.customer_id, failed_try(plan, agreement).id, now=NOW)
    assert words in texts(town, phone)[0]


def test_signing_and_ending_are_told_once_each(town: Town) -> None:
    plan, agreement = agreed("17000000935", "zh-hans", next_try_at=NOW.replace(hour=12, minute=0))
    for _ in range(2):
        tell_of_agreement(plan.customer_id, agreement.id, "signed", now=NOW)
        tell_of_agreement(plan.customer_id, agreement.id, "ended", now=NOW)
    told = texts(town, "17000000935")
    assert len(told) == 2
    assert any("已开通自动扣款（青屿 X2 手机，支付宝），首次扣款 2月1日 12:00" in text for text in told)
    assert any("自动扣款已关闭（青屿 X2 手机，支付宝）" in text for text in told)


def test_history_is_no_news(town: Town) -> None:
    plan, agreement = agreed("17000000936", "zh-hans", next_try_at=None)
    attempt = failed_try(plan, agreement)
    assert not tell_debit_failed(plan.customer_id, attempt.id, now=NOW + timedelta(days=2))


@pytest.mark.parametrize(("hour", "day", "polite"), [(7, 1, 8), (12, 1, 12), (20, 1, 20), (21, 2, 8), (23, 2, 8)])
def test_nobody_is_written_to_at_night(hour: int, day: int, polite: int) -> None:
    at = polite_time(datetime(2026, 2, 1, hour, 0, tzinfo=BEIJING).astimezone(UTC)).astimezone(BEIJING)
    assert (at.day, at.hour) == (day, polite)


@pytest.mark.parametrize(
    ("phone", "language", "words"),
    [
        ("17000000941", "zh-hans", "超过您同意的单笔上限"),
        ("17000000942", "en", "so it is not debited: please repay by yourself"),
    ],
)
def test_what_is_above_the_limit_is_told_once_for_each_installment(
    town: Town, phone: str, language: str, words: str
) -> None:
    plan, agreement = agreed(phone, language, next_try_at=NOW)
    assert not tell_of_agreement(plan.customer_id, agreement.id, "above_limit", now=NOW), "it is not"
    DebitAgreement.objects.filter(customer_id=plan.customer_id).update(limit_minor=9_999)
    assert tell_of_agreement(plan.customer_id, agreement.id, "above_limit", now=NOW)
    assert not tell_of_agreement(plan.customer_id, agreement.id, "above_limit", now=NOW + timedelta(days=1))
    (text,) = texts(town, phone)
    assert words in text
