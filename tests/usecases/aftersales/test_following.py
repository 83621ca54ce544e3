"""What happens by itself: money is followed to its arrival, customers are reminded, bills are paused and resumed."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from structlog.testing import capture_logs

from fenqi.channels.interface import RefundReply
from fenqi.domain.aftersales.cases import CaseSignal, CaseState, Party
from fenqi.domain.aftersales.deadlines import Clock, Deadline
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import InvalidInput
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.plans import late_fees
from fenqi.records.models import JournalEntry, NoFaultPeriod, OutboxMessage, Refund, RefundRoute, RefundStatus
from fenqi.usecases import clock, plan_file
from fenqi.usecases.aftersales import pauses, review, rules_of_case
from fenqi.usecases.aftersales.exchange import send_replacement
from fenqi.usecases.aftersales.queries import late_cases
from fenqi.usecases.aftersales.sweep import queue_what_is_due, tell_of_late_cases
from fenqi.usecases.aftersales.views import StageName, StageState
from fenqi.usecases.aftersales.waiting import mind_waiting
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.agreements.planning import debit_quote
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.queries import Holder
from fenqi.usecases.refunds.resolve import look_at_arrival
from fenqi.usecases.refunds.settle import settle_leg
from fenqi.usecases.repayment.queries import bills, plan_view
from returned import Case, Returning, a_return, delivered
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
ALL = a_return((1, 1), (2, 4))
FAULTY = a_return((2, 2), kind=WishKind.REFUND_ONLY, reason=Reason.FAULTY)


def topics(case: Case) -> list[str]:
    messages = OutboxMessage.objects.filter(customer_id=case.customer_id).order_by("created_at", "id")
    return list(messages.values_list("topic", flat=True))


def refuse(case: Case, note: str) -> None:
    words = {"rule": "faulty_goods", "next_step": "contact", "note": note}
    review.reject(agent(), case.customer_id, case.case_id, now=case.now, **words)


def queued() -> list[tuple[str, UUID]]:
    """The jobs about cases, and which, in their order."""
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="_case").order_by("id")
    return [(name, UUID(args["case_id"])) for name, args in jobs.values_list("task_name", "args")]


@pytest.fixture
def refunding(town: Town) -> Case:
    """100.00 was paid over Alipay; all goods are back, and the money is on its way."""
    order = delivered()
    order.repay(1, key="first")
    case = order.apply(ALL)
    assert case.up_to_the_money() is CaseState.REFUNDING
    case.send_money()
    return case


# Arrival -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R047", "R073", "R074")
def test_it_is_completed_once_the_last_day_has_passed_and_the_channel_still_says_paid(refunding: Case) -> None:
    assert refunding.follow() is CaseState.REFUNDING
    (leg,) = refunding.legs()
    assert (leg.channel, leg.route, leg.state) == ("alipay", RefundRoute.ORIGINAL, "succeeded")
    assert refunding.view.holder in (Holder.RECEIVER, Holder.CUSTOMER)
    assert leg.expected_by is not None
    after = clock.end_of_business_day(leg.expected_by) + timedelta(hours=1)
    assert look_at_arrival(refunding.customer_id, leg.id, now=after)
    assert topics(refunding).count("follow_case") >= 2, "each news of the leg has the case looked at"
    assert refunding.follow(now=after) is CaseState.COMPLETED
    view = refunding.view
    assert (view.holder, view.arrived_minor) == (Holder.CUSTOMER, 10_000)
    assert [stage.state for stage in view.stages] == [StageState.DONE] * 6


def test_money_that_comes_back_from_the_customers_bank_opens_it_again(refunding: Case) -> None:
    refunding.let_arrive()
    assert refunding.follow() is CaseState.COMPLETED
    (leg,) = refunding.legs()
    verdict = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER)
    told = RefundReply(outcome=Outcome.FAILED, verdict=verdict, out_trade_no="", out_request_no=leg.out_refund_no)
    settle_leg(leg.customer_id, leg.id, told, now=refunding.now)
    assert refunding.follow() is CaseState.REFUNDING
    assert refunding.row.closed_at is None
    assert [(one.route, one.state) for one in refunding.legs()] == [("original", "returned"), ("transfer", "created")]
    refunding.let_arrive()
    assert refunding.follow() is CaseState.COMPLETED
    assert refunding.signals[-3:] == ["arrived", "came_back", "arrived"]


def test_a_lost_message_of_money_that_came_back_is_made_up_for_by_the_sweep(refunding: Case) -> None:
    later = refunding.now + timedelta(days=10)
    refunding.let_arrive()
    assert refunding.follow() is CaseState.COMPLETED
    (leg,) = refunding.legs()
    Refund.objects.filter(customer_id=leg.customer_id, id=leg.refund_id).update(status=RefundStatus.COMPLETED)
    assert queue_what_is_due(now=later) == 0
    verdict = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER)
    told = RefundReply(outcome=Outcome.FAILED, verdict=verdict, out_trade_no="", out_request_no=leg.out_refund_no)
    settle_leg(leg.customer_id, leg.id, told, now=refunding.now)
    assert queue_what_is_due(now=later) == 1
    assert queued() == [("follow_case", refunding.case_id)]
    assert refunding.follow() is CaseState.REFUNDING


def test_what_is_late_is_traced_once_and_told_of(refunding: Case) -> None:
    (leg,) = refunding.legs()
    assert leg.expected_by is not None
    late = clock.end_of_business_day(leg.expected_by) + timedelta(days=1)
    with capture_logs() as logs:
        for _ in range(2):
            assert refunding.follow(now=late) is CaseState.REFUNDING
    assert [log["event"] for log in logs].count("refund_late") == 1
    assert refunding.signals.count("traced") == 1
    traced = refunding.view.steps[-1]
    assert traced.details["numbers"] == [leg.out_refund_no]


@pytest.mark.requirement("R060")
def test_the_stages_say_who_is_at_work_and_by_when(refunding: Case) -> None:
    stages = {stage.name: stage for stage in refunding.view.stages}
    assert list(stages) == [
        StageName.APPLICATION,
        StageName.REVIEW,
        StageName.GOODS,
        StageName.INSPECTION,
        StageName.REFUND,
        StageName.ARRIVAL,
    ]
    assert (stages[StageName.ARRIVAL].state, stages[StageName.ARRIVAL].by_us) == (StageState.NOW, False)
    assert stages[StageName.ARRIVAL].expected_on == refunding.legs()[0].expected_by
    assert stages[StageName.REVIEW].at is not None


# Waiting for the customer --------------------------------------------------------------------------------------------


def test_goods_that_are_not_sent_are_reminded_of_and_then_the_case_is_closed() -> None:
    order = delivered()
    case = order.apply(ALL)
    case.approve()
    due_on = case.row.goods_due_on
    assert due_on is not None

    def mind(days: int) -> CaseState:
        return mind_waiting(case.customer_id, case.case_id, now=order.now + timedelta(days=days))

    assert mind(1) is CaseState.GOODS_AWAITED
    assert case.signals[-1] == "goods_called"
    for _ in range(2):
        assert mind(6) is CaseState.GOODS_AWAITED
    assert case.signals.count("reminded") == 1
    assert mind(8) is CaseState.WITHDRAWN
    assert case.signals[-1] == "expired"
    assert mind(9) is CaseState.WITHDRAWN


def test_a_parcel_under_way_keeps_the_case_open() -> None:
    order = delivered()
    case = order.apply(ALL)
    case.approve()
    case.send()
    assert mind_waiting(case.customer_id, case.case_id, now=order.now + timedelta(days=30)) is CaseState.GOODS_AWAITED
    assert "reminded" not in case.signals


def test_a_parcel_that_never_comes_is_looked_for_by_a_person_who_may_close_the_case() -> None:
    order = delivered()
    case = order.apply(ALL)
    case.approve()
    case.send()
    corrected = replace(case, now=case.now + timedelta(days=10))
    corrected.send()

    def late(days: int) -> list[tuple[UUID, Party, Deadline | None]]:
        rows = late_cases(now=order.now + timedelta(days=days))
        return [(row.case_id, row.waits_for, row.deadlines.binding) for row in rows]

    assert late(15) == [], "it may come on the fifteenth day"
    told = Deadline(Clock.CUSTOMER, clock.business_date(order.now + timedelta(days=15)))
    assert late(16) == [(case.case_id, Party.STAFF, told)], "a corrected number begins nothing anew"
    with clock.stopped(order.now + timedelta(days=16)):
        assert case.view.deadlines.is_late
    refuse(case, "包裹一直没有到，请联系快递公司查询")
    assert case.state == CaseState.REJECTED
    assert late(16) == []
    (pause,) = NoFaultPeriod.objects.filter(customer_id=case.customer_id)
    assert pause.ends_at == case.now


def test_evidence_that_does_not_come_closes_the_case_too() -> None:
    case = delivered().apply(FAULTY)
    review.ask_for_more(agent(), case.customer_id, case.case_id, note="照片?", now=case.now)
    for days, state in ((6, CaseState.EVIDENCE_ASKED), (8, CaseState.WITHDRAWN)):
        assert mind_waiting(case.customer_id, case.case_id, now=case.now + timedelta(days=days)) is state


def test_a_changed_quote_is_reminded_of_and_never_closed() -> None:
    case = delivered().apply(ALL)
    case.approve()
    case.send()
    case.receive({1: (5_000, "屏幕有划痕")})
    case.execute()
    for days in (6, 30, 60):
        now = case.now + timedelta(days=days)
        assert mind_waiting(case.customer_id, case.case_id, now=now) is CaseState.QUOTE_CHANGED
    assert case.signals.count("reminded") == 1


def test_a_changed_quote_without_an_answer_is_for_a_person_to_decide() -> None:
    """And only once the day has passed that its policy gives."""
    case = delivered().apply(ALL)
    case.approve()
    case.send()
    case.receive({1: (5_000, "屏幕有划痕")})
    case.execute()
    days = rules_of_case.terms(case.row).goods_due_days
    assert late_cases(now=case.now + timedelta(days=days)) == ()
    (row,) = late_cases(now=case.now + timedelta(days=days + 1))
    assert (row.case_id, row.waits_for, row.deadlines.is_late) == (case.case_id, Party.STAFF, True)
    assert tell_of_late_cases(now=case.now + timedelta(days=days + 1)) == 1
    refuse(case, "商品有人为损坏，已寄回给你")
    assert late_cases(now=case.now + timedelta(days=60)) == ()


# Bills ---------------------------------------------------------------------------------------------------------------


def overdue() -> Returning:
    """Bought two months ago: the first installment has been due for 30 days, and was not paid."""
    return delivered(days_ago=60)


def test_no_late_fee_runs_while_a_return_is_open_and_it_resumes_by_itself() -> None:
    order = overdue()
    case = order.apply(a_return((1, 1), reason=Reason.FAULTY))
    for days in (0, 10):
        today = clock.business_date(order.now + timedelta(days=days))
        view = plan_view(order.customer_id, order.plan.plan_id, today=today)
        assert [period.cause for period in view.no_fault] == ["return_open"]
        assert today in view.exempt_days
    then = order.now + timedelta(days=10)
    withdraw(case.customer_id, case.case_id, actor="customer", now=then)
    (period,) = NoFaultPeriod.objects.filter(customer_id=order.customer_id)
    assert (period.starts_at, period.ends_at, period.evidence) == (order.now, then, {"case_no": case.row.case_no})
    after = clock.business_date(then) + timedelta(days=1)
    view = plan_view(order.customer_id, order.plan.plan_id, today=after)
    assert after not in view.exempt_days
    assert clock.business_date(then) in view.exempt_days
    (currency,) = bills(order.customer_id, today=after)
    assert currency.due_soon[0].grace_until == late_fees.last_free_on(view.terms, view.state.rows[0], view.exempt_days)


def test_auto_debit_leaves_alone_what_the_return_would_take_off() -> None:
    """Two rows of 100.00 are due. A whole return disputes both; one of the cases only leaves them as they are."""
    order = overdue()
    file = plan_file.read(order.customer_id, order.plan.plan_id)
    due = debit_quote(file, most_minor=10**9, at=order.now)
    assert due is not None
    part = order.apply(a_return((2, 1), reason=Reason.FAULTY))
    still = debit_quote(file, most_minor=10**9, at=order.now)
    assert still is not None
    disputed = due.amount_minor - still.amount_minor
    assert 0 <= disputed <= 5_000
    whole = order.apply(a_return((1, 1), (2, 3), reason=Reason.FAULTY))
    assert debit_quote(file, most_minor=10**9, at=order.now) is None
    withdraw(whole.customer_id, whole.case_id, actor="customer", now=order.now)
    withdraw(part.customer_id, part.case_id, actor="customer", now=order.now)
    again = debit_quote(file, most_minor=10**9, at=order.now)
    assert again is not None
    assert again.amount_minor == due.amount_minor


def test_what_was_carried_out_is_disputed_no_more() -> None:
    order = overdue()
    case = order.apply(FAULTY)
    case.approve()
    case.execute()
    file = plan_file.read(order.customer_id, order.plan.plan_id)
    assert pauses.undisputed(file).events == file.events


# Exchange ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R039")
def test_an_exchange_leaves_the_plan_as_it_is_and_its_pieces_can_be_returned_later() -> None:
    order = delivered()
    wish = a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY)
    case = order.apply(wish)
    before = order.plan.state()
    case.approve()
    case.send()
    assert case.receive() is CaseState.REPLACING
    assert case.view.staff_may == {CaseSignal.REPLACEMENT_SENT, CaseSignal.CANNOT_REPLACE}
    assert case.execute() is CaseState.REPLACING
    send_replacement(
        agent(), case.customer_id, case.case_id, tracking_no="SF7654321000", skus={1: "X2-B"}, now=case.now
    )
    view = case.view
    assert (view.state, view.lines[0].replacement_sku) == (CaseState.COMPLETED, "X2-B")
    assert order.plan.state() == before
    assert not JournalEntry.objects.filter(customer_id=order.customer_id).exclude(code="opened").exists()
    assert order.apply(a_return()).up_to_the_money() is CaseState.COMPLETED
    assert list(check_books()) == []


@pytest.mark.requirement("R039")
def test_an_exchange_keeps_what_was_sent_for_each_line_of_the_case() -> None:
    case = delivered().apply(a_return((1, 1), (2, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case.approve()
    case.send()
    case.receive()

    def send(skus: dict[int, str]) -> None:
        send_replacement(agent(), case.customer_id, case.case_id, tracking_no="SF7654321000", skus=skus, now=case.now)

    for wrong in ({3: "X2-B"}, {1: "x" * 65}):
        with pytest.raises(InvalidInput):
            send(wrong)
    assert case.state == CaseState.REPLACING
    send({1: " X2-B ", 2: ""})
    assert [line.replacement_sku for line in case.view.lines] == ["X2-B", "CASE"], "the same goods unless said"


# By the clock --------------------------------------------------------------------------------------------------------


def test_the_sweep_queues_what_a_lost_message_would_have_moved() -> None:
    order = delivered()
    approved = order.apply(FAULTY)
    approved.approve()
    asked = order.apply(a_return((1, 1), reason=Reason.FAULTY))
    review.ask_for_more(agent(), asked.customer_id, asked.case_id, note="照片?", now=asked.now)
    assert queue_what_is_due(now=order.now) == 0, "their own messages come first"
    assert queue_what_is_due(now=order.now + timedelta(minutes=11)) == 2
    assert sorted(queued()) == sorted([("execute_case", approved.case_id), ("mind_case", asked.case_id)])


def test_however_many_wait_all_have_their_turn_and_one_job_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker comes meanwhile; then it takes one, and the next sweep queues that one again."""
    monkeypatch.setattr("fenqi.usecases.aftersales.sweep.BATCH", 2)
    orders = [delivered() for _ in range(2)]
    asked = [order.apply(a_return((2, 1), reason=Reason.FAULTY)) for order in orders for _ in range(3)]
    for case in asked:
        review.ask_for_more(agent(), case.customer_id, case.case_id, note="照片?", now=case.now)
    then = max(order.now for order in orders) + timedelta(minutes=11)
    assert queue_what_is_due(now=then) == 6
    assert {case_id for _, case_id in queued()} == {case.case_id for case in asked}
    assert queue_what_is_due(now=then) == 0
    assert len(queued()) == 6
    taken = ProcrastinateJob.objects.get(args__case_id=str(asked[0].case_id))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [taken.id])
    assert queue_what_is_due(now=then) == 1


