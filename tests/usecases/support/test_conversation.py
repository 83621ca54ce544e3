"""A conversation begins with its story, has one agent at a time, and loses and doubles nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fenqi.channels.interface import ChannelReply
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.records.models import AuditRecord, SupportThread
from fenqi.usecases import rate_limits
from fenqi.usecases.rate_limits import TooManyRequests
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import NotPermitted, Staff, staff_member
from fenqi.usecases.support.conversation import (
    LONGEST_MESSAGE,
    answer,
    close,
    list_threads,
    open_thread,
    say,
    thread_view,
)
from fenqi.usecases.support.desk import queue
from fenqi.usecases.support.errors import ChangedHands, MessageRefused, TakenByAnother
from fenqi.usecases.support.holding import take, take_over
from fenqi.usecases.support.service_desk import service_desk
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SHORT = Verdict(Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE, RetryMark.NEW_ATTEMPT)
Hire = Callable[..., Staff]


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


@pytest.fixture
def hire() -> Hire:
    def make(name: str, role: str = "agent") -> Staff:
        account = create_staff(username=name, password="three-blue-teapots-1987", role=role, actor="system", now=NOW)
        staff = staff_member(account)
        assert staff
        return staff

    return make


@pytest.mark.requirement("R134")
def test_the_story_is_attached_by_itself(plan: Bought) -> None:
    started = plan.start(1, now=datetime.now(UTC))  # the channel takes no order whose time is over
    reply = ChannelReply(outcome=Outcome.FAILED, out_trade_no="x", code="ACQ.BUYER_BALANCE_NOT_ENOUGH", verdict=SHORT)
    settle_attempt(plan.customer_id, started.attempt_id, reply, actor="channel:alipay", now=NOW)

    thread_id, again = (
        open_thread(plan.customer_id, payment_id=started.payment_id, language="zh-hans", now=NOW) for _ in range(2)
    )
    assert again == thread_id
    thread = thread_view(plan.customer_id, thread_id)
    assert thread.topic == "repayment_failed"
    (attempt,) = thread.story["attempts"]
    assert (attempt["channel"], attempt["code"], attempt["category"]) == (
        "alipay",
        "ACQ.BUYER_BALANCE_NOT_ENOUGH",
        "insufficient_balance",
    )
    assert attempt["shown"].startswith("账户余额不足")
    assert thread.story["plan"]["outstanding_minor"] == 120_000
    assert thread.story["payment"]["amount_minor"] == 10_000


@pytest.mark.requirement("R132", "R135")
def test_an_agent_answers_and_closes_and_the_customer_may_go_on(plan: Bought, hire: Hire) -> None:
    agent = hire("lin")
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language="en", now=NOW)
    for _ in range(2):
        say(plan.customer_id, thread_id, "  Why?\r\n<b>Tell me</b>\x00 ", request_key="m1", now=NOW)
    (waiting,) = queue(agent)
    assert (waiting.thread.thread_id, waiting.last_words) == (thread_id, "Why?\n<b>Tell me</b>")
    for _ in range(2):
        answer(agent, plan.customer_id, thread_id, "Because.", request_key="a1", now=NOW)
    thread = thread_view(plan.customer_id, thread_id)
    assert [(one.message_no, one.by_customer, one.staff_name) for one in thread.messages] == [
        (1, True, ""),
        (2, False, "lin"),
    ]
    assert queue(agent) == ()
    close(agent, plan.customer_id, thread_id, now=NOW)
    say(plan.customer_id, thread_id, "One more thing", request_key="m2", now=NOW)
    assert [line.thread.thread_id for line in queue(agent)] == [thread_id]
    acts = AuditRecord.objects.filter(customer_id=plan.customer_id, actor=agent.actor).order_by("at", "id")
    assert set(acts.values_list("action", flat=True)) == {
        "conversation_taken",
        "conversation_answered",
        "conversation_closed",
    }


@pytest.mark.requirement("R172")
def test_a_conversation_has_one_agent_at_a_time(plan: Bought, hire: Hire) -> None:
    first, second = hire("lin"), hire("wu")
    thread_id = open_thread(plan.customer_id, language="en", now=NOW)
    take(first, plan.customer_id, thread_id, now=NOW)
    with pytest.raises(TakenByAnother):
        answer(second, plan.customer_id, thread_id, "Me too", request_key="a", now=NOW)
    with pytest.raises(TakenByAnother):
        close(second, plan.customer_id, thread_id, now=NOW)
    with pytest.raises(ChangedHands):
        take(second, plan.customer_id, thread_id, now=NOW)
    take_over(second, plan.customer_id, thread_id, holder=first.actor, reason="lin is ill", now=NOW)
    answer(second, plan.customer_id, thread_id, "Now it is mine", request_key="a", now=NOW)
    assert thread_view(plan.customer_id, thread_id).agent_name == "wu"


def test_the_longest_wait_is_first_and_a_second_message_keeps_the_place(plan: Bought, hire: Hire) -> None:
    other = bought()
    first = open_thread(plan.customer_id, language="en", now=NOW)
    second = open_thread(other.customer_id, language="en", now=NOW + timedelta(minutes=1))
    say(plan.customer_id, first, "Hello?", request_key="m", now=NOW + timedelta(minutes=2))
    assert [line.thread.thread_id for line in queue(hire("lin"))] == [first, second]


def test_finance_does_not_answer_customers(plan: Bought, hire: Hire) -> None:
    thread_id = open_thread(plan.customer_id, language="en", now=NOW)
    with pytest.raises(NotPermitted):
        answer(hire("gao", "finance"), plan.customer_id, thread_id, "Hello", request_key="a", now=NOW)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * (LONGEST_MESSAGE + 1)])
def test_nothing_and_too_much_are_refused(plan: Bought, text: str) -> None:
    thread_id = open_thread(plan.customer_id, language="en", now=NOW)
    with pytest.raises(MessageRefused):
        say(plan.customer_id, thread_id, text, request_key="m", now=NOW)


def test_messages_are_rationed(plan: Bought) -> None:
    thread_id = open_thread(plan.customer_id, language="en", now=NOW)
    for n in range(30):
        say(plan.customer_id, thread_id, "again", request_key=f"m{n}", now=NOW)
    with pytest.raises(TooManyRequests):
        say(plan.customer_id, thread_id, "again", request_key="m30", now=NOW)
    assert len(thread_view(plan.customer_id, thread_id).messages) == 30


def test_another_customers_conversation_is_not_found(plan: Bought) -> None:
    other = bought()
    thread_id = open_thread(plan.customer_id, language="en", now=NOW)
    started = plan.start(1, now=NOW)
    with pytest.raises(NotFound):
        thread_view(other.customer_id, thread_id)
    with pytest.raises(NotFound):
        say(other.customer_id, thread_id, "Mine", request_key="m", now=NOW)
    with pytest.raises(FenqiError):
        open_thread(other.customer_id, payment_id=started.payment_id, language="en", now=NOW)
    assert list_threads(other.customer_id) == ()
    assert not SupportThread.objects.filter(customer_id=other.customer_id).exists()


@pytest.mark.requirement("R133")
@pytest.mark.parametrize(("hour", "is_open"), [(0, False), (1, True), (12, True), (13, False)])  # UTC
def test_the_desk_says_when_it_is_open(hour: int, is_open: bool) -> None:  # noqa: FBT001 - a parameter of the test
    desk = service_desk(NOW.replace(hour=hour))
    assert (desk.is_open, desk.hours) == (is_open, "9:00–21:00")
