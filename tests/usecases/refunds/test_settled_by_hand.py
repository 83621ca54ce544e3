"""What no channel will tell is settled by two people; a transfer that the bank sent back is owed again."""

from datetime import UTC, datetime, timedelta

import pytest

from fenqi.channels.interface import RefundReply
from fenqi.domain.errors import InvalidInput
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, BoundCard, JournalEntry, OutboxMessage, Refund, RefundLeg, Role
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds import by_hand, transfer
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.refunds.settle import settle_leg
from fenqi.usecases.staff.permissions import MAY, NotPermitted, Staff
from malls import Bought
from owed_back import books, legs_of, paid_twice, status_of
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)
EVIDENCE = "The channel's letter of 20 November, no. 4711."


def staff(role: Role = Role.FINANCE) -> Staff:
    return Staff(account_id=new_id(), username=role.value, role=role.value, permissions=MAY[role])


def told(leg: RefundLeg, outcome: Outcome, retry: RetryMark = RetryMark.NEVER) -> RefundReply:
    verdict = None if outcome is Outcome.SUCCEEDED else Verdict(outcome, FailureCategory.CONTACT_SUPPORT, retry)
    return RefundReply(outcome=outcome, verdict=verdict, out_trade_no="", out_request_no=leg.out_refund_no)


@pytest.fixture
def refund(town: Town) -> Refund:
    """Sent; its channel says that nobody will ever know."""
    _, refund = paid_twice(now=NOW)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.NEVER_HEARD_OF", times=1)
    assert send_leg(refund.customer_id, leg.id, now=NOW) is RefundState.UNKNOWN
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.UNKNOWN), now=NOW, asked=True)
    assert status_of(refund) == "needs_person"
    return refund


def settled(refund: Refund, *, has_left: bool) -> None:
    leg, one, other = legs_of(refund)[0], staff(), staff()
    by_hand.propose_outcome(refund.customer_id, leg.id, has_left=has_left, evidence=EVIDENCE, staff=one, now=NOW)
    with pytest.raises(transfer.SamePerson):
        by_hand.approve_outcome(refund.customer_id, leg.id, staff=one, now=NOW)
    by_hand.approve_outcome(refund.customer_id, leg.id, staff=other, now=NOW)
    acts = AuditRecord.objects.filter(customer_id=refund.customer_id, subject=f"refund_leg:{leg.id}")
    assert set(acts.values_list("action", "actor", "reason")) == {
        ("refund_outcome_proposed", one.actor, EVIDENCE),
        ("refund_outcome_approved", other.actor, EVIDENCE),
    }
    assert list(check_books()) == []


def test_two_people_say_that_it_has_left(refund: Refund) -> None:
    settled(refund, has_left=True)
    (leg,) = legs_of(refund)
    assert (leg.state, status_of(refund)) == ("succeeded", "completed")
    assert leg.expected_by is not None
    assert JournalEntry.objects.filter(customer_id=refund.customer_id, code="refund_paid").count() == 1
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.SUCCEEDED), now=NOW)
    assert JournalEntry.objects.filter(customer_id=refund.customer_id, code="refund_paid").count() == 1


def test_two_people_say_that_it_has_not_left_and_it_is_transferred(refund: Refund) -> None:
    settled(refund, has_left=False)
    assert [(leg.route, leg.state) for leg in legs_of(refund)] == [("original", "failed"), ("transfer", "created")]
    assert status_of(refund) == "needs_person"


def test_a_proposal_outlasts_answers_that_say_nothing_and_ends_with_one_that_does(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    by_hand.propose_outcome(refund.customer_id, leg.id, has_left=False, evidence=EVIDENCE, staff=staff(), now=NOW)
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.UNKNOWN), now=NOW, asked=True)
    assert legs_of(refund)[0].reply["by_hand"] == {"has_left": False, "evidence": EVIDENCE}
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.SUCCEEDED), now=NOW)
    with pytest.raises(transfer.TransferNotReady):
        by_hand.approve_outcome(refund.customer_id, leg.id, staff=staff(), now=NOW)
    assert status_of(refund) == "completed"


