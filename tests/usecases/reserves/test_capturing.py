"""Overdue money is taken from a reserve: after consent, by two people, after a notice, and once (P306)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from fenqi.domain.aftersales.reasons import Reason
from fenqi.domain.payments import AttemptState
from fenqi.domain.reserves import AboveHeld, ConsentMissing, MoveState, NothingOverdue, ReserveUnderWay
from fenqi.records.models import JournalEntry, OutboxMessage, PaymentAttempt, PlanEvent, ReserveHold
from fenqi.usecases import outbox
from fenqi.usecases.notices.reserves import tell_capture_announced, tell_capture_done
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.transfer import SamePerson
from fenqi.usecases.repayment import resolve
from fenqi.usecases.reserves.capture import (
    approve_capture,
    carry_out_capture,
    overdue_of,
    propose_capture,
    withdraw_capture,
)
from fenqi.usecases.reserves.errors import CaptureNotReady
from fenqi.usecases.reserves.release import release_by_staff
from fenqi.usecases.reserves.watch import watch_reserves
from fenqi.usecases.staff.permissions import NotPermitted
from held import Secured, frozen, prepaid
from malls import Bought, a_customer, an_order, bought
from owed_back import books
from returned import a_return, delivered
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _no_faults_are_left(town: Town) -> Iterator[None]:
    yield
    town.tell("faults/forget")


@pytest.fixture
def overdue(town: Town) -> Secured:
    """1,200.00 over 12 months, opened on the first of January 2026: by now most of it is overdue."""
    return frozen(town, now=NOW)


def proposed(secured: Secured, amount: int = 10_000) -> object:
    return propose_capture(
        secured.customer_id, secured.hold_id, amount=amount, note="逾期多次提醒未还", staff=finance("zhao"), now=NOW
    )


def announced(secured: Secured, amount: int = 10_000) -> datetime:
    proposed(secured, amount)
    return approve_capture(secured.customer_id, secured.moves[-1].id, staff=finance("qian"), now=NOW)


def carry_out(secured: Secured, *, now: datetime) -> MoveState:
    return carry_out_capture(secured.customer_id, secured.moves[-1].id, now=now)


def paid(secured: Secured) -> int:
    return secured.plan.state().totals.paid.total


@pytest.mark.requirement("R065")
def test_after_the_notice_it_becomes_a_repayment_of_the_plan(town: Town, overdue: Secured) -> None:
    at = announced(overdue)
    assert at >= NOW + timedelta(days=3)
    assert carry_out(overdue, now=at - timedelta(minutes=1)) is MoveState.ANNOUNCED, "not before the notice is over"
    assert carry_out(overdue, now=at) is MoveState.DONE
    assert carry_out(overdue, now=at) is MoveState.DONE
    assert (paid(overdue), overdue.sums) == (10_000, (50_000, 0, 10_000))
    (attempt,) = PaymentAttempt.objects.filter(customer_id=overdue.customer_id)
    assert (attempt.method, attempt.state, attempt.id) == ("reserve", "succeeded", overdue.moves[0].attempt_id)
    assert town.trade(overdue.hold.reserve_no)["total_pay_amount"] == "100.00"
    assert books(overdue.plan)["clearing.alipay"] == 10_000
    assert books(overdue.plan)["reserve.held"] == 40_000
    receipt = OutboxMessage.objects.filter(customer_id=overdue.customer_id, topic=outbox.REPAYMENT_SUCCEEDED)
    assert receipt.exists(), "a receipt follows"
    assert list(check_books()) == []


@pytest.mark.parametrize("fault", ["hang", "reset", "http_500", "wrong_signature"])
def test_a_capture_without_an_answer_is_asked_about_and_booked_once(town: Town, overdue: Secured, fault: str) -> None:
    at = announced(overdue)
    town.order("capture", fault)
    assert carry_out(overdue, now=at) is MoveState.UNKNOWN
    assert carry_out(overdue, now=at) is MoveState.UNKNOWN, "it is not captured a second time"
    with pytest.raises(ReserveUnderWay):
        proposed(overdue)
    with pytest.raises(AboveHeld):
        release_by_staff(
            overdue.customer_id, overdue.hold_id, amount=40_001, note="先退多余的", staff=finance("zhao"), now=NOW
        )
    attempt_id = overdue.moves[0].attempt_id
    assert attempt_id
    for _ in range(2):
        assert resolve.ask_channel(overdue.customer_id, attempt_id, now=at) is AttemptState.SUCCEEDED
    assert (paid(overdue), overdue.sums) == (10_000, (50_000, 0, 10_000))
    assert JournalEntry.objects.filter(customer_id=overdue.customer_id, code="reserve_captured").count() == 1
    assert list(check_books()) == []


def test_killed_before_it_was_sent_it_ends_and_may_be_proposed_again(
    town: Town, overdue: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = announced(overdue)

    def killed(*_args: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fenqi.usecases.reserves.capture.channel_of", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_out(overdue, now=at)
    attempt_id = overdue.moves[0].attempt_id
    assert attempt_id
    resolve.ask_channel(overdue.customer_id, attempt_id, now=at + timedelta(minutes=16))
    assert (overdue.moves[0].state, paid(overdue), overdue.sums) == (MoveState.FAILED, 0, (50_000, 0, 0))
    announced(overdue)
    assert len(overdue.moves) == 2


def test_what_the_customer_paid_meanwhile_is_not_taken(overdue: Secured) -> None:
    at = announced(overdue)
    overdue.plan.record(120_000, on=date(2026, 2, 1), now=NOW, key="all")
    assert carry_out(overdue, now=at) is MoveState.WITHDRAWN
    assert overdue.sums == (50_000, 0, 0)


def test_only_what_is_still_overdue_is_taken(town: Town, overdue: Secured) -> None:
    most = overdue_of(overdue.customer_id, overdue.hold_id, today=TODAY)
    at = announced(overdue, 50_000)
    overdue.plan.record(most - 30_000, on=TODAY, now=NOW, key="most")
    left = overdue_of(overdue.customer_id, overdue.hold_id, today=at.date())
    assert 0 < left < 50_000
    assert carry_out(overdue, now=at) is MoveState.DONE
    assert overdue.sums == (50_000, 0, left)


def test_while_a_payment_is_under_way_it_waits(overdue: Secured) -> None:
    at = announced(overdue)
    overdue.plan.start(1, now=at)
    assert carry_out(overdue, now=at) is MoveState.ANNOUNCED
    again = OutboxMessage.objects.filter(customer_id=overdue.customer_id, topic=outbox.CAPTURE_RESERVE)
    assert again.count() == 2


def test_two_people_and_the_permission_are_needed(overdue: Secured) -> None:
    with pytest.raises(NotPermitted):
        propose_capture(overdue.customer_id, overdue.hold_id, amount=1, note="逾期未还", staff=agent(), now=NOW)
    proposed(overdue)
    key = (overdue.customer_id, overdue.moves[0].id)
    with pytest.raises(SamePerson):
        approve_capture(*key, staff=finance("zhao"), now=NOW)
    with pytest.raises(NotPermitted):
        approve_capture(*key, staff=agent(), now=NOW)
    approve_capture(*key, staff=finance("qian"), now=NOW)
    with pytest.raises(CaptureNotReady):
        approve_capture(*key, staff=finance("sun"), now=NOW)
    withdraw_capture(*key, staff=finance("zhao"), now=NOW)
    with pytest.raises(CaptureNotReady):
        withdraw_capture(*key, staff=finance("zhao"), now=NOW)


def test_no_more_than_is_held_or_overdue_and_nothing_without_consent(town: Town, overdue: Secured) -> None:
    with pytest.raises(AboveHeld):
        proposed(overdue, 50_001)
    a_customer("fresh")
    fresh = frozen(town, now=NOW, plan=bought(opened_on=TODAY.isoformat()))
    with pytest.raises(NothingOverdue):
        proposed(fresh, 1)
    ReserveHold.objects.filter(customer_id=overdue.customer_id, id=overdue.hold_id).update(consented_at=None)
    with pytest.raises(ConsentMissing):
        proposed(overdue)


def test_a_prepaid_reserve_pays_what_is_overdue_without_a_channel(town: Town) -> None:
    secured = prepaid(now=NOW)
    at = announced(secured)
    assert carry_out(secured, now=at) is MoveState.DONE
    assert carry_out(secured, now=at) is MoveState.DONE
    assert (paid(secured), secured.sums) == (10_000, (50_000, 0, 10_000))
    assert books(secured.plan)["reserve.owed"] == -40_000
    (event,) = PlanEvent.objects.filter(customer_id=secured.customer_id)
    assert (event.kind, event.amount_minor, event.payment_id) == ("repayment", 10_000, None)
    assert list(check_books()) == []


@pytest.mark.parametrize("held", [10_000, 15_000])
def test_a_prepaid_reserve_may_be_taken_whole_or_by_more_than_half(town: Town, held: int) -> None:
    secured = prepaid(now=NOW, amount=held)
    assert carry_out(secured, now=announced(secured)) is MoveState.DONE
    assert (paid(secured), secured.sums) == (10_000, (held, 0, 10_000))
    assert list(check_books()) == []


def test_what_an_open_return_disputes_is_not_taken(town: Town) -> None:
    order = delivered(days_ago=40)
    secured = frozen(town, now=order.now, plan=order.plan)
    today = order.now.date()
    owed = overdue_of(secured.customer_id, secured.hold_id, today=today)
    assert owed > 0
    order.apply(a_return((1, 1), (2, 4), reason=Reason.FAULTY))
    assert overdue_of(secured.customer_id, secured.hold_id, today=today) == 0


def test_the_watch_goes_on_with_a_capture_whose_job_is_lost(town: Town) -> None:
    secured = prepaid(now=NOW)
    at = announced(secured)
    watch_reserves(now=at + timedelta(minutes=5))
    assert secured.moves[0].state == MoveState.ANNOUNCED, "its own job may still come"
    watch_reserves(now=at + timedelta(hours=2))
    assert (secured.moves[0].state, paid(secured)) == (MoveState.DONE, 10_000)


def test_the_customer_is_told_before_and_after(town: Town) -> None:
    a_customer("told", phone="13900001234")
    secured = prepaid(now=NOW, plan=_bought_by("told"))
    at = announced(secured)
    move_id = secured.moves[0].id
    assert tell_capture_announced(secured.customer_id, move_id, now=NOW)
    assert not tell_capture_announced(secured.customer_id, move_id, now=NOW), "once"
    carry_out(secured, now=at)
    assert tell_capture_done(secured.customer_id, move_id, now=at)
    texts = [message["text"] for message in town.messages("13900001234")]
    assert sum("起将按约定用备用金抵扣 100.00 元" in text for text in texts) == 1
    assert sum("备用金剩余 400.00 元" in text for text in texts) == 1


def _bought_by(ref: str) -> Bought:
    taken = register_order(an_order(f"o-{ref}", ref=ref), now=NOW)
    assert taken.plan_id
    return Bought(taken.customer_id, taken.order_id, taken.plan_id)