def test_a_case_of_which_nothing_can_be_due_is_not_looked_at() -> None:
    order = delivered()
    called, sent, offered = (order.apply(a_return((2, 1))) for _ in range(3))
    for case in (called, sent, offered):
        case.approve()
    sent.send()
    offered.send()
    offered.receive({2: (500, "划痕")})
    offered.execute()
    days = timedelta(days=1)
    assert queue_what_is_due(now=order.now + days) == 1
    assert queued() == [("mind_case", offered.case_id)]
    assert queue_what_is_due(now=order.now + 5 * days) == 1, "the goods are due in two days"
    assert queued()[-1] == ("mind_case", called.case_id)
    ProcrastinateJob.objects.all()._raw_delete("default")
    mind_waiting(offered.customer_id, offered.case_id, now=order.now + 6 * days)
    assert offered.signals[-1] == "reminded"
    queue_what_is_due(now=order.now + 7 * days)
    assert queued() == [("mind_case", called.case_id)]


def test_cases_that_are_late_alert_operations() -> None:
    order = delivered()
    reviewed, asked = order.apply(a_return((1, 1))), order.apply(FAULTY)
    review.ask_for_more(agent(), asked.customer_id, asked.case_id, note="照片?", now=asked.now)
    assert tell_of_late_cases(now=order.now + timedelta(hours=47)) == 0
    with capture_logs() as logs:
        assert tell_of_late_cases(now=order.now + timedelta(hours=49)) == 1
    (told,) = [log for log in logs if log["event"] == "aftersales_case_late"]
    assert (told["case_no"], told["clock"]) == (reviewed.row.case_no, "review")
    assert tell_of_late_cases(now=order.now + timedelta(days=40)) == 1, "it is the customer's turn in the other"


def test_a_killed_worker_leaves_a_case_that_the_next_one_carries_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies after the refund was opened, before anything is committed: nothing has happened."""
    order = delivered()
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key="counter")
    case = order.apply(ALL)
    case.approve()
    case.send()
    case.receive()

    def die(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as dying:
        dying.setattr("fenqi.usecases.aftersales.execute.write", die)
        with pytest.raises(MemoryError):
            case.execute()
    assert case.state == CaseState.GOODS_RECEIVED
    assert case.legs() == []
    assert list(check_books()) == []
    later = replace(case, now=case.now + timedelta(minutes=11))
    assert later.execute() is CaseState.REFUNDING
    assert list(check_books()) == []
