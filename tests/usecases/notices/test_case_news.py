"""What customers are told of their cases by text message: each step once, with the sum, the way and the days."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.models import CaseStep, OutboxMessage
from fenqi.usecases import clock
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.exchange import offer_refund, send_replacement
from fenqi.usecases.aftersales.waiting import mind_waiting
from fenqi.usecases.notices.case_news import NOTE_CHARACTERS, tell_of_case
from fenqi.usecases.notices.templates import TEXTS, Message
from returned import Case, a_return, delivered
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
ALL = a_return((1, 1), (2, 4))
FAULTY = a_return((2, 2), kind=WishKind.REFUND_ONLY, reason=Reason.FAULTY)
LANGUAGES = [("17000000971", "zh-hans"), ("17000000972", "en")]


def told(case: Case, town: Town, phone: str) -> list[str]:
    """Have every message sent that was written down, twice; all that the phone has received."""
    for _ in range(2):
        for message in OutboxMessage.objects.filter(customer_id=case.customer_id, topic="case_news"):
            if message.body["case_id"] == str(case.case_id):
                tell_of_case(case.customer_id, case.case_id, int(message.body["seq"]), now=case.now)
    return [message["text"] for message in town.messages(phone)]


@pytest.mark.requirement("R043", "R044")
@pytest.mark.parametrize(("phone", "language"), LANGUAGES)
def test_the_whole_way_of_a_return_is_told(phone: str, language: str, town: Town) -> None:
    order = delivered(phone=phone, language=language)
    order.repay(1, key="first")
    case = order.apply(ALL)
    case.up_to_the_money()
    case.let_arrive()
    case.follow()
    texts = told(case, town, phone)
    row = case.row
    zh = language.startswith("zh")
    amount, way = ("100.00 元", "退回支付宝") if zh else ("CNY 100.00", "back to Alipay")
    approved = next(text for text in texts if str(row.goods_due_on) in text)
    assert amount in approved
    assert way in approved
    assert row.promise_by.isoformat() in approved
    refunding = next(text for text in texts if ("已发出" if zh else "is on its way") in text)
    assert amount in refunding
    assert way in refunding
    assert any(row.case_no in text for text in texts)
    assert any(("应已到账" if zh else "should be there now") in text for text in texts)
    assert len(texts) == 4


@pytest.mark.requirement("R045")
@pytest.mark.parametrize(("phone", "language"), [("17000000973", "zh-hans"), ("17000000974", "en")])
def test_a_refusal_is_told_with_its_reason_and_the_next_step(phone: str, language: str, town: Town) -> None:
    case = delivered(phone=phone, language=language).apply(FAULTY)
    reason = "照片看不出质量问题" + "很" * NOTE_CHARACTERS
    review.reject(
        agent(), case.customer_id, case.case_id, rule="fault_window_over", next_step="appeal", note=reason, now=case.now
    )
    (text,) = (text for text in told(case, town, phone) if "照片看不出质量问题" in text)
    assert "…" in text
    assert ("可以联系客服申诉" if language.startswith("zh") else "Appeal through customer service") in text


def test_what_comes_off_the_plan_is_told_with_what_is_left(town: Town) -> None:
    case = delivered(phone="17000000975").apply(FAULTY)
    case.approve()
    case.execute()
    texts = told(case, town, "17000000975")
    assert any("分期少还 100.00 元，剩余应还 1,100.00 元" in text for text in texts)


def test_more_evidence_a_changed_quote_and_a_replacement_are_told(town: Town) -> None:
    phone = "17000000976"
    order = delivered(phone=phone)
    asked = order.apply(FAULTY)
    review.ask_for_more(agent(), asked.customer_id, asked.case_id, note="请拍一张背面的照片", now=asked.now)
    told(asked, town, phone)
    changed = order.apply(a_return((1, 1)))
    changed.approve()
    changed.send()
    changed.receive({1: (5_000, "屏幕有划痕")})
    changed.execute()
    told(changed, town, phone)
    exchanged = order.apply(a_return((2, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    exchanged.approve()
    exchanged.send()
    exchanged.receive()
    send_replacement(agent(), exchanged.customer_id, exchanged.case_id, tracking_no="SF0000000001", now=exchanged.now)
    texts = told(exchanged, town, phone)
    assert any("请拍一张背面的照片" in text for text in texts)
    assert any("应退 1,000.00 元 变为 950.00 元" in text for text in texts)
    assert any("SF0000000001" in text for text in texts)


@pytest.mark.parametrize(("phone", "language"), [("17000000978", "zh-hans"), ("17000000979", "en")])
def test_a_refund_instead_of_an_exchange_and_the_reminder_of_it_say_what_goes_back(
    phone: str, language: str, town: Town
) -> None:
    order = delivered(phone=phone, language=language)
    case = order.apply(a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case.approve()
    case.send()
    case.receive()
    told(case, town, phone)
    offer_refund(agent(), case.customer_id, case.case_id, note="同款已停产", now=case.now)
    case = replace(case, now=case.now + timedelta(days=6))
    with clock.stopped(case.now):
        mind_waiting(case.customer_id, case.case_id, now=case.now)
    for seq in (step.seq for step in case.view.steps if step.signal in ("cannot_replace", "reminded")):
        tell_of_case(case.customer_id, case.case_id, seq, now=case.view.steps[seq - 1].at)
    said = "可改为退款 1,000.00 元" if language.startswith("zh") else "you can have CNY 1,000.00 refunded instead"
    assert sum(said in message["text"] for message in town.messages(phone)) == 2


def test_the_reminder_of_a_changed_quote_tells_its_amounts(town: Town) -> None:
    phone = "17000000980"
    case = delivered(phone=phone).apply(a_return((1, 1)))
    case.approve()
    case.send()
    case.receive({1: (5_000, "屏幕有划痕")})
    case.execute()
    now = case.now + timedelta(days=6)
    mind_waiting(case.customer_id, case.case_id, now=now)
    tell_of_case(case.customer_id, case.case_id, case.view.steps[-1].seq, now=now)
    assert any("应退 1,000.00 元 变为 950.00 元" in message["text"] for message in town.messages(phone))


def test_an_old_step_is_no_news(town: Town) -> None:
    case = delivered(phone="17000000977").apply(FAULTY)
    step = CaseStep.objects.get(customer_id=case.customer_id)
    later = clock.end_of_business_day(clock.business_date(case.now).replace(year=2027))
    assert tell_of_case(case.customer_id, case.case_id, step.seq, now=later) is False
    assert town.messages("17000000977") == []


@pytest.mark.parametrize("message", [message for message in Message if message.startswith("case_")])
def test_every_message_says_the_same_in_both_languages(message: Message) -> None:
    zh, en = TEXTS[message, "zh"], TEXTS[message, "en"]
    assert {part.partition("}")[0] for part in zh.split("${")[1:]} == {
        part.partition("}")[0] for part in en.split("${")[1:]
    }
