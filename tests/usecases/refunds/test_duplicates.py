"""What is paid twice goes back by itself, once, whatever the channel does (R046, R047, P1006)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from fenqi.domain.payments.refunds import RefundState
from fenqi.records.models import JournalEntry, OutboxMessage
from fenqi.usecases import clock
from fenqi.usecases.refunds.resolve import ask_leg, look_at_arrival
from fenqi.usecases.refunds.send import send_leg
from owed_back import books, legs_of, paid_twice, status_of
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now(town: Town) -> Iterator[datetime]:
    yield datetime.now(UTC)
    town.tell("faults/forget")


def entries(refund_code: str, customer_id: UUID) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(customer_id=customer_id, code=refund_code))


@pytest.mark.requirement("R047")
def test_a_duplicate_goes_back_over_its_own_payment_and_is_booked_once(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    assert (refund.cause, refund.amount_minor, leg.route, leg.state) == ("duplicate", 10_000, "original", "created")
    assert OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="send_refund").count() == 1

    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.SUCCEEDED
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.SUCCEEDED
    assert ask_leg(plan.customer_id, leg.id, now=now) is RefundState.SUCCEEDED

    (leg,) = legs_of(refund)
    (entry,) = entries("refund_paid", plan.customer_id)
    assert leg.submitted_at is not None
    assert (leg.entry_id, entry.effective_on) == (entry.id, clock.business_date(leg.submitted_at))
    assert status_of(refund) == "completed"
    assert "payable.refund" not in books(plan)
    assert "clearing.alipay" not in books(plan)
    assert leg.expected_from is not None
    assert leg.expected_by is not None


def test_its_number_is_stored_as_sent_before_the_first_byte(town: Town, now: datetime) -> None:
    """The answer is lost after the refund was carried out: the leg is unknown, and is found by its number."""
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="reset", times=1)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.UNKNOWN
    (sent,) = legs_of(refund)
    assert sent.submitted_at == now
    assert sent.out_refund_no == leg.out_refund_no

    assert ask_leg(plan.customer_id, leg.id, now=now + timedelta(seconds=10)) is RefundState.SUCCEEDED
    assert [one.out_refund_no for one in legs_of(refund)] == [leg.out_refund_no]
    assert len(entries("refund_paid", plan.customer_id)) == 1


def test_what_never_arrived_is_sent_again_under_the_same_number(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.SYSTEM_ERROR", times=1)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.UNKNOWN
    assert ask_leg(plan.customer_id, leg.id, now=now + timedelta(seconds=10)) is RefundState.SUCCEEDED
    assert [one.out_refund_no for one in legs_of(refund)] == [leg.out_refund_no]
    assert status_of(refund) == "completed"


def test_what_arrives_only_on_a_later_day_is_booked_on_that_day(town: Town, now: datetime) -> None:
    """As on the channel's bill: the request of the day before never came there."""
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.SYSTEM_ERROR", times=1)
    send_leg(plan.customer_id, leg.id, now=now)
    later = now + timedelta(days=1)
    assert ask_leg(plan.customer_id, leg.id, now=later) is RefundState.SUCCEEDED
    (leg,) = legs_of(refund)
    (entry,) = entries("refund_paid", plan.customer_id)
    assert (leg.submitted_at, entry.effective_on) == (later, clock.business_date(later))


def test_a_code_that_nobody_mapped_stays_unknown_and_gets_no_new_number(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.NEVER_HEARD_OF", times=1)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.UNKNOWN
    (leg,) = legs_of(refund)
    assert leg.next_query_at is not None


def test_while_the_malls_money_is_short_the_same_refund_waits_an_hour(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.SELLER_BALANCE_NOT_ENOUGH", times=2)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.SUBMITTED
    at = now + timedelta(seconds=10)
    assert ask_leg(plan.customer_id, leg.id, now=at) is RefundState.SUBMITTED
    (leg,) = legs_of(refund)
    assert leg.next_query_at == at + timedelta(hours=1)
    assert ask_leg(plan.customer_id, leg.id, now=leg.next_query_at) is RefundState.SUCCEEDED


def test_a_payment_past_its_refund_window_leaves_a_transfer_for_staff(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.TRADE_HAS_FINISHED", times=1)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.FAILED
    failed, transfer = legs_of(refund)
    assert (failed.state, transfer.route, transfer.amount_minor) == ("failed", "transfer", 10_000)
    assert transfer.out_refund_no != failed.out_refund_no
    assert status_of(refund) == "needs_person"
    assert books(plan)["payable.refund"] == -10_000


def test_a_refund_that_was_not_sent_back_has_arrived_when_its_window_is_over(town: Town, now: datetime) -> None:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    send_leg(plan.customer_id, leg.id, now=now)
    (leg,) = legs_of(refund)
    assert leg.expected_by is not None
    assert not look_at_arrival(plan.customer_id, leg.id, now=clock.end_of_business_day(leg.expected_by - timedelta(1)))
    (planned,) = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="look_at_arrival")
    assert planned.not_before == clock.end_of_business_day(leg.expected_by)
    assert look_at_arrival(plan.customer_id, leg.id, now=planned.not_before)
    (leg,) = legs_of(refund)
    assert leg.arrived_on == leg.expected_by
