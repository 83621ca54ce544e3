"""A repayment that was taken is told to the customer by text message, in their language, once (R117)."""

from datetime import date, timedelta

import pytest

from fenqi.records.models import AuditRecord, Payment
from fenqi.usecases.notices.repayment_succeeded import tell_repayment_succeeded
from fenqi.usecases.notices.sending import NoticeUnanswered
from malls import Bought, a_customer, bought, noon
from town import Town

pytestmark = pytest.mark.django_db
NOW = noon("2026-02-01")


def repaid(*, phone: str, language: str = "zh-hans") -> tuple[Bought, Payment]:
    plan = bought(f"n-{phone or language}")
    a_customer(f"n-{phone or language}", phone=phone, language=language)
    plan.record(10_000, on=date(2026, 2, 1), now=NOW, key="k")
    return plan, Payment.objects.get(customer_id=plan.customer_id)


@pytest.mark.requirement("R117")
@pytest.mark.parametrize(
    ("phone", "language", "text"),
    [
        ("17000000911", "zh-hans", "您已还款 100.00 元（青屿 X2 手机），剩余应还 1,100.00 元。"),
        ("17000000912", "en", "We received your repayment of CNY 100.00 (青屿 X2 手机). Still to repay: CNY 1,100.00."),
    ],
)
def test_the_message_says_what_was_paid_and_what_is_left(town: Town, phone: str, language: str, text: str) -> None:
    plan, payment = repaid(phone=phone, language=language)
    assert tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
    messages = town.ask("sms", phone=phone)["messages"]
    assert [message["text"] for message in messages] == [messages[0]["text"]]
    assert messages[0]["text"].endswith(text)


def test_told_again_nothing_is_sent(town: Town) -> None:
    plan, payment = repaid(phone="17000000913")
    assert tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
    assert not tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
    assert len(town.ask("sms", phone="17000000913")["messages"]) == 1


def test_history_is_no_news(town: Town) -> None:
    plan, payment = repaid(phone="17000000919")
    assert not tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW + timedelta(days=1, seconds=1))
    assert tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW + timedelta(days=1))


def test_a_customer_without_a_phone_is_told_nothing(town: Town) -> None:
    plan, payment = repaid(phone="")
    assert not tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)


def test_a_service_that_does_not_answer_is_asked_again(town: Town) -> None:
    plan, payment = repaid(phone="17000000914")
    town.tell("faults", operation="sms", kind="http_500", times=1)
    with pytest.raises(NoticeUnanswered):
        tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
    assert tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)


def test_a_refusal_is_kept_and_not_tried_again(town: Town) -> None:
    plan, payment = repaid(phone="17000000915")
    town.tell("faults", operation="sms", kind="code", value="isv.MOBILE_NUMBER_ILLEGAL", times=1)
    assert not tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
    kept = AuditRecord.objects.get(customer_id=plan.customer_id, action="notice_sent")
    assert kept.details["outcome"] == "refused"
    assert "17000000915" not in str(kept.details)
    assert not tell_repayment_succeeded(plan.customer_id, payment.id, now=NOW)
