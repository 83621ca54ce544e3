"""Cases about goods that a lender financed: the whole value goes to the lender, and the case follows it there."""

from collections.abc import Callable
from datetime import datetime

import pytest

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.models import CaseStep, Customer, OutboxMessage, PartnerRefund
from fenqi.usecases.aftersales.exchange import offer_refund
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.notices.case_news import tell_of_case
from fenqi.usecases.partners import refunding
from fenqi.usecases.reconciliation.check import check_books
from lenders import CARD
from malls import Bought, a_customer
from returned import Case, Returning, a_return
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
FAULTY = a_return((1, 1), reason=Reason.FAULTY)


def scratched(order: Returning) -> Case:
    """The goods are here, and 200.00 is taken off for what the inspection found."""
    case = order.apply(FAULTY)
    case.approve()
    case.send()
    case.receive({1: (20_000, "屏幕有划痕")})
    return case


@pytest.mark.requirement("R050", "R052")
def test_the_whole_value_goes_to_the_platform_and_the_plan_is_cancelled(
    financed: Callable[..., Bought], now: datetime
) -> None:
    order = Returning(financed(), now)
    quoted = order.quote(FAULTY)
    assert (quoted.partner_minor, quoted.cash_minor) == (120_000, 0)
    case = order.apply(FAULTY, quoted=quoted)
    assert case.up_to_the_money() is CaseState.REFUNDING
    assert case.legs() == []
    refund = PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id)
    assert refund.amount_minor == 120_000
    assert case.follow() is CaseState.REFUNDING, "the lender has not been told yet"
    refunding.send(case.customer_id, refund.id, now=now)
    messages = OutboxMessage.objects.filter(customer_id=case.customer_id, topic="follow_case")
    assert messages.exists(), "its answer has the case looked at"
    assert case.follow() is CaseState.COMPLETED
    assert order.plan.state().totals.outstanding.total == 0
    assert list(check_books()) == []


def test_the_lender_says_what_the_refund_of_an_exchange_does_before_its_customer_agrees(
    financed: Callable[..., Bought], now: datetime
) -> None:
    order = Returning(financed(), now)
    case = order.apply(a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case.approve()
    case.send()
    case.receive()
    offer_refund(agent(), case.customer_id, case.case_id, note="停产", now=now)
    offered = case.view.offered_quote
    assert offered is not None
    assert offered.partner is not None
    assert (offered.partner_minor, offered.partner.amount_minor) == (120_000, 120_000)
    state = confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=now)
    assert (state, case.legs()) == (CaseState.REFUNDING, [])
    assert list(check_books()) == []


def test_a_quote_that_changed_at_the_inspection_says_what_the_lender_will_do(
    financed: Callable[..., Bought], town: Town, now: datetime
) -> None:
    case = scratched(Returning(financed(), now))
    assert case.execute() is CaseState.QUOTE_CHANGED
    offered = case.view.offered_quote
    assert offered is not None
    assert offered.partner is not None
    assert (offered.partner_minor, offered.partner.amount_minor, offered.partner.is_cancelled) == (
        100_000,
        100_000,
        False,
    )
    state = confirm_quote(case.customer_id, case.case_id, offered.quote_id, actor="customer", now=now)
    assert state is CaseState.REFUNDING
    assert PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id).amount_minor == 100_000
    assert list(check_books()) == []


def test_a_lender_that_gives_no_answer_does_not_hold_the_changed_quote_up(
    financed: Callable[..., Bought], town: Town, now: datetime
) -> None:
    case = scratched(Returning(financed(), now))
    town.order("query", "nonsense", channel="partner")
    assert case.execute() is CaseState.QUOTE_CHANGED
    town.tell("faults/forget")
    offered = case.view.offered_quote
    assert offered is not None
    assert (offered.partner_minor, offered.partner) == (100_000, None)


@pytest.mark.requirement("R051")
def test_the_customer_is_told_that_the_lender_gets_it_and_that_no_cash_comes(
    financed: Callable[..., Bought], town: Town, now: datetime
) -> None:
    order = Returning(financed(), now)
    a_customer(Customer.objects.get(id=order.customer_id).ref, phone="17000000981")
    case = order.apply(FAULTY)
    case.up_to_the_money()
    for step in CaseStep.objects.filter(customer_id=case.customer_id).order_by("seq"):
        tell_of_case(case.customer_id, case.case_id, step.seq, now=now)
    texts = [message["text"] for message in town.messages("17000000981")]
    assert any("1,200.00 元（退给轻融分期）" in text for text in texts), "when it is approved"
    assert any("1,200.00 元 退给轻融分期" in text and "不会直接收到现金" in text for text in texts)


def test_what_the_lender_refuses_leaves_the_case_with_a_person(
    financed: Callable[..., Bought], town: Town, now: datetime
) -> None:
    order = Returning(financed(), now)
    case = order.apply(FAULTY)
    case.up_to_the_money()
    refund = PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id)
    PartnerRefund.objects.filter(customer_id=case.customer_id, id=refund.id).update(state="failed", alert="refused")
    assert case.follow() is CaseState.REFUNDING


def test_a_bank_that_financed_it_is_refunded_by_hand(financed: Callable[..., Bought], now: datetime) -> None:
    order = Returning(financed(provider=CARD.code, fee_rate="0"), now)
    case = order.apply(FAULTY)
    assert case.up_to_the_money() is CaseState.REFUNDING
    refund = PartnerRefund.objects.get(customer_id=case.customer_id, case_id=case.case_id)
    assert refund.alert == refunding.BY_HAND
    assert case.follow() is CaseState.REFUNDING
