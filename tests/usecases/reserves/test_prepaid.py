"""A reserve that is really paid: over the ordinary cashier, back by money out, advanced on a refund (R064, R066)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from fenqi.domain.ledger import Account, EntryCode, balanced_entry, credit, debit
from fenqi.domain.money import Money
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reserves import HoldKind, HoldState, Why
from fenqi.records import locks
from fenqi.records.models import PaymentAttempt, Refund, RefundCause, RefundLeg, ReserveHold
from fenqi.records.posting import Decision, write
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.open import open_refund
from fenqi.usecases.refunds.queries import refund_view
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.refunds.sources import sources_of
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.queries import list_payments
from fenqi.usecases.repayment.start import Next
from fenqi.usecases.reserves.queries import reserve_of_payment, reserve_view
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.rows import post
from held import Secured, asked_for, prepaid
from malls import Payer
from owed_back import books, legs_of
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _no_faults_are_left(town: Town) -> Iterator[None]:
    yield
    town.tell("faults/forget")


def due(secured: Secured) -> int:
    return release_what_is_due(secured.customer_id, secured.plan.order_id, now=NOW)


def refund_of_order(secured: Secured, amount: int = 30_000, *, case: str = "one") -> Refund:
    """As after-sales opens one: owed by an entry, over the payments of the plan (here there are none)."""
    with transaction.atomic(durable=True):
        locked = locks.customer(secured.customer_id)
        decision = Decision(secured.customer_id)
        owed = balanced_entry(
            EntryCode.REFUND, debit(Account.SALES_RETURNS, amount), credit(Account.PAYABLE_REFUND, amount)
        )
        post(decision, locked, secured.hold, owed, now=NOW)
        refund_id = open_refund(
            decision,
            locked,
            cause=RefundCause.AFTERSALE,
            source_key=f"{case}:{secured.hold_id}",
            amount=Money(amount, "CNY"),
            reason="退货退款",
            order_id=secured.plan.order_id,
            sources=(),
            actor="system",
            now=NOW,
        )
        write(decision)
    return Refund.objects.get(customer_id=secured.customer_id, id=refund_id)


@pytest.mark.requirement("R064")
def test_it_is_paid_at_the_cashier_and_owed_in_the_books(town: Town) -> None:
    secured = prepaid(now=NOW)
    assert (secured.hold.state, secured.sums) == (HoldState.HELD, (50_000, 0, 0))
    assert (books(secured.plan)["clearing.alipay"], books(secured.plan)["reserve.owed"]) == (50_000, -50_000)
    assert secured.plan.state().totals.paid.total == 0, "it repays nothing"
    assert list_payments(secured.customer_id) == ()
    payment_id = secured.hold.payment_id
    assert payment_id
    assert reserve_of_payment(secured.customer_id, payment_id) == secured.hold_id
    plan_sources = sources_of(secured.customer_id, plan_id=secured.plan.plan_id, payment_id=None, currency="CNY")
    assert plan_sources == [], "no refund of the plan goes out over it"
    assert list(check_books()) == []


def test_begun_and_left_it_closes_and_a_repayment_is_not_held_up(town: Town) -> None:
    secured = asked_for(now=NOW, kind=HoldKind.PREPAID)
    assert secured.start(now=NOW).next is Next.CHANNEL
    assert secured.start(now=NOW).next is Next.CHANNEL, "back to the same cashier"
    secured.plan.start(1, now=NOW)
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id, payment_id__in=[secured.hold.payment_id])
    town.order("query", "hang")
    resolve.ask_channel(secured.customer_id, attempt.id, now=NOW)
    resolve.ask_channel(secured.customer_id, attempt.id, now=NOW + timedelta(minutes=16))
    assert secured.hold.state == HoldState.CLOSED


@pytest.mark.requirement("R068")
def test_it_goes_back_the_way_it_was_paid(town: Town) -> None:
    secured = prepaid(now=NOW)
    secured.plan.record(120_000, on=date(2026, 1, 2), now=NOW, key="all")
    assert due(secured) == 50_000
    assert due(secured) == 0
    (refund,) = Refund.objects.filter(customer_id=secured.customer_id)
    (leg,) = legs_of(refund)
    assert (refund.cause, leg.route) == ("reserve", "original")
    send_leg(leg.customer_id, leg.id, now=NOW)
    ask_leg(leg.customer_id, leg.id, now=NOW)
    assert refund_view(secured.customer_id, refund.id).left_minor == 50_000
    view = reserve_view(secured.customer_id, secured.hold_id, now=NOW)
    assert (view.state, view.released_minor, view.held_minor) == (HoldState.ENDED, 50_000, 0)
    assert view.moves[0].refund is not None
    assert books(secured.plan).get("clearing.alipay") is None
    assert list(check_books()) == []


@pytest.mark.requirement("R066")
def test_a_refund_is_advanced_at_once_and_settled_when_it_has_left(town: Town) -> None:
    secured = prepaid(now=NOW, may_advance=True)
    refund = refund_of_order(secured)
    assert due(secured) == 30_000
    assert due(secured) == 0, "advanced once"
    (advance,) = secured.moves
    assert (advance.why, advance.advances_id, advance.settled_at) == (Why.ADVANCED, refund.id, None)
    RefundLeg.objects.filter(customer_id=secured.customer_id, refund_id=refund.id).update(
        state=RefundState.SUCCEEDED.value
    )
    Refund.objects.filter(customer_id=secured.customer_id, id=refund.id).update(status="completed")
    assert due(secured) == 0, "what is left stays while the plan is owed"
    assert secured.moves[0].settled_at == NOW
    assert secured.sums == (50_000, 30_000, 0)


def test_several_refunds_are_advanced_in_one_go(town: Town) -> None:
    secured = prepaid(now=NOW, may_advance=True)
    refund_of_order(secured, 10_000)
    refund_of_order(secured, 20_000, case="two")
    assert due(secured) == 30_000
    assert [move.amount_minor for move in secured.moves] == [10_000, 20_000]
    assert secured.sums == (50_000, 30_000, 0)
    assert list(check_books()) == []


def test_paid_after_its_time_when_another_secures_the_order_it_goes_back(town: Town) -> None:
    late = asked_for(now=NOW, kind=HoldKind.PREPAID)
    payer = Payer(late.start(now=NOW).redirect_url)
    ReserveHold.objects.filter(customer_id=late.customer_id, id=late.hold_id).update(state=HoldState.CLOSED.value)
    again = asked_for(late.plan, now=NOW, kind=HoldKind.PREPAID, key="again")
    for secured, cashier in ((again, Payer(again.start(now=NOW).redirect_url)), (late, payer)):
        cashier.press("confirm")
        attempt = PaymentAttempt.objects.get(customer_id=late.customer_id, payment_id__in=[secured.hold.payment_id])
        resolve.ask_channel(late.customer_id, attempt.id, now=NOW)
    assert (late.hold.state, again.hold.state) == (HoldState.HELD, HoldState.HELD)
    assert due(late) == 50_000
    assert due(late) == 0
    assert [move.why for move in late.moves] == [Why.SUPERSEDED]
    assert (again.sums, late.sums) == ((50_000, 0, 0), (50_000, 50_000, 0))
    assert list(check_books()) == []


def test_a_refund_that_is_under_way_holds_the_rest_back(town: Town) -> None:
    secured = prepaid(now=NOW)
    secured.plan.record(120_000, on=date(2026, 1, 2), now=NOW, key="all")
    refund_of_order(secured)
    assert due(secured) == 0
    assert reserve_view(secured.customer_id, secured.hold_id, now=NOW).waits_for is Why.REFUND_UNDER_WAY


def test_refused_at_the_cashier_it_may_still_be_paid_there(town: Town) -> None:
    secured = asked_for(now=NOW, kind=HoldKind.PREPAID)
    payer = Payer(secured.start(now=NOW).redirect_url)
    payer.press("refuse")
    assert secured.hold.state == HoldState.OFFERED
