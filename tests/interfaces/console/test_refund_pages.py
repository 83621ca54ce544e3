"""The console's page of refunds: what no channel will tell, and what the bank sent back, with the buttons for it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from fenqi.channels.interface import RefundReply
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.records.models import Refund, RefundLeg
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.refunds.settle import settle_leg
from owed_back import legs_of, paid_twice, status_of
from town import Town

Desk = Callable[..., Client]
NOW = datetime.now(UTC)
EVIDENCE = "The channel's letter of 20 November, no. 4711."

pytestmark = pytest.mark.django_db


@pytest.fixture
def refund(town: Town) -> Refund:
    """Its channel says that nobody will ever know."""
    _, refund = paid_twice(now=NOW)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.NEVER_HEARD_OF", times=1)
    send_leg(refund.customer_id, leg.id, now=NOW)
    tell(refund, Outcome.UNKNOWN)
    return refund


def tell(refund: Refund, outcome: Outcome) -> None:
    leg = legs_of(refund)[0]
    verdict = Verdict(outcome, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER)
    reply = RefundReply(outcome=outcome, verdict=verdict, out_trade_no="", out_request_no=leg.out_refund_no)
    settle_leg(refund.customer_id, leg.id, reply, now=NOW, asked=True)


def address(leg: RefundLeg, step: str) -> str:
    return f"/console/customers/{leg.customer_id}/refund-legs/{leg.id}/{step}"


def test_what_no_channel_will_tell_is_settled_by_two(refund: Refund, desk: Desk) -> None:
    finance, admin = desk("finance"), desk("admin")
    (leg,) = legs_of(refund)
    assert address(leg, "outcome") in finance.get("/console/refunds").content.decode()
    assert desk("agent").post(address(leg, "outcome"), {}).status_code == 403
    assert finance.post(address(leg, "outcome"), {"outcome": "left", "evidence": "short"}).status_code == 422
    assert finance.post(address(leg, "outcome"), {"outcome": "left", "evidence": EVIDENCE}).status_code == 302
    assert address(leg, "outcome/approve") not in finance.get("/console/refunds").content.decode()
    assert finance.post(address(leg, "outcome/approve")).status_code == 409
    page = admin.get("/console/refunds").content.decode()
    assert address(leg, "outcome/approve") in page
    assert "no. 4711" in page
    assert admin.post(address(leg, "outcome/approve")).status_code == 302
    assert status_of(refund) == "completed"


def test_a_transfer_that_came_back_is_recorded_on_the_customers_page(refund: Refund, desk: Desk) -> None:
    tell(refund, Outcome.FAILED)
    transfer = legs_of(refund)[-1]
    RefundLeg.objects.filter(customer_id=transfer.customer_id, id=transfer.id).update(
        state="submitted", proposed_by="staff:a", approved_by="staff:b"
    )
    finance = desk("finance")
    assert finance.post(address(transfer, "record"), {"reference": "CMB000001"}).status_code == 302
    page = finance.get(f"/console/customers/{refund.customer_id}").content.decode()
    assert address(transfer, "returned") in page
    assert finance.post(address(transfer, "returned"), {"reference": "CMB000002"}).status_code == 302
    assert status_of(refund) == "needs_person"
