"""What cannot go back goes to a verified account of the same customer, by two members of staff."""

from collections.abc import Callable  # noqa: TC003 - as in every other test
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from fenqi.channels.interface import RefundReply
from fenqi.domain.money import Money
from fenqi.domain.payments import AmountMismatch, FailureCategory, Outcome, RetryMark, UnlistedMove, Verdict
from fenqi.domain.payments.refund_schedule import A_WEEK_OF_QUESTIONS
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, BoundCard, CardState, JournalEntry, Refund, RefundLeg, Role
from fenqi.records.posting import Decision, write
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds import transfer
from fenqi.usecases.refunds.rows import columns_of
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.refunds.settle import settle_leg
from fenqi.usecases.staff.permissions import MAY, NotPermitted, Staff
from owed_back import legs_of, paid_twice, status_of
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)


def staff(role: Role = Role.FINANCE) -> Staff:
    return Staff(account_id=new_id(), username=role.value, role=role.value, permissions=MAY[role])


def answered(refund: Refund, outcome: Outcome, retry: RetryMark = RetryMark.NEVER) -> RefundReply:
    leg = legs_of(refund)[-1]
    verdict = None if outcome is Outcome.SUCCEEDED else Verdict(outcome, FailureCategory.CONTACT_SUPPORT, retry)
    return RefundReply(outcome=outcome, verdict=verdict, out_trade_no="", out_request_no=leg.out_refund_no)


def a_card(refund: Refund, **changes: str) -> BoundCard:
    return BoundCard.objects.create(
        customer_id=changes.pop("customer_id", refund.customer_id), channel="bank_card",
        number=f"B{new_id().hex[-20:]}", bank="CMB", last4="6621", token_encrypted="t", holder_masked="",
        phone_masked="", bound_at=NOW,
        **{"kind": "debit", "state": CardState.ACTIVE.value, **changes},
    )  # fmt: skip


@pytest.fixture
def refund(town: Town) -> Refund:
    """Sent, and accepted by the channel."""
    plan, refund = paid_twice(now=NOW)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="no_fund_change", times=1)
    assert send_leg(plan.customer_id, leg.id, now=NOW) is RefundState.PROCESSING
    return refund


@pytest.fixture
def stranded(refund: Refund) -> RefundLeg:
    """Its transfer leg, after the channel has refused for good."""
    settle_leg(refund.customer_id, legs_of(refund)[0].id, answered(refund, Outcome.FAILED), now=NOW)
    leg = legs_of(refund)[-1]
    assert leg.route == "transfer"
    return leg


def test_one_proposes_another_approves_and_the_reference_is_booked(refund: Refund, stranded: RefundLeg) -> None:
    one, other = staff(), staff()
    transfer.propose_transfer(refund.customer_id, stranded.id, card_id=a_card(refund).id, staff=one, now=NOW)
    with pytest.raises(transfer.SamePerson):
        transfer.approve_transfer(refund.customer_id, stranded.id, staff=one, now=NOW)
    with pytest.raises(transfer.TransferNotReady):
        transfer.record_transfer(refund.customer_id, stranded.id, reference="CMB000001", staff=other, now=NOW)
    transfer.approve_transfer(refund.customer_id, stranded.id, staff=other, now=NOW)
    with pytest.raises(transfer.TransferNotReady):
        transfer.propose_transfer(refund.customer_id, stranded.id, card_id=a_card(refund).id, staff=one, now=NOW)
    transfer.record_transfer(refund.customer_id, stranded.id, reference="CMB000001", staff=one, now=NOW)

    leg = legs_of(refund)[-1]
    entry = JournalEntry.objects.get(customer_id=refund.customer_id, code="transfer_paid")
    assert (leg.state, leg.entry_id, leg.transfer_reference) == ("succeeded", entry.id, "CMB000001")
    assert status_of(refund) == "completed"
    acts = AuditRecord.objects.filter(customer_id=refund.customer_id, subject=f"refund_leg:{leg.id}").order_by("at")
    assert set(acts.values_list("action", "actor")) == {
        ("transfer_proposed", one.actor),
        ("transfer_approved", other.actor),
        ("transfer_recorded", one.actor),
    }
    assert list(check_books()) == []


def test_the_database_refuses_one_person_for_both(refund: Refund, stranded: RefundLeg) -> None:
    decision = Decision(refund.customer_id)
    decision.add("refund_leg", columns_of(stranded, proposed_by="staff:x", approved_by="staff:x"))
    with pytest.raises(IntegrityError):
        write(decision)


