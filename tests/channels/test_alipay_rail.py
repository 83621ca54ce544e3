"""The whole way of a payment over the real protocol: our adapter here, the sandbox there, HTTP and RSA2 between."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from charges import ref, refund_of
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.interface import (
    Acknowledgement,
    CashierChannel,
    ChannelRefuses,
    ChannelReply,
    ChargeRequest,
    PaymentChannel,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")


def test_the_adapter_is_a_payment_channel(alipay: AlipayChannel) -> None:
    assert isinstance(alipay, PaymentChannel)
    assert isinstance(alipay, CashierChannel)
    assert (alipay.name, alipay.currencies, alipay.acknowledge()) == (
        "alipay",
        frozenset(["CNY"]),
        Acknowledgement("success"),
    )


@pytest.mark.requirement("R109")
def test_a_payer_confirms_and_everybody_says_the_same(
    alipay: AlipayChannel, opened: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    with sandbox.browser() as browser:
        cashier = sandbox.trade(opened.out_trade_no)["cashier"]
        page = browser.get(cashier)
        assert "¥</small>384.04" in page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        back = browser.post(f"{cashier}/confirm", data={"csrfmiddlewaretoken": token[1]})

    returned = parse_qs(urlsplit(back.headers["Location"]).query)
    assert returned["payment"] == ["7"]
    assert returned["out_trade_no"] == [opened.out_trade_no]

    asked = alipay.query(ref(opened))
    told = alipay.read_notification(receiver.wait_for(1)[0])
    assert isinstance(told.reply, ChannelReply)
    for reply in (asked, told.reply):
        assert reply.outcome is Outcome.SUCCEEDED
        assert reply.amount == opened.amount
        assert reply.paid_at is not None
        assert before <= reply.paid_at <= datetime.now(UTC)
        assert reply.failure is None
    assert asked.trade_no == told.reply.trade_no


def test_a_trade_is_not_found_then_waits_then_closes(
    alipay: AlipayChannel, charge: ChargeRequest, sandbox: Sandbox
) -> None:
    assert alipay.query(ref(charge)).outcome is Outcome.NOT_FOUND
    assert alipay.close(ref(charge)).outcome is Outcome.NOT_FOUND
    with sandbox.browser() as browser:
        browser.get(alipay.start(charge).url)
    waiting = alipay.query(ref(charge))
    assert (waiting.outcome, waiting.verdict) == (Outcome.WAITING, None)
    assert alipay.close(ref(charge)).outcome is Outcome.CLOSED
    assert alipay.query(ref(charge)).outcome is Outcome.CLOSED


def test_closing_a_paid_trade_says_ask_and_asking_says_paid(alipay: AlipayChannel, paid: ChargeRequest) -> None:
    closing = alipay.close(ref(paid))
    assert (closing.outcome, closing.retry) == (Outcome.UNKNOWN, RetryMark.QUERY_FIRST)
    assert alipay.query(ref(paid)).outcome is Outcome.SUCCEEDED


def test_money_that_comes_after_the_close_is_told(
    alipay: AlipayChannel, opened: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    assert alipay.close(ref(opened)).outcome is Outcome.CLOSED
    sandbox.act(opened.out_trade_no, "pay_late")
    assert alipay.read_notification(receiver.wait_for(1)[0]).reply.outcome is Outcome.SUCCEEDED
    assert alipay.query(ref(opened)).outcome is Outcome.SUCCEEDED


def test_a_trade_past_its_window_is_closed_and_past_its_refunds_still_paid(
    alipay: AlipayChannel, opened: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.act(opened.out_trade_no, "expire")
    assert alipay.query(ref(opened)).outcome is Outcome.CLOSED
    sandbox.act(opened.out_trade_no, "pay_late")
    sandbox.act(opened.out_trade_no, "finish")
    assert alipay.query(ref(opened)).outcome is Outcome.SUCCEEDED
    assert alipay.refund(refund_of(opened, 1)).failure is FailureCategory.CONTACT_SUPPORT


def test_a_refund_moves_money_once_however_often_it_is_sent(alipay: AlipayChannel, paid: ChargeRequest) -> None:
    request = refund_of(paid, 100_00)
    first, second = alipay.refund(request), alipay.refund(request)
    assert (first.outcome, first.amount) == (Outcome.SUCCEEDED, request.amount)
    assert (second.outcome, second.retry) == (Outcome.WAITING, RetryMark.QUERY_FIRST)
    known = alipay.query_refund(request)
    assert (known.outcome, known.amount) == (Outcome.SUCCEEDED, request.amount)
    assert known.refunded_at is not None
    rest = alipay.refund(refund_of(paid, 284_04, "refund0002"))
    assert (rest.outcome, rest.amount) == (Outcome.SUCCEEDED, Money(284_04, "CNY"))


def test_a_payment_refunded_in_full_was_still_paid(alipay: AlipayChannel, paid: ChargeRequest) -> None:
    alipay.refund(refund_of(paid, 384_04))
    reply = alipay.query(ref(paid))
    assert (reply.outcome, reply.code) == (Outcome.SUCCEEDED, "TRADE_CLOSED")


@pytest.mark.parametrize(
    ("fen", "number", "said"),
    [
        (384_05, "refund0001", ("ACQ.REASON_TRADE_REFUND_FEE_ERR", Outcome.NOT_EXECUTED)),
        (50_00, "refundtaken", ("ACQ.DISCORDANT_REPEAT_REQUEST", Outcome.UNKNOWN)),
    ],
)
def test_a_refund_that_cannot_be_is_refused_with_the_real_code(
    alipay: AlipayChannel, paid: ChargeRequest, fen: int, number: str, said: tuple[str, Outcome]
) -> None:
    alipay.refund(refund_of(paid, 1_00, "refundtaken"))
    reply = alipay.refund(refund_of(paid, fen, number))
    assert (reply.code, reply.outcome) == said
    assert (reply.retry, reply.alert) == (RetryMark.NEVER, True)


def test_a_refund_nobody_received_is_not_found_and_may_be_sent_again(
    alipay: AlipayChannel, paid: ChargeRequest
) -> None:
    reply = alipay.query_refund(refund_of(paid, 1_00, "neversent1"))
    assert (reply.outcome, reply.retry) == (Outcome.NOT_FOUND, RetryMark.SAME_REQUEST)


def test_a_refund_answered_without_a_fund_change_is_settled_by_asking(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.order("refund", "no_fund_change")
    assert alipay.refund(refund_of(paid, 1_00)).outcome is Outcome.WAITING
    known = alipay.query_refund(refund_of(paid, 1_00))
    assert known.outcome is Outcome.SUCCEEDED


@pytest.mark.requirement("R137")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (("hang", ""), "transport.timeout"),
        (("slow", "3"), "transport.timeout"),
        (("reset", ""), "transport.broken"),
        (("http_500", ""), "transport.http_500"),
        (("wrong_signature", ""), "transport.bad_signature"),
        (("unsigned", ""), "transport.unsigned"),
        (("code_after", "ACQ.SYSTEM_ERROR"), "ACQ.SYSTEM_ERROR"),
        (("code_after", "ACQ.NOBODY_KNOWS"), "ACQ.NOBODY_KNOWS"),
        (("code_after", "20000"), "20000"),
    ],
)
def test_what_may_have_happened_is_unknown_and_the_query_tells(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox, fault: tuple[str, str], code: str
) -> None:
    sandbox.order("refund", *fault)
    reply = alipay.refund(refund_of(paid, 1_00))
    assert (reply.outcome, reply.code) == (Outcome.UNKNOWN, code)
    known = alipay.query_refund(refund_of(paid, 1_00))
    assert known.outcome is Outcome.SUCCEEDED


@pytest.mark.requirement("R136", "R137")
@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_query_without_a_believable_answer_tells_nothing(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("query", kind)
    reply = alipay.query(ref(paid))
    assert (reply.outcome, reply.amount, reply.trade_no) == (Outcome.UNKNOWN, None, None)
    assert reply.failure is FailureCategory.OUTCOME_UNKNOWN
    assert alipay.query(ref(paid)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("code", ["ACQ.TRADE_NOT_EXIST", "ACQ.SYSTEM_ERROR", "ACQ.INVALID_PARAMETER", "40001"])
def test_no_code_of_a_query_makes_a_payment_fail(
    alipay: AlipayChannel, paid: ChargeRequest, sandbox: Sandbox, code: str
) -> None:
    sandbox.order("query", "code", code)
    assert alipay.query(ref(paid)).outcome in {Outcome.UNKNOWN, Outcome.NOT_FOUND}


def test_an_unreachable_gateway_executes_nothing(alipay_config: AlipayConfig, charge: ChargeRequest) -> None:
    nobody = AlipayChannel(replace(alipay_config, gateway="http://127.0.0.1:9/gateway.do"))
    refund = nobody.refund(refund_of(charge, 1_00))
    assert (refund.outcome, refund.retry) == (Outcome.NOT_EXECUTED, RetryMark.SAME_REQUEST)
    # ... but that we could not ask tells nothing of a payment
    assert nobody.query(ref(charge)).outcome is Outcome.UNKNOWN


def test_a_call_signed_with_a_wrong_clock_or_key_is_our_fault_and_leaves_the_payment_alone(
    alipay_config: AlipayConfig, paid: ChargeRequest, alipay: AlipayChannel
) -> None:
    late = AlipayChannel(alipay_config, clock=lambda: datetime.now(UTC) - timedelta(hours=1))
    reply = late.query(ref(paid))
    assert (reply.outcome, reply.code, reply.alert) == (Outcome.UNKNOWN, "isv.invalid-timestamp", True)
    assert alipay.query(ref(paid)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "wrong",
    [
        {"out_trade_no": "short"},
        {"out_trade_no": "with-a-dash"},
        {"out_trade_no": "x" * 33},
        {"amount": Money(0, "CNY")},
        {"amount": Money(-1, "CNY")},
        {"amount": Money(100_000_000_01, "CNY")},
        {"amount": Money(100, "USD")},
        {"subject": ""},
        {"subject": "长" * 257},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_the_channel_would_refuse_is_refused_before_anything_is_signed(
    alipay: AlipayChannel, charge: ChargeRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses) as refusal:
        alipay.start(replace(charge, **wrong))
    assert "alipay" in refusal.value.text("zh")


def test_marks_that_alipay_takes_in_no_subject_are_written_wide(
    alipay: AlipayChannel, charge: ChargeRequest, sandbox: Sandbox
) -> None:
    with sandbox.browser() as browser:
        page = browser.get(alipay.start(replace(charge, subject="8GB/256GB 1=1 A&B")).url, follow_redirects=True)
    assert "8GB／256GB 1＝1 A＆B" in page.text


def test_numbers_amounts_and_reasons_are_checked_on_every_call(alipay: AlipayChannel, paid: ChargeRequest) -> None:
    with pytest.raises(ChannelRefuses):
        alipay.query(replace(ref(paid), out_trade_no="a/b"))
    with pytest.raises(ChannelRefuses):
        alipay.close(replace(ref(paid), out_trade_no=""))
    with pytest.raises(ChannelRefuses):
        alipay.refund(refund_of(paid, 0))
    with pytest.raises(ChannelRefuses):
        alipay.refund(replace(refund_of(paid, 1), reason="长" * 257))
    with pytest.raises(ChannelRefuses):
        alipay.query_refund(refund_of(paid, 1, "r;1"))


def test_the_same_number_with_another_amount_is_refused_at_the_cashier(
    alipay: AlipayChannel, opened: ChargeRequest, sandbox: Sandbox
) -> None:
    other = alipay.start(replace(opened, amount=Money(1, "CNY")))
    with sandbox.browser() as browser:
        page = browser.get(other.url)
    assert page.status_code == 400
    assert "ACQ.CONTEXT_INCONSISTENT" in page.text
    assert alipay.query(ref(opened)).amount == opened.amount
