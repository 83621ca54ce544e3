"""An exchange of which nothing can be sent: it becomes a return, once its customer has agreed."""

from datetime import timedelta

import pytest
from django.db import connection

from fenqi.domain.aftersales.cases import CaseMoveUnlisted, CaseSignal, CaseState
from fenqi.domain.aftersales.eligibility import Wish
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import InvalidInput
from fenqi.domain.reserves import MoveKind
from fenqi.records.models import AftersalesCase, AuditRecord, CaseKind, NoFaultPeriod, Refund, RefundStatus
from fenqi.usecases import clock, plan_file
from fenqi.usecases.aftersales import pauses
from fenqi.usecases.aftersales.errors import SameReviewer
from fenqi.usecases.aftersales.exchange import offer_refund, send_replacement
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.views import StageName, StageState
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.money_map.queries import money_map
from fenqi.usecases.orders.inputs import LineInput
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted, Staff
from fenqi.usecases.vouchers.queries import VoucherKind, vouchers_of
from held import frozen, run_jobs
from returned import Case, Returning, a_return, delivered, refunded
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
EXCHANGE = a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY)
RETURN = a_return((1, 1), reason=Reason.FAULTY)
ALL = ((1, 1), (2, 4))
DEAR = LineInput(sku="TV", name="电视", unit_price_minor=600_000)
WHY = "同款已停产"


def replacing(order: Returning, wish: Wish = EXCHANGE) -> Case:
    """The goods are here, and their replacement is due."""
    case = order.apply(wish)
    case.approve()
    case.send()
    assert case.receive() is CaseState.REPLACING
    return case


def offer(case: Case, *, by: Staff | None = None, note: str = WHY) -> None:
    offer_refund(by or agent("second"), case.customer_id, case.case_id, note=note, now=case.now)


def confirm(case: Case) -> CaseState:
    offered = case.view.offered_quote
    assert offered is not None
    return confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=case.now)


