"""The money of a case: what is done equals what was quoted, or the customer is asked first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from fenqi.domain.aftersales.cases import CaseMoveUnlisted, CaseState
from fenqi.domain.errors import InvalidInput
from fenqi.domain.plans import Event, EventKind
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import CaseLine, CaseStep, PlanEvent, QuoteRecord
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, plan_file
from fenqi.usecases.aftersales import goods
from fenqi.usecases.aftersales.errors import DeductionAboveWorth, RefundQuoteChanged
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.quoting import QuoteView
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.summaries import plan_summaries
from owed_back import books
from returned import Case, Returning, a_return, delivered, refunded

pytestmark = pytest.mark.django_db(transaction=True)
ALL = a_return((1, 1), (2, 4))


def paid(rows: int = 2) -> Returning:
    """1,200.00 over 12 installments, of which some were paid at the counter."""
    order = delivered()
    order.plan.record(rows * 10_000, on=clock.business_date(order.now), now=order.now, key="counter")
    return order


def received(
    order: Returning, deductions: dict[int, tuple[int, str]] | None = None, *, quoted: QuoteView | None = None
) -> Case:
    case = order.apply(ALL, quoted=quoted)
    case.approve()
    case.send()
    case.receive(deductions)
    return case


def pay_more(order: Returning, *, key: str = "later") -> None:
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key=key)


def reverse_the_payment(order: Returning) -> None:
    """The counter finds that the money was somebody else's."""
    file = plan_file.read(order.customer_id, order.plan.plan_id)
    first = next(event for event in file.events if event.kind is EventKind.REPAYMENT)
    reversal = Event(id=str(new_id()), on=clock.business_date(order.now), kind=EventKind.REVERSAL, of=first.id)
    with transaction.atomic():
        head = locks.customer(order.customer_id)
        decision = Decision(order.customer_id)
        plan_file.add_event(
            decision, file, reversal, source="clearing.mall", head=head, payment_id=None, actor="test", now=order.now
        )
        write(decision)


@pytest.mark.requirement("R062")
def test_what_is_done_is_what_was_quoted() -> None:
    order = paid()
    quoted = order.quote(ALL)
    case = received(order, quoted=quoted)
    assert case.execute() is CaseState.REFUNDING
    assert case.row.quote_id == quoted.quote_id
    assert (refunded(case), quoted.cash_minor) == (20_000, 20_000)
    assert order.plan.state().totals.outstanding.total == 0
    assert books(order.plan)["payable.refund"] == -20_000
    assert list(check_books()) == []


def test_what_a_return_covered_is_not_told_as_paid() -> None:
    order = paid(1)
    case = order.apply(a_return((1, 1)))
    case.approve()
    case.send()
    case.receive()
    case.execute()
    (plan,) = plan_summaries(order.customer_id)
    assert (plan.count, plan.paid_count, plan.covered_count) == (12, 1, 10)
    assert plan.outstanding_minor == 10_000


def test_a_payment_that_came_since_makes_more_cash_and_is_told_of() -> None:
    order = paid()
    case = received(order)
    pay_more(order)
    assert case.execute() is CaseState.REFUNDING
    assert refunded(case) == 30_000
    first, second = QuoteRecord.objects.filter(customer_id=order.customer_id).order_by("created_at")
    assert (case.row.quote_id, second.case_id, first.case_id) == (second.id, case.case_id, None)
    assert list(check_books()) == []


def test_a_payment_after_the_application_is_folded_after_the_return() -> None:
    """It came nine days later: the return stands before it, and all of it goes back."""
    order = paid()
    case = received(order)
    later = replace(order, now=order.now + timedelta(days=9))
    with clock.stopped(later.now):
        pay_more(later)
    assert case.execute(now=later.now) is CaseState.REFUNDING
    assert refunded(case) == 30_000
    kinds = PlanEvent.objects.filter(customer_id=order.customer_id).order_by("seq").values_list("kind", flat=True)
    assert list(kinds) == ["repayment", "repayment", "refund", "balance_payout"]
    assert list(check_books()) == []


def test_less_cash_because_a_payment_was_reversed_still_gives_the_customer_no_less() -> None:
    """What was never paid cannot go back; for the goods the customer is given as much as before."""
    order = paid(1)
    case = received(order)
    reverse_the_payment(order)
    assert case.execute() is CaseState.COMPLETED
    assert refunded(case) == 0
    assert order.plan.state().totals.outstanding.total == 0