@pytest.mark.parametrize("changes", [{"kind": "credit"}, {"state": "unusable"}, {"state": "ended"}])
def test_only_a_working_debit_card_receives_money(refund: Refund, stranded: RefundLeg, changes: dict[str, str]) -> None:
    card = a_card(refund, **changes)
    with pytest.raises(transfer.NoSuchAccount):
        transfer.propose_transfer(refund.customer_id, stranded.id, card_id=card.id, staff=staff(), now=NOW)


def test_only_a_card_of_the_same_customer_receives_money(refund: Refund, stranded: RefundLeg) -> None:
    other, _ = paid_twice(now=NOW)
    card = a_card(refund, customer_id=str(other.customer_id))
    with pytest.raises(transfer.NoSuchAccount):
        transfer.propose_transfer(refund.customer_id, stranded.id, card_id=card.id, staff=staff(), now=NOW)


def test_agents_neither_propose_nor_approve(refund: Refund, stranded: RefundLeg) -> None:
    agent = staff(Role.AGENT)
    steps: tuple[Callable[[], None], ...] = (
        lambda: transfer.propose_transfer(refund.customer_id, stranded.id, card_id=new_id(), staff=agent, now=NOW),
        lambda: transfer.approve_transfer(refund.customer_id, stranded.id, staff=agent, now=NOW),
        lambda: transfer.record_transfer(refund.customer_id, stranded.id, reference="CMB000001", staff=agent, now=NOW),
        lambda: transfer.give_up_route(refund.customer_id, stranded.id, staff=agent, now=NOW),
    )
    for step in steps:
        with pytest.raises(NotPermitted):
            step()


def test_what_hangs_at_the_channel_needs_a_person_before_it_is_transferred(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    with pytest.raises(UnlistedMove):
        transfer.give_up_route(refund.customer_id, leg.id, staff=staff(), now=NOW)
    settle_leg(refund.customer_id, leg.id, answered(refund, Outcome.ABNORMAL), now=NOW)
    assert status_of(refund) == "needs_person"
    assert len(legs_of(refund)) == 1
    transfer.give_up_route(refund.customer_id, leg.id, staff=staff(), now=NOW)
    assert [(one.route, one.state) for one in legs_of(refund)] == [("original", "failed"), ("transfer", "created")]


def test_a_refund_that_comes_back_after_its_success_is_owed_again(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    settle_leg(refund.customer_id, leg.id, answered(refund, Outcome.SUCCEEDED), now=NOW)
    assert status_of(refund) == "completed"
    returned = answered(refund, Outcome.FAILED)
    for _ in range(2):
        assert settle_leg(refund.customer_id, leg.id, returned, now=NOW) is RefundState.RETURNED
    assert status_of(refund) == "needs_person"
    assert JournalEntry.objects.filter(customer_id=refund.customer_id, code="refund_returned").count() == 1
    assert [one.route for one in legs_of(refund)] == ["original", "transfer"]
    assert list(check_books()) == []


def test_what_may_be_tried_again_gets_one_new_number_over_the_same_payment(refund: Refund) -> None:
    again = RetryMark.NEW_ATTEMPT
    settle_leg(refund.customer_id, legs_of(refund)[0].id, answered(refund, Outcome.FAILED, again), now=NOW)
    first, second = legs_of(refund)
    assert (second.route, second.attempt_id) == ("original", first.attempt_id)
    assert second.out_refund_no != first.out_refund_no
    assert send_leg(refund.customer_id, second.id, now=NOW) is RefundState.CREATED, "three seconds apart"


def test_another_sum_than_was_asked_for_is_refused_and_calls_a_person(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    wrong = RefundReply(
        outcome=Outcome.SUCCEEDED, out_trade_no="", out_request_no=leg.out_refund_no, amount=Money(9_999, "CNY")
    )
    with pytest.raises(AmountMismatch):
        settle_leg(refund.customer_id, leg.id, wrong, now=NOW)
    assert status_of(refund) == "needs_person"
    settle_leg(refund.customer_id, leg.id, answered(refund, Outcome.WAITING), now=NOW, asked=True)
    assert status_of(refund) == "needs_person", "what the channel says later does not take the person away"
    assert not JournalEntry.objects.filter(customer_id=refund.customer_id, code="refund_paid").exists()


def test_what_a_channel_does_not_tell_for_a_week_calls_a_person(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    nearly = A_WEEK_OF_QUESTIONS - 2
    RefundLeg.objects.filter(customer_id=leg.customer_id, id=leg.id).update(asked=nearly)
    for status in ("open", "needs_person"):
        told = answered(refund, Outcome.UNKNOWN, RetryMark.QUERY_FIRST)
        settle_leg(refund.customer_id, leg.id, told, now=NOW, asked=True)
        assert status_of(refund) == status
