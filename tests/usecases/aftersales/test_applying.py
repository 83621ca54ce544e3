"""An application: checked, kept once, and answered with a case; whatever cannot be applied for is refused by name."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.eligibility import NotBought, NotEligible, TooManyPieces
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    AftersalesCase,
    AppliedVia,
    CaseEvidence,
    NoFaultPeriod,
    Order,
    OutboxMessage,
    PlanEvent,
)
from fenqi.usecases import clock
from fenqi.usecases.aftersales.apply import apply, apply_for
from fenqi.usecases.aftersales.errors import EvidenceNotYours, RefundQuoteChanged, RefundQuoteExpired
from fenqi.usecases.aftersales.queries import case_view, cases_of
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from returned import Case, Returning, a_return, delivered
from staff_members import agent, finance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order() -> Returning:
    """A phone of 1,000.00 and four cases of 50.00, financed whole over 12 installments; nothing is paid."""
    return delivered()


def evidence(order: Returning, **changes: object) -> CaseEvidence:
    return CaseEvidence.objects.create(
        customer_id=order.customer_id, order_id=order.order_id, kind="photo", media_type="image/jpeg",
        sha256=b"1", stored_sha256=b"2", size=100, width=10, height=10, uploaded_by="customer", created_at=order.now,
        **changes,
    )  # fmt: skip


def in_both_languages(refusal: FenqiError) -> bool:
    return bool(refusal.text("zh")) and bool(refusal.text("en")) and refusal.text("zh") != refusal.text("en")


@pytest.mark.requirement("R035", "R042", "R059", "R077")
def test_what_is_applied_for_is_kept_with_its_clocks(order: Returning) -> None:
    case = order.apply(a_return(), description="颜色不喜欢")
    view = case.view
    assert (view.state, view.value_minor, view.reason, view.description) == (
        CaseState.SUBMITTED,
        100_000,
        "no_reason",
        "颜色不喜欢",
    )
    assert view.case_no.startswith("AS")
    assert view.order_no == Order.objects.get(customer_id=order.customer_id, id=order.order_id).order_no
    assert view.deadlines.review_due_at == order.now + timedelta(hours=48)
    assert view.deadlines.law_by == clock.business_date(order.now) + timedelta(days=15)
    assert view.deadlines.usual_by < view.deadlines.promise_by
    assert view.ahead == 0
    assert [line.pieces for line in view.lines] == [1]
    assert [case.case_id for case in cases_of(order.customer_id, order.order_id)] == [case.case_id]


def test_the_same_quote_makes_one_case(order: Returning) -> None:
    quoted = order.quote(a_return())
    first, again = order.apply(a_return(), quoted=quoted), order.apply(a_return(), quoted=quoted)
    assert first.case_id == again.case_id
    assert first.signals == ["applied"]
    assert OutboxMessage.objects.filter(customer_id=order.customer_id, topic="case_news").count() == 1


def test_two_who_apply_at_once_get_one_case_and_one_refusal(order: Returning) -> None:
    """Two quotes for the only phone: whoever comes second is told that no piece is left."""
    quotes = [order.quote(a_return()), order.quote(a_return())]

    def attempt(n: int) -> str:
        try:
            order.apply(a_return(), quoted=quotes[n])
        except FenqiError as refusal:
            return refusal.code
        finally:
            connection.close()
        return "case"

    with ThreadPoolExecutor(max_workers=2) as both:
        said = sorted(both.map(attempt, range(2)))
    assert said == ["case", "not_eligible"]
    assert AftersalesCase.objects.filter(customer_id=order.customer_id).count() == 1


def test_an_expired_quote_is_refused(order: Returning) -> None:
    quoted = order.quote(a_return())
    with pytest.raises(RefundQuoteExpired) as refusal:
        order.apply(a_return(), quoted=quoted, now=order.now + timedelta(days=2))
    assert in_both_languages(refusal.value)


def test_a_quote_whose_facts_changed_is_refused(order: Returning) -> None:
    quoted = order.quote(a_return((1, 1)))
    order.plan.record(10_000, on=clock.business_date(order.now), now=order.now, key="counter")
    with pytest.raises(RefundQuoteChanged) as refusal:
        order.apply(a_return((1, 1)), quoted=quoted)
    assert in_both_languages(refusal.value)
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()


def test_the_quote_of_another_wish_is_refused(order: Returning) -> None:
    quoted = order.quote(a_return((2, 1)))
    with pytest.raises(RefundQuoteChanged):
        order.apply(a_return((2, 2)), quoted=quoted)


def test_another_customers_order_and_quote_are_not_found(order: Returning) -> None:
    other, wish = delivered(), a_return()
    quoted = other.quote(wish)
    for customer_id, order_id, quote_id in (
        (order.customer_id, other.order_id, quoted.quote_id),
        (order.customer_id, order.order_id, quoted.quote_id),
        (order.customer_id, order.order_id, new_id()),
    ):
        with pytest.raises(NotFound):
            apply(
                customer_id, order_id, wish, quote_id=quote_id, via=AppliedVia.PORTAL, actor="customer", now=order.now
            )
    case = other.apply(wish, quoted=quoted)
    with pytest.raises(NotFound):
        case_view(order.customer_id, case.case_id)


def test_goods_that_were_not_bought_or_are_not_left_are_refused(order: Returning) -> None:
    with pytest.raises(NotBought):
        order.quote(a_return((7, 1)))
    with pytest.raises(TooManyPieces):
        order.quote(a_return((2, 5)))
    order.apply(a_return((2, 3)))
    with pytest.raises(TooManyPieces) as refusal:
        order.quote(a_return((2, 2)))
    assert refusal.value.details["left"] == 1
    assert in_both_languages(refusal.value)


def test_goods_that_were_not_delivered_are_refused_with_what_to_do() -> None:
    order = delivered()
    Order.objects.filter(customer_id=order.customer_id).update(status="shipped", delivered_at=None)
    with pytest.raises(NotEligible) as refusal:
        order.quote(a_return())
    assert refusal.value.details["next_step"] == "wait_for_delivery"
    assert in_both_languages(refusal.value)


def test_what_was_returned_already_cannot_be_returned_again(order: Returning) -> None:
    order.apply(a_return()).up_to_the_money()
    with pytest.raises(NotEligible) as refusal:
        order.quote(a_return())
    assert (refusal.value.details["rule"], refusal.value.details["next_step"]) == ("nothing_left", "see_cases")


@pytest.mark.requirement("R036", "R038")
def test_evidence_that_waits_for_the_order_becomes_the_cases(order: Returning) -> None:
    photo = evidence(order)
    wish = a_return(reason=Reason.FAULTY)
    case = order.apply(wish, evidence_ids=[photo.id])
    assert [one.evidence_id for one in case.view.evidence] == [photo.id]
    assert delivered().apply(wish).view.evidence == (), "it is asked for, and an application without it is taken, too"


def test_evidence_of_another_case_or_order_is_refused_and_nothing_is_half_done(order: Returning) -> None:
    other = delivered()
    for foreign in (evidence(other), evidence(order, case_id=new_id())):
        with pytest.raises(EvidenceNotYours):
            order.apply(a_return(), evidence_ids=[foreign.id])
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()
    assert not NoFaultPeriod.objects.filter(customer_id=order.customer_id).exists()


def test_an_agent_applies_for_the_customer_and_finance_does_not(order: Returning) -> None:
    quoted = order.quote(a_return())
    with pytest.raises(NotPermitted):
        apply_for(finance("f"), order.customer_id, order.order_id, a_return(), quote_id=quoted.quote_id, now=order.now)
    case_id = apply_for(agent(), order.customer_id, order.order_id, a_return(), quote_id=quoted.quote_id, now=order.now)
    case = Case(order.customer_id, case_id, order.now)
    assert (case.row.via, case.row.applied_by) == ("console", agent().actor)


def test_too_long_a_description_is_refused(order: Returning) -> None:
    with pytest.raises(InvalidInput):
        order.apply(a_return(), description="长" * 2_001)


def test_several_cases_on_one_order_and_a_second_after_a_first(order: Returning) -> None:
    first = order.apply(a_return((2, 1)))
    second = order.apply(a_return((2, 2)))
    assert first.up_to_the_money() is CaseState.COMPLETED, "nothing was paid, so nothing is to arrive"
    assert second.up_to_the_money() is CaseState.COMPLETED, "the first one changed the plan, not what is given back"
    third = order.apply(a_return((2, 1)))
    assert third.up_to_the_money() is CaseState.COMPLETED
    assert order.plan.state().totals.outstanding.total == 100_000
    assert list(check_books()) == []


def test_an_order_without_a_plan_goes_back_by_transfer() -> None:
    order = delivered(with_plan=False)
    case = order.apply(a_return((1, 1), (2, 4)))
    assert case.row.plan_id is None
    assert case.up_to_the_money() is CaseState.REFUNDING
    assert [(leg.route, leg.amount_minor) for leg in case.legs()] == [("transfer", 120_000)]
    assert list(check_books()) == []


def test_money_paid_at_ordering_and_a_plan_go_back_each_its_own_way() -> None:
    """1,200.00: 300.00 paid at ordering, 900.00 financed, of which one row of 75.00 is paid."""
    order = delivered(at_ordering=30_000)
    order.plan.record(7_500, on=clock.business_date(order.now), now=order.now, key="counter")
    quoted = order.quote(a_return((1, 1), (2, 4)))
    assert (quoted.on_plan_minor, quoted.at_ordering_minor, quoted.cash_minor) == (90_000, 30_000, 37_500)
    case = order.apply(a_return((1, 1), (2, 4)), quoted=quoted)
    assert case.up_to_the_money() is CaseState.REFUNDING
    assert sorted(leg.amount_minor for leg in case.legs()) == [7_500, 30_000]
    assert order.plan.state().totals.outstanding.total == 0
    assert list(check_books()) == []


def test_faulty_goods_may_be_kept_and_refunded(order: Returning) -> None:
    case = order.apply(a_return((2, 2), kind=WishKind.REFUND_ONLY, reason=Reason.FAULTY))
    assert case.approve() is CaseState.APPROVED
    assert case.execute() is CaseState.COMPLETED
    assert order.plan.state().totals.outstanding.total == 110_000


def test_a_return_takes_effect_on_the_day_of_the_application() -> None:
    """Approved and carried out nine days later, its events carry the day on which the customer asked."""
    order = delivered()
    case = order.apply(a_return())
    later = replace(case, now=order.now + timedelta(days=9))
    assert later.up_to_the_money() is CaseState.COMPLETED
    events = [event for event in _events(order) if event[0] == "refund"]
    assert events == [("refund", clock.business_date(order.now))]


def _events(order: Returning) -> list[tuple[str, date]]:
    found = PlanEvent.objects.filter(customer_id=order.customer_id).order_by("seq")
    return list(found.values_list("kind", "effective_on"))
