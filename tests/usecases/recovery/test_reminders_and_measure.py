"""A reminder rings once, if the sum is still owed; solved failures are counted by cause."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fenqi.channels.interface import ChannelReply
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import Customer, PaymentAttempt, RetryReminder, SupportThread
from fenqi.usecases import clock
from fenqi.usecases.recovery.remind import NothingToRemindOf, ask_reminder, send_reminder
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.repayment.start import StartedRepayment
from fenqi.usecases.support.recovery_measure import Measured, measure_recovery
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = Verdict(Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE, RetryMark.NEW_ATTEMPT)


def told(plan: Bought, started: StartedRepayment, outcome: Outcome, now: datetime, **more: Any) -> None:
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)
    reply = ChannelReply(outcome=outcome, out_trade_no=attempt.out_trade_no, **more)
    settle_attempt(plan.customer_id, attempt.id, reply, actor="channel:alipay", now=now)


def failed(order_no: str, now: datetime) -> tuple[Bought, StartedRepayment]:
    plan = bought(order_no)
    started = plan.start(1, now=now)
    told(plan, started, Outcome.FAILED, now, verdict=SHORT)
    return plan, started


def reachable(plan: Bought, phone: str, language: str = "zh-hans") -> None:
    Customer.objects.filter(id=plan.customer_id).update(phone_encrypted=personal.encrypt(phone), language=language)


@pytest.mark.requirement("R140")
@pytest.mark.parametrize(
    ("language", "phone", "words"),
    [("zh-hans", "17000000991", "您要的提醒"), ("en", "17000000992", "You asked to be reminded")],
)
def test_a_reminder_comes_once_in_the_customers_language(town: Town, language: str, phone: str, words: str) -> None:
    now = datetime.now(UTC)
    plan, started = failed("o-1", now)
    reachable(plan, phone, language)
    at = ask_reminder(plan.customer_id, started.payment_id, now=now)
    assert ask_reminder(plan.customer_id, started.payment_id, now=now + timedelta(minutes=5)) == at
    assert at > now
    reminder = RetryReminder.objects.get(customer_id=plan.customer_id)
    assert [send_reminder(plan.customer_id, reminder.id, now=at) for _ in range(2)] == [True, False]
    messages = town.ask("sms", phone=phone)["messages"]
    assert len(messages) == 1
    assert words in str(messages[0])
    assert "100.00" in str(messages[0])


def test_a_reminder_of_what_was_paid_meanwhile_is_dropped(town: Town) -> None:
    now = datetime.now(UTC)
    plan, started = failed("o-1", now)
    reachable(plan, "17000000993")
    ask_reminder(plan.customer_id, started.payment_id, now=now)
    plan.record(10_000, on=clock.business_date(now), now=now, key="counter")
    reminder = RetryReminder.objects.get(customer_id=plan.customer_id)
    assert not send_reminder(plan.customer_id, reminder.id, now=now)
    assert RetryReminder.objects.get(customer_id=plan.customer_id).state == "dropped"
    assert town.ask("sms", phone="17000000993")["messages"] == []


def test_there_is_nothing_to_remind_of_while_the_outcome_is_unknown(town: Town) -> None:
    now = datetime.now(UTC)
    plan = bought()
    started = plan.start(1, now=now)
    told(plan, started, Outcome.UNKNOWN, now)
    with pytest.raises(NothingToRemindOf):
        ask_reminder(plan.customer_id, started.payment_id, now=now)


@pytest.mark.requirement("R181")
def test_solved_failures_are_counted_by_cause_with_and_without_an_agent(town: Town) -> None:
    now = datetime.now(UTC)
    for number in range(4):
        plan, started = failed(f"o-{number}", now)
        if number == 3:
            continue
        if number == 2:
            SupportThread.objects.create(
                id=new_id(),
                customer_id=plan.customer_id,
                topic="repayment_failed",
                payment_id=started.payment_id,
                state="waiting",
                ticket_no="100000009",
                language="zh-hans",
                opened_at=now + timedelta(minutes=1),
                updated_at=now,
                due_at=now + timedelta(minutes=31),
                customer_read_no=0,
                staff_read_no=0,
            )
        later = now + timedelta(minutes=10 * (number + 1))
        plan.record(10_000, on=clock.business_date(now), now=later, key=f"k{number}")
    today = clock.business_date(now)
    found = measure_recovery(today, today)
    total = Measured(category="", failed=4, solved=3, alone=2, median=timedelta(minutes=20))
    assert found.total == total
    assert found.by_cause == (replace(total, category="insufficient_balance"),)
    assert found.total.share_alone == 50
    nothing = measure_recovery(date(2020, 1, 1), date(2020, 1, 2))
    assert (nothing.total.failed, nothing.by_cause) == (0, ())