def test_a_deduction_waits_for_the_customer_and_is_carried_out_once_confirmed() -> None:
    order = paid()
    case = received(order, {1: (5_000, "屏幕有划痕")})
    assert case.execute() is CaseState.QUOTE_CHANGED
    assert case.execute() is CaseState.QUOTE_CHANGED, "nothing moves before the customer has confirmed"
    view = case.view
    assert view.offered_quote is not None
    assert (view.quote.value_minor if view.quote else 0, view.offered_quote.value_minor) == (120_000, 115_000)
    assert view.lines[0].deduction_note == "屏幕有划痕"
    with pytest.raises(RefundQuoteChanged):
        confirm_quote(case.customer_id, case.case_id, new_id(), actor="customer", now=case.now)
    for _ in range(2):
        state = confirm_quote(
            case.customer_id, case.case_id, view.offered_quote.quote_id, actor="customer", now=case.now
        )
        assert state is CaseState.REFUNDING
    assert refunded(case) == 15_000
    assert order.plan.state().totals.outstanding.total == 0
    assert list(check_books()) == []


def test_facts_that_change_once_more_make_yet_another_quote() -> None:
    order = paid()
    case = received(order, {1: (5_000, "屏幕有划痕")})
    case.execute()
    offered = case.view.offered_quote
    assert offered is not None
    CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.case_id, line_no=1).update(deduction_minor=8_000)
    assert (
        confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=case.now)
        is CaseState.QUOTE_CHANGED
    )
    assert not PlanEvent.objects.filter(customer_id=case.customer_id, kind="refund").exists()
    newest = case.view.offered_quote
    assert newest is not None
    assert newest.value_minor == 112_000
    with pytest.raises(RefundQuoteChanged):
        confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=case.now)
    confirm_quote(case.customer_id, case.case_id, newest.quote_id, actor="customer", now=case.now)
    assert refunded(case) == 12_000
    assert list(check_books()) == []


def test_a_customer_who_does_not_take_the_deduction_takes_the_case_back() -> None:
    case = received(paid(), {1: (5_000, "屏幕有划痕")})
    case.execute()
    withdraw(case.customer_id, case.case_id, actor="customer", now=case.now)
    assert case.state == CaseState.WITHDRAWN
    with pytest.raises(CaseMoveUnlisted):
        confirm_quote(case.customer_id, case.case_id, new_id(), actor="customer", now=case.now)


def test_a_deduction_above_the_worth_or_without_a_reason_is_refused_and_nothing_is_kept() -> None:
    case = paid().apply(ALL)
    case.approve()
    for refused, deductions in (
        (DeductionAboveWorth, {1: (100_001, "坏")}),
        (DeductionAboveWorth, {1: (-1, "坏")}),
        (InvalidInput, {1: (100, " ")}),
        (InvalidInput, {9: (100, "坏")}),
    ):
        with pytest.raises(refused):
            case.receive(deductions)
    assert case.state == CaseState.GOODS_AWAITED
    assert not any(line.deduction_minor for line in case.view.lines)


@pytest.mark.parametrize(
    ("carrier", "tracking_no"), [("", "SF123456"), ("顺丰", "12 34"), ("顺丰", ""), ("长" * 41, "SF123456")]
)
def test_a_parcel_has_a_carrier_and_a_number(carrier: str, tracking_no: str) -> None:
    case = paid().apply(ALL)
    case.approve()
    with pytest.raises(InvalidInput):
        goods.note_sent(
            case.customer_id, case.case_id, carrier=carrier, tracking_no=tracking_no, actor="customer", now=case.now
        )


def test_a_case_that_is_not_there_yet_is_not_carried_out() -> None:
    case = paid().apply(ALL)
    assert case.execute() is CaseState.SUBMITTED
    case.approve()
    assert case.execute() is CaseState.GOODS_AWAITED
    case.receive()
    with pytest.raises(CaseMoveUnlisted):
        case.receive()


def test_one_case_moves_its_money_once_however_often_the_job_runs() -> None:
    order = paid()
    case = received(order)
    for _ in range(3):
        assert case.execute() is CaseState.REFUNDING
    assert CaseStep.objects.filter(customer_id=case.customer_id, signal="executed").count() == 1
    assert refunded(case) == 20_000


def test_two_partial_returns_give_back_no_more_than_was_paid() -> None:
    order = paid(12)
    first = order.apply(a_return((2, 2)))
    assert first.up_to_the_money() is CaseState.REFUNDING
    second = order.apply(a_return((1, 1), (2, 2)))
    assert second.up_to_the_money() is CaseState.REFUNDING
    assert (refunded(first), refunded(second)) == (10_000, 110_000)
    assert list(check_books()) == []