def test_it_is_quoted_as_a_return_of_that_day_and_carried_out_once_confirmed(town: Town) -> None:
    order = delivered()
    secured = frozen(town, now=order.now, plan=order.plan)
    order.repay(1, 2, key="first")
    as_a_return = order.quote(a_return(*ALL, reason=Reason.FAULTY))
    case = replacing(order, a_return(*ALL, kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case = Case(case.customer_id, case.case_id, order.now + timedelta(days=6))

    with clock.stopped(case.now):
        offer(case)
        view = case.view
        assert (view.state, view.kind, view.was_exchange) == (CaseState.QUOTE_CHANGED, CaseKind.RETURN, True)
        assert view.offered_quote is not None
        assert view.offers_refund_instead
        for promised in ("value_minor", "cash_minor", "off_plan_minor", "fees_back", "quoted_on"):
            assert getattr(view.offered_quote, promised) == getattr(as_a_return, promised)
        assert not view.refunds, "nobody has agreed to money yet"
        assert case.execute() is CaseState.QUOTE_CHANGED
        assert list(check_books()) == []
        assert confirm(case) is CaseState.REFUNDING
        assert refunded(case) == as_a_return.cash_minor
        case.send_money()
        case.let_arrive()
        Refund.objects.filter(customer_id=case.customer_id).update(status=RefundStatus.COMPLETED)
        assert case.follow() is CaseState.COMPLETED

    assert case.signals[-4:] == ["replacement_due", "cannot_replace", "confirmed", "arrived"]
    done = case.view
    assert [stage.name for stage in done.stages] == [
        StageName.APPLICATION,
        StageName.REVIEW,
        StageName.GOODS,
        StageName.REFUND,
        StageName.ARRIVAL,
    ]
    assert {stage.state for stage in done.stages} == {StageState.DONE}
    (pause,) = NoFaultPeriod.objects.filter(customer_id=case.customer_id)
    assert pause.ends_at == case.now
    kept = vouchers_of(case.customer_id, order.order_id, case_id=case.case_id)
    assert sum(one.amount_minor for one in kept if one.kind is VoucherKind.REFUND) == as_a_return.cash_minor
    run_jobs(case.customer_id, now=case.now)
    assert [move.kind for move in secured.moves] == [MoveKind.RELEASE], "the reserve goes back with it"
    seen = money_map(case.customer_id, order.order_id)
    assert sum(position.amount for position in seen.positions) == 0
    assert seen.owed_back_minor == 0
    assert list(check_books()) == []


def test_it_is_offered_once_by_staff_who_say_why_while_the_replacement_is_due() -> None:
    case = replacing(delivered())
    with pytest.raises(NotPermitted):
        offer(case, by=finance("money"))
    with pytest.raises(InvalidInput):
        offer(case, note="  ")
    offer(case)
    with pytest.raises(CaseMoveUnlisted):
        offer(case)
    with pytest.raises(CaseMoveUnlisted):
        send_replacement(agent(), case.customer_id, case.case_id, tracking_no="SF7654321000", now=case.now)
    assert case.view.steps[-1].note == WHY
    assert CaseSignal.CONFIRMED in case.view.customer_may
    (done,) = AuditRecord.objects.filter(customer_id=case.customer_id, action="refund_offered_instead")
    assert done.details == {"value_minor": 100_000, "currency": "CNY"}


@pytest.mark.requirement("R046")
def test_above_the_amount_somebody_else_than_who_approved_the_exchange_offers_the_money() -> None:
    """The exchange moved none, so one person was enough for it; nobody offers what they applied for."""
    case = replacing(delivered(lines=(DEAR,)))
    with pytest.raises(SameReviewer):
        offer(case, by=agent())
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(applied_by=agent("second").actor)
    with pytest.raises(SameReviewer):
        offer(case)
    offer(case, by=agent("third"))
    assert case.state == CaseState.QUOTE_CHANGED

    small = replacing(delivered())
    offer(small, by=agent())
    assert small.state == CaseState.QUOTE_CHANGED


def test_taken_back_instead_it_moves_nothing_and_its_pieces_are_free_again() -> None:
    order = delivered()
    case = replacing(order)
    before = order.plan.state()
    offer(case)
    withdraw(case.customer_id, case.case_id, actor="customer", now=case.now)
    assert (case.state, order.plan.state()) == (CaseState.WITHDRAWN, before)
    assert order.apply(RETURN).up_to_the_money() is CaseState.COMPLETED
    assert list(check_books()) == []


def test_auto_debit_leaves_alone_what_the_refund_would_take_off() -> None:
    order = delivered()
    case = replacing(order)
    file = plan_file.read(order.customer_id, order.plan.plan_id)
    assert pauses.undisputed(file).events == file.events
    offer(case)
    (refund,) = pauses.undisputed(file).events
    assert refund.amount == 100_000
    assert confirm(case) is CaseState.COMPLETED
    assert order.plan.state().totals.outstanding.total == 20_000
    assert list(check_books()) == []


def test_it_keeps_its_place_among_the_returns_of_its_order() -> None:
    """Fees follow the goods whichever is carried out first, and nothing has changed when it is confirmed."""
    order = delivered(method="flat_fee", fee_rate="0.6", fee_on_refund="prorata")
    case = replacing(order)
    assert order.apply(a_return((2, 2), reason=Reason.FAULTY)).up_to_the_money() is CaseState.COMPLETED
    offer(case)
    order.apply(a_return((2, 1), reason=Reason.FAULTY))
    assert confirm(case) is CaseState.COMPLETED
    assert case.signals.count("quote_changed") == 0
    assert list(check_books()) == []


def test_what_changed_since_it_was_offered_is_asked_of_the_customer_once_more() -> None:
    order = delivered()
    case = replacing(order)
    offer(case)
    offered = case.view.offered_quote
    assert offered is not None
    case_line = case.row
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE aftersales_case_line SET deduction_minor = 5000 WHERE customer_id = %s", [case_line.customer_id]
        )
    assert confirm(case) is CaseState.QUOTE_CHANGED
    view = case.view
    assert view.offered_quote is not None
    assert (view.offered_quote.value_minor, view.offers_refund_instead) == (95_000, False)
    assert confirm(case) is CaseState.COMPLETED
    assert list(check_books()) == []


def test_the_law_finds_an_exchange_that_became_a_return_by_no_step() -> None:
    case = replacing(delivered())
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(was_exchange=True, kind=CaseKind.RETURN)
    assert [finding.law for finding in check_books()] == ["cases_are_their_steps"]
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(was_exchange=False, kind=CaseKind.EXCHANGE)
    offer(case)
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(was_exchange=False)
    assert [finding.law for finding in check_books()] == ["cases_are_their_steps"]
