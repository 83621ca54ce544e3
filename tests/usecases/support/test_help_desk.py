"""The desk: promises kept or alarmed, one responsible agent, notes customers never see, promised calls."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from fenqi.domain.errors import FenqiError
from fenqi.records.models import (
    AuditRecord,
    OutboxMessage,
    SavedAnswer,
    SupportEvent,
    SupportMessage,
    SupportThread,
)
from fenqi.usecases import rate_limits
from fenqi.usecases.notices import support_news
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.reconciliation.support_laws import SUPPORT_LAWS
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import Staff, staff_member
from fenqi.usecases.support import callbacks, holding, notes, saved_answers
from fenqi.usecases.support.conversation import (
    Place,
    answer,
    close,
    has_read,
    open_for_customer,
    open_thread,
    say,
    thread_view,
    unread,
)
from fenqi.usecases.support.desk import Which, calls_due, counts, find_ticket, queue, waiting_tickets
from fenqi.usecases.support.errors import (
    ChangedHands,
    MessageRefused,
    NoSuchAgent,
    NoSuchTime,
    NothingToRate,
    NotYours,
    TakenByAnother,
)
from fenqi.usecases.support.promises import raise_alarms, wait_now
from fenqi.usecases.support.rating import Helped, rate
from fenqi.usecases.support.talks import talks_of
from malls import Bought, a_customer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)  # noon at the mall
NIGHT = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 23:00
Hire = Callable[..., Staff]
LAWS = {law.name for law in SUPPORT_LAWS}


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought("MM-desk")


@pytest.fixture
def hire() -> Hire:
    def make(name: str, role: str = "agent") -> Staff:
        account = create_staff(username=name, password="three-blue-teapots-1987", role=role, actor="system", now=NOW)
        staff = staff_member(account)
        assert staff
        return staff

    return make


def a_ticket(plan: Bought, *, now: datetime = NOW) -> SupportThread:
    thread_id = open_thread(plan.customer_id, plan_id=plan.plan_id, language="zh-hans", now=now)
    return SupportThread.objects.get(customer_id=plan.customer_id, id=thread_id)


@pytest.mark.requirement("R133", "R168")
def test_out_of_hours_a_promise_is_made_and_kept_or_alarmed_once(plan: Bought, hire: Hire) -> None:
    agent, ticket = hire("lin"), a_ticket(plan, now=NIGHT)
    morning = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)  # 9:30, half an hour after opening
    assert ticket.due_at == morning
    assert raise_alarms(now=morning) == 0
    late = morning + timedelta(minutes=1)
    assert [raise_alarms(now=late), raise_alarms(now=late)] == [1, 0]
    thread = thread_view(plan.customer_id, ticket.id, now=late)
    assert (thread.is_late, [event.kind.value for event in thread.events]) == (True, ["late"])
    assert counts(agent, now=late).late == 1
    answer(agent, plan.customer_id, ticket.id, "Sorry, here it is.", request_key="a", now=late)
    told = SupportEvent.objects.get(customer_id=plan.customer_id, kind="answered").details
    assert (told["kept"], told["waited_seconds"]) == (False, int((late - NIGHT).total_seconds()))
    found = counts(agent, now=late)
    assert (found.late, found.kept, found.broken) == (0, 0, 1)
    assert raise_alarms(now=late + timedelta(days=1)) == 0


def test_a_second_message_keeps_the_promise_of_the_first_and_an_answer_ends_it(plan: Bought, hire: Hire) -> None:
    ticket = a_ticket(plan)
    say(plan.customer_id, ticket.id, "Hello?", request_key="1", now=NOW + timedelta(minutes=20))
    assert thread_view(plan.customer_id, ticket.id).due_at == NOW + timedelta(minutes=30)
    answer(hire("lin"), plan.customer_id, ticket.id, "Yes", request_key="a", now=NOW + timedelta(minutes=21))
    assert thread_view(plan.customer_id, ticket.id).due_at is None
    say(plan.customer_id, ticket.id, "And?", request_key="2", now=NOW + timedelta(hours=1))
    assert thread_view(plan.customer_id, ticket.id).due_at == NOW + timedelta(hours=1, minutes=30)


def test_the_queue_is_in_the_order_of_the_promises_and_the_wait_is_told_from_it(plan: Bought, hire: Hire) -> None:
    agent, others = hire("lin"), [bought() for _ in range(5)]
    for n, one in enumerate(others):
        ticket = a_ticket(one, now=NOW - timedelta(minutes=60 - n))
        answer(agent, one.customer_id, ticket.id, "Yes", request_key="a", now=NOW - timedelta(minutes=48 - n))
    first = a_ticket(plan, now=NOW - timedelta(minutes=2))
    assert waiting_tickets() == 1
    wait = wait_now(now=NOW, before=first.due_at)
    assert (wait.ahead, wait.expected) == (0, timedelta(minutes=15))
    assert wait_now(now=NOW).ahead == 1
    assert [line.thread.thread_id for line in queue(agent)] == [first.id]
    assert len(queue(agent, which=Which.MINE)) == 5
    assert [line.thread.thread_id for line in queue(agent, which=Which.NOBODYS)] == [first.id]


@pytest.mark.requirement("R135", "R172")
def test_two_agents_take_one_ticket_at_once_and_the_second_is_told(plan: Bought, hire: Hire) -> None:
    ticket, agents = a_ticket(plan), [hire("lin"), hire("wu"), hire("mei")]

    def takes(staff: Staff) -> str:
        try:
            holding.take(staff, plan.customer_id, ticket.id, now=NOW)
        except FenqiError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(3) as pool:
        outcomes = sorted(pool.map(takes, agents))
    assert outcomes == ["taken", "ticket_changed_hands", "ticket_changed_hands"]
    assert SupportEvent.objects.filter(customer_id=plan.customer_id, kind="taken").count() == 1


@pytest.mark.requirement("R135", "R172")
def test_two_agents_answer_at_once_and_one_answer_is_sent(plan: Bought, hire: Hire) -> None:
    ticket, agents = a_ticket(plan), [hire("lin"), hire("wu")]

    def answers(staff: Staff) -> str:
        try:
            answer(staff, plan.customer_id, ticket.id, f"{staff.username} here", request_key=staff.username, now=NOW)
        except TakenByAnother as refusal:
            return str(refusal.details["name"])
        finally:
            connection.close()
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(answers, agents))
    sender = agents[outcomes.index("sent")]
    assert set(outcomes) == {"sent", sender.username}
    assert len(thread_view(plan.customer_id, ticket.id).messages) == 1


@pytest.mark.requirement("R172")
def test_a_ticket_is_handed_over_with_its_story_and_only_by_who_has_it(plan: Bought, hire: Hire) -> None:
    first, second, clerk = hire("lin"), hire("wu"), hire("gao", "finance")
    ticket = a_ticket(plan)

    def hand(staff: Staff, to: Staff) -> None:
        holding.hand_over(
            staff, plan.customer_id, ticket.id, to=to.account_id, note="needs a refund", request_key="h", now=NOW
        )

    with pytest.raises(NotYours):
        hand(first, second)
    holding.take(first, plan.customer_id, ticket.id, now=NOW)
    with pytest.raises(NoSuchAgent):
        hand(first, clerk)
    hand(first, second)
    hand(first, second)
    thread = thread_view(plan.customer_id, ticket.id)
    assert thread.agent_name == "wu"
    event = thread.events[-1]
    assert (event.kind.value, event.by, event.to, event.text) == ("handed_over", "lin", "wu", "needs a refund")
    with pytest.raises(TakenByAnother):
        answer(first, plan.customer_id, ticket.id, "One more", request_key="x", now=NOW)
    with pytest.raises(ChangedHands):
        holding.take_over(first, plan.customer_id, ticket.id, holder="", reason="mine", now=NOW)
    holding.release(second, plan.customer_id, ticket.id, note="end of my day", now=NOW)
    assert thread_view(plan.customer_id, ticket.id).agent == ""
    assert [one.username for one in holding.colleagues(first)] == ["wu"]
    acts = AuditRecord.objects.filter(customer_id=plan.customer_id).values_list("action", flat=True)
    assert {"ticket_handed_over", "ticket_released"} <= set(acts)


@pytest.mark.requirement("R174")
def test_notes_and_calls_are_kept_and_told_to_no_customer(plan: Bought, hire: Hire) -> None:
    agent, ticket = hire("lin"), a_ticket(plan)
    for _ in range(2):
        notes.add_note(agent, plan.customer_id, ticket.id, "He sounds upset", request_key="n", now=NOW)
    notes.log_call(agent, plan.customer_id, ticket.id, "Asked for the date", way="in", request_key="c", now=NOW)
    thread = thread_view(plan.customer_id, ticket.id)
    assert thread.messages == ()
    assert [(event.kind.value, event.text) for event in thread.events] == [
        ("note", "He sounds upset"),
        ("call", "Asked for the date"),
    ]
    kinds = [moment.kind for moment in talks_of(plan.customer_id, now=NOW).moments]
    assert sorted(kinds) == ["call", "note", "opened"]


def test_a_ticket_is_opened_for_who_calls_and_found_by_the_number_read_out(plan: Bought, hire: Hire) -> None:
    agent = hire("lin")
    thread_id = open_for_customer(agent, plan.customer_id, language="zh-hans", now=NOW)
    thread = thread_view(plan.customer_id, thread_id)
    assert (thread.agent_name, thread.story["place"]) == ("lin", "telephone")
    assert find_ticket(thread.spoken_no) == (plan.customer_id, thread_id)
    misheard = f"{thread.ticket_no[:-1]}{(int(thread.ticket_no[-1]) + 1) % 10}"
    assert find_ticket(misheard) is None


@pytest.mark.requirement("R134", "R165", "R175")
def test_what_the_page_was_about_is_attached(plan: Bought) -> None:
    thread_id = open_thread(plan.customer_id, order_id=plan.order_id, place=Place.ORDER, language="zh-hans", now=NOW)
    thread = thread_view(plan.customer_id, thread_id)
    assert (thread.topic, thread.order_id, thread.story["order"]["order_no"]) == ("order", plan.order_id, "o-MM-desk")
    stranger = bought()
    with pytest.raises(FenqiError):
        open_thread(stranger.customer_id, order_id=plan.order_id, language="zh-hans", now=NOW)


def test_closed_it_is_rated_once_and_written_to_again(plan: Bought, hire: Hire) -> None:
    agent, ticket = hire("lin"), a_ticket(plan)
    with pytest.raises(NothingToRate):
        rate(plan.customer_id, ticket.id, Helped.YES, now=NOW)
    answer(agent, plan.customer_id, ticket.id, "Done", request_key="a", now=NOW)
    close(agent, plan.customer_id, ticket.id, note="paid by another card", now=NOW)
    rate(plan.customer_id, ticket.id, Helped.PARTLY, comment="slow", now=NOW)
    with pytest.raises(NothingToRate):
        rate(plan.customer_id, ticket.id, Helped.YES, now=NOW)
    assert counts(agent, now=NOW).not_helped == 1
    say(plan.customer_id, ticket.id, "Not done", request_key="b", now=NOW)
    thread = thread_view(plan.customer_id, ticket.id)
    assert thread.is_waiting
    assert thread.agent_name == "lin"
    assert thread.rating is None
    assert [event.kind.value for event in thread.events] == ["taken", "answered", "closed", "rated", "reopened"]


@pytest.mark.parametrize("length", [1001, 100_000])
def test_what_is_too_long_is_refused_and_nothing_is_kept_of_it(plan: Bought, length: int) -> None:
    ticket = a_ticket(plan)
    with pytest.raises(MessageRefused) as refusal:
        say(plan.customer_id, ticket.id, "长" * length, request_key="m", now=NOW)
    assert str(length) in refusal.value.text("zh-hans")
    assert not SupportMessage.objects.filter(customer_id=plan.customer_id).exists()


def test_an_answer_that_was_not_read_is_told_of_once(plan: Bought, hire: Hire, town: Town) -> None:
    a_customer("MM-desk", phone="17000000977")
    ticket = a_ticket(plan)
    answer(hire("lin"), plan.customer_id, ticket.id, "Here", request_key="a", now=NOW)
    (queued,) = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="tell_of_answer")
    assert queued.not_before == NOW + timedelta(minutes=3)
    assert unread(plan.customer_id)[ticket.id] == 1
    assert support_news.tell_of_answer(plan.customer_id, ticket.id, 1, now=NOW)
    assert not support_news.tell_of_answer(plan.customer_id, ticket.id, 1, now=NOW)
    has_read(plan.customer_id, ticket.id, up_to=1)
    assert unread(plan.customer_id).total() == 0


def test_a_call_is_simulated_promised_once_told_and_ended(plan: Bought, hire: Hire) -> None:
    agent, ticket = hire("lin"), a_ticket(plan)
    at = NOW + timedelta(hours=2)
    plan_of = callbacks.simulate(agent, plan.customer_id, ticket.id, from_at=at, now=NOW)
    assert plan_of.until_at == at + timedelta(hours=1)
    assert callbacks.calls_of(plan.customer_id) == ()
    ids = {
        callbacks.plan_call(agent, plan.customer_id, ticket.id, from_at=at, reason="the refund", now=NOW)
        for _ in range(2)
    }
    later = callbacks.plan_call(
        agent, plan.customer_id, ticket.id, from_at=at + timedelta(hours=1), reason="the refund", now=NOW
    )
    states = {call.callback_id: call.state.value for call in callbacks.calls_of(plan.customer_id)}
    assert states == {ids.pop(): "called_off", later: "planned"}
    (due,) = calls_due(agent, now=at + timedelta(hours=3))
    assert due.is_late
    for _ in range(2):
        callbacks.end_call(agent, plan.customer_id, later, was_made=True, outcome="all clear", now=at)
    assert calls_due(agent, now=at) == ()
    kinds = [event.kind.value for event in thread_view(plan.customer_id, ticket.id).events]
    assert kinds == ["callback", "callback", "call"]


@pytest.mark.parametrize("hours", [-1, 0, 9, 15, 24 * 15])  # past, now, 21:00, at night, too far
def test_nobody_is_called_at_night_or_in_the_past(plan: Bought, hire: Hire, hours: int) -> None:
    ticket = a_ticket(plan)
    with pytest.raises(NoSuchTime):
        callbacks.plan_call(
            hire("lin"), plan.customer_id, ticket.id, from_at=NOW + timedelta(hours=hours), reason="x", now=NOW
        )


@pytest.mark.parametrize(
    ("law", "column", "value"),
    [("who_has_a_ticket_was_given_it", "agent", "staff:nobody"), ("a_tickets_number_leads_to_it", "ticket_no", "1")],
)
def test_fenqi_check_finds_a_ticket_that_was_tampered_with(
    plan: Bought, hire: Hire, law: str, column: str, value: str
) -> None:
    ticket = a_ticket(plan)
    answer(hire("lin"), plan.customer_id, ticket.id, "Yes", request_key="a", now=NOW)
    assert not [found for found in check_books() if found.law in LAWS]
    SupportThread.objects.filter(customer_id=plan.customer_id, id=ticket.id).update(**{column: value})
    assert [found.law for found in check_books() if found.law in LAWS] == [law]


def test_fenqi_check_finds_a_message_that_is_missing(plan: Bought) -> None:
    ticket = a_ticket(plan)
    SupportMessage.objects.create(
        customer_id=plan.customer_id,
        thread_id=ticket.id,
        message_no=2,
        author="customer",
        text="second",
        request_key="2",
        at=NOW,
    )
    assert [found.law for found in check_books() if found.law in LAWS] == ["messages_count_from_one"]


def test_a_saved_answer_is_filled_from_the_story_in_the_customers_language(plan: Bought, hire: Hire) -> None:
    thread = thread_view(plan.customer_id, a_ticket(plan).id)
    told = saved_answers.filled("still-to-repay", thread, now=NOW)
    assert "青屿 X2 手机" in told
    assert "1,200.00 元" in told
    assert "o-MM-desk" in told
    first = saved_answers.standing_answers(topic="repayment_failed")[0]
    assert first.topic == "repayment_failed"
    assert "{amount}" in saved_answers.filled("short-of-money", thread, now=NOW)
    assert SavedAnswer.objects.filter(version=1).count() >= 6
