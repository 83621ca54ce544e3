"""What a refund's answers say beyond "done": where the money went, when the bank has it, and how often one may ask."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from charges import ref, refund_of
from fenqi.channels.alipay import AlipayChannel
from fenqi.channels.interface import ChargeRequest, RefundDestination
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Sandbox

YEAR_SECONDS = 366 * 24 * 3600


@pytest.fixture(autouse=True)
def _a_quiet_town(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock")


@pytest.fixture
def paid_by_card(opened: ChargeRequest, sandbox: Sandbox) -> ChargeRequest:
    sandbox.act(opened.out_trade_no, "confirm_by_card")
    return opened


def test_a_refund_to_the_balance_is_there_at_once(alipay: AlipayChannel, paid: ChargeRequest) -> None:
    alipay.refund(refund_of(paid, 1_00))
    known = alipay.query_refund(refund_of(paid, 1_00))
    assert (known.outcome, known.destination, known.expected_at) == (
        Outcome.SUCCEEDED,
        RefundDestination.ORIGINAL,
        None,
    )


def test_a_refund_to_a_bank_card_says_when_the_bank_has_it(alipay: AlipayChannel, paid_by_card: ChargeRequest) -> None:
    alipay.refund(refund_of(paid_by_card, 1_00))
    known = alipay.query_refund(refund_of(paid_by_card, 1_00))
    assert (known.outcome, known.destination) == (Outcome.SUCCEEDED, RefundDestination.ORIGINAL)
    assert known.expected_at is not None
    assert known.expected_at > datetime.now(UTC) + timedelta(days=2)


def test_what_the_bank_sends_back_is_in_the_payers_balance(
    alipay: AlipayChannel, paid_by_card: ChargeRequest, sandbox: Sandbox
) -> None:
    number = f"r{paid_by_card.out_trade_no}"
    alipay.refund(refund_of(paid_by_card, 1_00, number))
    sandbox.tell(f"refunds/{number}/fail")
    known = alipay.query_refund(refund_of(paid_by_card, 1_00, number))
    assert (known.outcome, known.destination, known.expected_at) == (
        Outcome.SUCCEEDED,
        RefundDestination.BALANCE,
        None,
    )


def test_a_refund_in_process_is_not_known_until_its_money_moves(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox
) -> None:
    request = refund_of(paid, 1_00, f"r{paid.out_trade_no}")
    sandbox.order("refund", "processing")
    assert alipay.refund(request).outcome is Outcome.WAITING
    unknown = alipay.query_refund(request)
    assert (unknown.outcome, unknown.retry) == (Outcome.NOT_FOUND, RetryMark.SAME_REQUEST)
    assert alipay.refund(request).outcome is Outcome.WAITING
    sandbox.tell(f"refunds/{request.out_request_no}/settle")
    assert alipay.query_refund(request).outcome is Outcome.SUCCEEDED


def test_a_refund_that_failed_in_process_can_be_sent_again(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox
) -> None:
    request = refund_of(paid, 384_04, f"r{paid.out_trade_no}")
    sandbox.order("refund", "processing")
    alipay.refund(request)
    sandbox.tell(f"refunds/{request.out_request_no}/fail")
    assert alipay.refund(request).outcome is Outcome.SUCCEEDED


def test_after_twelve_months_a_refund_goes_another_way(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.tell("clock", offset_seconds=YEAR_SECONDS)
    reply = alipay.refund(refund_of(paid, 1_00))
    assert (reply.code, reply.outcome, reply.failure) == (
        "ACQ.TRADE_HAS_FINISHED",
        Outcome.FAILED,
        FailureCategory.CONTACT_SUPPORT,
    )
    assert alipay.query(ref(paid)).code == "TRADE_FINISHED"


def test_a_clock_that_is_off_is_our_fault_and_changes_nothing(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.tell("clock", skew_seconds=-3600)
    reply = alipay.refund(replace(refund_of(paid, 1_00), amount=Money(2_00, "CNY")))
    assert (reply.code, reply.outcome, reply.alert) == ("isv.invalid-timestamp", Outcome.NOT_EXECUTED, True)
    sandbox.tell("clock")
    assert alipay.refund(refund_of(paid, 1_00)).outcome is Outcome.SUCCEEDED
