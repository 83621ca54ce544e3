"""Staff review: more evidence, two people above an amount, a refusal with its rule, a customer who takes it back."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from fenqi.domain.aftersales.cases import CaseMoveUnlisted, CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, CaseEvidence, NoFaultPeriod, OutboxMessage, PlanEvent
from fenqi.usecases import outbox
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.apply import apply_for
from fenqi.usecases.aftersales.errors import SameReviewer
from fenqi.usecases.aftersales.goods import receive
from fenqi.usecases.aftersales.withdraw import withdraw, withdraw_for
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from held import asked_for
from returned import CASES, PHONE, Case, Returning, a_return, delivered
from staff_members import agent, finance

pytestmark = pytest.mark.django_db(transaction=True)
FAULTY = a_return((2, 2), kind=WishKind.REFUND_ONLY, reason=Reason.FAULTY)
DEAR = LineInput(sku="X9", name="青屿 X9 折叠屏", unit_price_minor=600_000)


@pytest.fixture
def order() -> Returning:
    return delivered()


@pytest.fixture
def case(order: Returning) -> Case:
    return order.apply(a_return())


@pytest.mark.requirement("R040", "R041")
def test_whoever_decides_has_it_in_hand_and_the_desk_sees_who(case: Case) -> None:
    review.take(agent("lan"), case.customer_id, case.case_id, now=case.now)
    review.take(agent("mei"), case.customer_id, case.case_id, now=case.now)
    assert case.row.agent == agent("mei").actor
    case.approve(agent("mei"))
    assert case.signals == ["applied", "taken", "taken", "approved", "goods_called"]
    assert case.row.goods_due_on is not None
    assert AuditRecord.objects.filter(customer_id=case.customer_id, action="case_approved").count() == 1


def test_more_is_asked_for_and_answered(order: Returning) -> None:
    case = order.apply(FAULTY)
    review.ask_for_more(agent(), case.customer_id, case.case_id, note="请拍一张背面的照片", now=case.now)
    assert case.state == CaseState.EVIDENCE_ASKED
    assert case.view.customer_may == {CaseSignal.ANSWERED, CaseSignal.WITHDRAWN}
    with pytest.raises(CaseMoveUnlisted):
        case.approve()
    photo = CaseEvidence.objects.create(
        customer_id=case.customer_id, order_id=order.order_id, kind="photo", media_type="image/jpeg", sha256=b"1",
        stored_sha256=b"2", size=1, width=1, height=1, uploaded_by="customer", created_at=case.now,
    )  # fmt: skip
    with pytest.raises(InvalidInput):
        review.answer(case.customer_id, case.case_id, actor="customer", now=case.now)
    review.answer(case.customer_id, case.case_id, evidence_ids=[photo.id], actor="customer", now=case.now)
    assert case.state == CaseState.IN_REVIEW
    assert [one.evidence_id for one in case.view.evidence] == [photo.id]
    assert case.view.steps[2].note == "请拍一张背面的照片"


@pytest.mark.requirement("R045")
def test_a_refusal_names_its_rule_the_reason_and_the_next_step(order: Returning) -> None:
    case = order.apply(FAULTY)

    def refuse(**changes: str) -> None:
        words = {"rule": "fault_window_over", "next_step": "appeal", "note": "照片看不出质量问题", **changes}
        review.reject(agent(), case.customer_id, case.case_id, now=case.now, **words)

    refused = ({"rule": ""}, {"rule": "my_mood"}, {"rule": "late_goods"}, {"next_step": "apply"})
    for missing in (*refused, {"next_step": "nothing"}, {"note": " "}, {"note": "长" * 1_001}):
        with pytest.raises(InvalidInput):
            refuse(**missing)
    refuse()
    view = case.view
    assert (view.state, view.rule, view.next_step) == (CaseState.REJECTED, "fault_window_over", "appeal")
    assert (view.decision_note, view.customer_may, view.staff_may) == ("照片看不出质量问题", frozenset(), frozenset())
    assert order.apply(FAULTY).case_id != case.case_id, "its pieces are free for another application"


@pytest.mark.parametrize("state", [CaseState.GOODS_AWAITED, CaseState.GOODS_RECEIVED, CaseState.QUOTE_CHANGED])
@pytest.mark.requirement("R045")
@pytest.mark.usefixtures("town")
def test_what_was_approved_is_refused_until_money_moves(state: CaseState, order: Returning, case: Case) -> None:
    """The bills go on, the pieces are free, the reserve is looked at, and the customer is told."""
    asked_for(order.plan, now=order.now)
    case.approve()
    case.send()
    if state is not CaseState.GOODS_AWAITED:
        case.receive({1: (5_000, "屏幕有划痕")} if state is CaseState.QUOTE_CHANGED else None)
    if state is CaseState.QUOTE_CHANGED:
        case.execute()
    assert case.state == state
    assert CaseSignal.REJECTED in case.view.staff_may - case.view.customer_may
    OutboxMessage.objects.filter(customer_id=case.customer_id).delete()
    words = {"rule": "faulty_goods", "next_step": "repair", "note": "检查发现由使用不当造成，商品已寄回"}
    review.reject(agent("mei"), case.customer_id, case.case_id, now=case.now, **words)
    assert (case.state, case.row.closed_at, case.row.decision_note) == ("rejected", case.now, words["note"])
    assert NoFaultPeriod.objects.get(customer_id=case.customer_id).ends_at == case.now
    topics = set(OutboxMessage.objects.filter(customer_id=case.customer_id).values_list("topic", flat=True))
    assert topics >= {outbox.CASE_NEWS, outbox.LOOK_AT_RESERVE}
    assert case.execute() is CaseState.REJECTED
    assert not PlanEvent.objects.filter(customer_id=case.customer_id, kind="refund").exists()
    assert order.apply(a_return()).case_id != case.case_id
    assert list(check_books()) == []


def test_what_was_paid_out_is_refused_no_more(case: Case) -> None:
    case.up_to_the_money()
    words = {"rule": "faulty_goods", "next_step": "repair", "note": "太晚了"}
    with pytest.raises(CaseMoveUnlisted):
        review.reject(agent(), case.customer_id, case.case_id, now=case.now, **words)


def test_above_the_policys_amount_two_people_approve() -> None:
    case = delivered(lines=[DEAR]).apply(a_return())
    assert case.view.needs_two_people
    assert case.approve(agent("lan")) is CaseState.IN_REVIEW
    with pytest.raises(SameReviewer) as refusal:
        case.approve(agent("lan"))
    assert refusal.value.text("zh") != refusal.value.text("en")
    assert case.view.approvals == (agent("lan").actor,)
    assert case.approve(agent("mei")) is CaseState.GOODS_AWAITED
    assert list(case.view.approvals) == [agent("lan").actor, agent("mei").actor]


@pytest.mark.parametrize("lines", [(PHONE, CASES), (DEAR,)])
def test_whoever_applied_for_the_customer_approves_nothing_of_it(lines: tuple[LineInput, ...]) -> None:
    order = delivered(lines=lines)
    quoted, asked = order.quote(a_return()).quote_id, (order.customer_id, order.order_id, a_return())
    case = Case(order.customer_id, apply_for(agent("lan"), *asked, quote_id=quoted, now=order.now), order.now)
    with pytest.raises(SameReviewer):
        case.approve(agent("lan"))
    assert case.signals == ["applied"], "nor as the first of two"
    assert case.approve(agent("mei")) in (CaseState.GOODS_AWAITED, CaseState.IN_REVIEW)
    if case.view.needs_two_people:
        with pytest.raises(SameReviewer):
            case.approve(agent("lan"))
        assert case.view.approvals == (agent("mei").actor,)


def test_an_approval_by_a_rule_names_one_that_there_is(case: Case) -> None:
    with pytest.raises(InvalidInput):
        case.approve(rule="my_mood")
    case.approve(rule="no_reason_return")
    assert case.row.rule == "no_reason_return"


def test_new_evidence_makes_it_another_decision() -> None:
    case = delivered(lines=[DEAR]).apply(a_return())
    case.approve(agent("lan"))
    review.ask_for_more(agent("mei"), case.customer_id, case.case_id, note="序列号?", now=case.now)
    review.answer(case.customer_id, case.case_id, note="SN 1234", actor="customer", now=case.now)
    assert case.view.approvals == ()
    assert case.approve(agent("lan")) is CaseState.IN_REVIEW


def test_the_same_person_at_the_same_time_twice_counts_once() -> None:
    case = delivered(lines=[DEAR]).apply(a_return())
    review.take(agent("lan"), case.customer_id, case.case_id, now=case.now)

    def attempt(_: int) -> str:
        try:
            return case.approve(agent("lan")).value
        except SameReviewer as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as both:
        assert sorted(both.map(attempt, range(2))) == ["in_review", "same_reviewer"]


def test_up_to_that_amount_one_is_enough(case: Case) -> None:
    assert not case.view.needs_two_people
    assert case.approve() is CaseState.GOODS_AWAITED


def test_only_those_who_may_review_do(case: Case) -> None:
    who, customer_id, case_id, now = finance("f"), case.customer_id, case.case_id, case.now
    steps = (
        lambda: review.take(who, customer_id, case_id, now=now),
        lambda: review.ask_for_more(who, customer_id, case_id, note="?", now=now),
        lambda: review.approve(who, customer_id, case_id, now=now),
        lambda: review.reject(who, customer_id, case_id, rule="window_over", next_step="appeal", note="n", now=now),
        lambda: receive(who, customer_id, case_id, now=now),
        lambda: withdraw_for(who, customer_id, case_id, note="n", now=now),
    )
    for step in steps:
        with pytest.raises(NotPermitted):
            step()
    assert case.signals == ["applied"]


def test_the_case_of_another_customer_is_not_found(case: Case) -> None:
    other = delivered().customer_id
    with pytest.raises(NotFound):
        review.approve(agent(), other, case.case_id, now=case.now)
    with pytest.raises(NotFound):
        withdraw(other, case.case_id, actor="customer", now=case.now)
    with pytest.raises(NotFound):
        review.answer(case.customer_id, new_id(), note="?", actor="customer", now=case.now)


def test_the_customer_takes_it_back_and_may_apply_again(order: Returning, case: Case) -> None:
    case.approve()
    case.send()
    case.receive()
    withdraw(case.customer_id, case.case_id, actor="customer", note="留下了", now=case.now)
    assert case.state == CaseState.WITHDRAWN
    assert case.execute() is CaseState.WITHDRAWN
    with pytest.raises(CaseMoveUnlisted):
        withdraw(case.customer_id, case.case_id, actor="customer", now=case.now)
    assert order.apply(a_return()).up_to_the_money() is CaseState.COMPLETED


def test_an_agent_takes_it_back_at_the_customers_word(case: Case) -> None:
    with pytest.raises(InvalidInput):
        withdraw_for(agent(), case.customer_id, case.case_id, note="", now=case.now)
    withdraw_for(agent(), case.customer_id, case.case_id, note="来电撤销", now=case.now)
    assert case.state == CaseState.WITHDRAWN


def test_it_is_taken_back_or_carried_out_but_never_both(order: Returning) -> None:
    """The customer presses the button in the moment in which the job runs."""
    case = order.apply(a_return())
    case.approve()
    case.send()
    case.receive()

    def take_back(_: int) -> str:
        try:
            withdraw(case.customer_id, case.case_id, actor="customer", now=case.now)
        except CaseMoveUnlisted:
            return "too late"
        finally:
            connection.close()
        return "withdrawn"

    def carry_out(_: int) -> str:
        try:
            return case.execute().value
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=2) as both:
        taken, done = both.submit(take_back, 0), both.submit(carry_out, 0)
        ends = (taken.result(), done.result())
    moved = PlanEvent.objects.filter(customer_id=case.customer_id, kind="refund").count()
    assert (*ends, moved) in {("withdrawn", "withdrawn", 0), ("too late", "completed", 1)}
    assert list(check_books()) == []


@pytest.mark.requirement("R042")
def test_who_applied_earlier_is_ahead(order: Returning, case: Case) -> None:
    later = replace(order, now=order.now + timedelta(minutes=5)).apply(a_return((2, 1)))
    assert (case.view.ahead, later.view.ahead) == (0, 1)
    case.approve()
    assert (case.view.ahead, later.view.ahead) == (None, 0)