def test_agents_may_not_and_evidence_is_asked_for(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    with pytest.raises(transfer.TransferNotReady):
        by_hand.approve_outcome(refund.customer_id, leg.id, staff=staff(), now=NOW)
    for who, evidence, refusal in ((staff(Role.AGENT), EVIDENCE, NotPermitted), (staff(), "  short ", InvalidInput)):
        with pytest.raises(refusal):
            by_hand.propose_outcome(refund.customer_id, leg.id, has_left=True, evidence=evidence, staff=who, now=NOW)


def test_what_will_still_be_known_is_not_settled_by_hand(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.UNKNOWN, RetryMark.QUERY_FIRST), now=NOW, asked=True)
    with pytest.raises(transfer.TransferNotReady):
        by_hand.propose_outcome(refund.customer_id, leg.id, has_left=True, evidence=EVIDENCE, staff=staff(), now=NOW)


def test_a_contradiction_that_was_cleared_lets_the_rest_go_on(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.FAILED, RetryMark.NEW_ATTEMPT), now=NOW)
    leg, other = legs_of(refund)
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.SUCCEEDED), now=NOW)
    later = NOW + timedelta(hours=1)
    assert send_leg(refund.customer_id, other.id, now=later) is RefundState.CREATED
    with pytest.raises(transfer.TransferNotReady):
        by_hand.propose_outcome(refund.customer_id, leg.id, has_left=True, evidence=EVIDENCE, staff=staff(), now=NOW)
    settled(refund, has_left=False)
    assert status_of(refund) == "open"
    queued = OutboxMessage.objects.filter(customer_id=refund.customer_id, topic="send_refund")
    assert [message.body["leg_id"] for message in queued].count(str(other.id)) == 2
    assert send_leg(refund.customer_id, other.id, now=later) is RefundState.SUCCEEDED
    assert status_of(refund) == "completed"


def test_a_transfer_that_the_bank_sent_back_is_owed_again(refund: Refund) -> None:
    (leg,) = legs_of(refund)
    settle_leg(refund.customer_id, leg.id, told(leg, Outcome.FAILED), now=NOW)
    sent = legs_of(refund)[-1]
    card = BoundCard.objects.create(
        customer_id=refund.customer_id, channel="bank_card", number="B12345678", bank="CMB", last4="6621",
        token_encrypted="t", holder_masked="", phone_masked="", bound_at=NOW, kind="debit", state="active",
    )  # fmt: skip
    one, other = staff(), staff()
    with pytest.raises(transfer.TransferNotReady):
        transfer.record_return(refund.customer_id, sent.id, reference="CMB000002", staff=one, now=NOW)
    transfer.propose_transfer(refund.customer_id, sent.id, card_id=card.id, staff=one, now=NOW)
    transfer.approve_transfer(refund.customer_id, sent.id, staff=other, now=NOW)
    transfer.record_transfer(refund.customer_id, sent.id, reference="CMB000001", staff=one, now=NOW)
    assert status_of(refund) == "completed"
    for reference, who, refusal in (("no", one, InvalidInput), ("CMB000002", staff(Role.AGENT), NotPermitted)):
        with pytest.raises(refusal):
            transfer.record_return(refund.customer_id, sent.id, reference=reference, staff=who, now=NOW)

    transfer.record_return(refund.customer_id, sent.id, reference="CMB000002", staff=one, now=NOW)
    assert [leg.state for leg in legs_of(refund)] == ["failed", "returned", "created"]
    assert status_of(refund) == "needs_person"
    assert JournalEntry.objects.filter(customer_id=refund.customer_id, code="refund_returned").count() == 1
    plan_books = books_of(refund)
    assert (plan_books["payable.refund"], plan_books.get("bank.settlement", 0)) == (-10_000, 0)
    act = AuditRecord.objects.get(customer_id=refund.customer_id, action="transfer_returned")
    assert (act.actor, act.details["reference"]) == (one.actor, "CMB000002")
    assert list(check_books()) == []


def books_of(refund: Refund) -> dict[str, int]:
    assert refund.plan_id is not None
    assert refund.order_id is not None
    return books(Bought(refund.customer_id, refund.order_id, refund.plan_id))
