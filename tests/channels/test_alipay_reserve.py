"""The reserve: a sum is frozen, released and turned into payments, and at every step the sums add up."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charges import ref, refund_of
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.alipay.reserve import told_of
from fenqi.channels.interface import (
    ChannelRefuses,
    ChargeRequest,
    ReserveChannel,
    ReserveReply,
    ReserveRequest,
    ScanCode,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")


@pytest.fixture
def wanted(receiver: Receiver) -> ReserveRequest:
    return ReserveRequest(
        number=secrets.token_hex(12),
        amount=yuan(1000),
        subject="备用金 8/12",
        notify_url=receiver.url,
        return_url="http://127.0.0.1:9/reserved",
        submitted_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )


@pytest.fixture
def frozen(alipay: AlipayChannel, wanted: ReserveRequest, sandbox: Sandbox) -> ReserveReply:
    """Scanned and allowed by the payer."""
    assert isinstance(alipay.freeze(wanted), ScanCode)
    sandbox.act(wanted.number, "confirm")
    reply = alipay.query_reserve(number=wanted.number)
    assert reply.auth_no
    return reply


@pytest.fixture
def captured(charge: ChargeRequest) -> ChargeRequest:
    return replace(charge, amount=yuan(300))


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


def sums(reply: ReserveReply) -> tuple[Money | None, ...]:
    return reply.frozen, reply.released, reply.captured, reply.rest


def release(
    alipay: AlipayChannel, frozen: ReserveReply, amount: Money, receiver: Receiver, number: str
) -> ReserveReply:
    assert frozen.auth_no
    return alipay.release(
        auth_no=frozen.auth_no, number=number, amount=amount, reason="订单完成", notify_url=receiver.url
    )


def test_the_rail_can_reserve(alipay: AlipayChannel) -> None:
    assert isinstance(alipay, ReserveChannel)


def test_the_payer_scans_allows_and_everybody_says_the_same(
    alipay: AlipayChannel, wanted: ReserveRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    assert alipay.query_reserve(number=wanted.number).outcome is Outcome.NOT_FOUND
    code, again = alipay.freeze(wanted), alipay.freeze(wanted)
    assert code == again
    assert isinstance(code, ScanCode)
    waiting = alipay.query_reserve(number=wanted.number)
    assert (waiting.outcome, waiting.frozen) == (Outcome.WAITING, yuan(0))
    with sandbox.browser() as browser:
        page = browser.get(code.text)
        assert "确认冻结 ¥1000.00" in page.text
        assert "备用金 8／12" in page.text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        browser.post(f"{code.text}/allow", data={"csrfmiddlewaretoken": token[1]})
    asked = alipay.query_reserve(number=wanted.number)
    told = alipay.read_notification(receiver.wait_for(1)[0]).reply
    for reply in (asked, told):
        assert isinstance(reply, ReserveReply)
        assert (reply.outcome, reply.number, reply.amount) == (Outcome.SUCCEEDED, wanted.number, yuan(1000))
        assert sums(reply) == (yuan(1000), yuan(0), yuan(0), yuan(1000))
        assert (reply.auth_no, reply.is_credit) == (asked.auth_no, False)


def test_nothing_is_frozen_when_alipay_vouches(alipay: AlipayChannel, wanted: ReserveRequest, sandbox: Sandbox) -> None:
    alipay.freeze(wanted)
    sandbox.act(wanted.number, "confirm_on_credit")
    assert alipay.query_reserve(number=wanted.number).is_credit


def test_a_freeze_that_nobody_allows_closes(alipay: AlipayChannel, wanted: ReserveRequest, sandbox: Sandbox) -> None:
    alipay.freeze(wanted)
    sandbox.act(wanted.number, "expire")
    assert alipay.query_reserve(number=wanted.number).outcome is Outcome.CLOSED
    refused = alipay.freeze(wanted)
    assert isinstance(refused, ReserveReply)
    assert (refused.outcome, refused.failure) == (Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE)


def test_it_is_released_and_captured_in_parts_until_nothing_rests(
    alipay: AlipayChannel, frozen: ReserveReply, captured: ChargeRequest, receiver: Receiver
) -> None:
    assert frozen.auth_no
    first = release(alipay, frozen, yuan(200), receiver, "release01")
    assert (first.outcome, first.amount, first.frozen) == (Outcome.SUCCEEDED, yuan(200), None)
    assert release(alipay, frozen, yuan(200), receiver, "release01").outcome is Outcome.SUCCEEDED
    known = alipay.query_reserve(number=frozen.number, operation_no="release01")
    assert sums(known) == (yuan(1000), yuan(200), yuan(0), yuan(800))

    paid = alipay.capture(auth_no=frozen.auth_no, charge=captured, completes=False)
    assert (paid.outcome, paid.amount) == (Outcome.SUCCEEDED, yuan(300))
    assert sums(alipay.query_reserve(number=frozen.number)) == (yuan(1000), yuan(200), yuan(300), yuan(500))

    last = replace(captured, out_trade_no=secrets.token_hex(12), amount=yuan(100))
    assert alipay.capture(auth_no=frozen.auth_no, charge=last, completes=True).outcome is Outcome.SUCCEEDED
    assert sums(alipay.query_reserve(number=frozen.number)) == (yuan(1000), yuan(600), yuan(400), yuan(0))
    over = replace(captured, out_trade_no=secrets.token_hex(12))
    refused = alipay.capture(auth_no=frozen.auth_no, charge=over, completes=False)
    assert (refused.code, refused.outcome) == ("ACQ.AUTH_ORDER_HAS_FINISHED", Outcome.FAILED)


def test_a_capture_is_a_payment_that_can_be_asked_about_and_refunded(
    alipay: AlipayChannel, frozen: ReserveReply, captured: ChargeRequest
) -> None:
    assert frozen.auth_no
    alipay.capture(auth_no=frozen.auth_no, charge=captured, completes=False)
    assert alipay.query(ref(captured)).outcome is Outcome.SUCCEEDED
    assert alipay.refund(refund_of(captured, 300_00)).outcome is Outcome.SUCCEEDED
    assert sums(alipay.query_reserve(number=frozen.number)) == (yuan(1000), yuan(0), yuan(300), yuan(700))


def test_a_release_is_told_with_its_sums(alipay: AlipayChannel, frozen: ReserveReply, receiver: Receiver) -> None:
    receiver.wait_for(1)
    release(alipay, frozen, yuan(200), receiver, "release01")
    told = alipay.read_notification(receiver.wait_for(2)[1]).reply
    assert isinstance(told, ReserveReply)
    assert (told.number, sums(told)) == ("release01", (yuan(1000), yuan(200), yuan(0), yuan(800)))


def test_no_more_is_released_or_captured_than_rests(
    alipay: AlipayChannel, frozen: ReserveReply, captured: ChargeRequest, receiver: Receiver
) -> None:
    assert frozen.auth_no
    released = release(alipay, frozen, yuan(1001), receiver, "release01")
    paid = alipay.capture(auth_no=frozen.auth_no, charge=replace(captured, amount=yuan(1001)), completes=False)
    for reply in (released, paid):
        assert (reply.outcome, reply.retry, reply.alert) == (Outcome.NOT_EXECUTED, RetryMark.NEVER, True)


@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_release_without_a_believable_answer_is_unknown_and_the_query_tells(
    alipay: AlipayChannel, frozen: ReserveReply, receiver: Receiver, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("release", kind)
    assert release(alipay, frozen, yuan(200), receiver, "release01").outcome is Outcome.UNKNOWN
    known = alipay.query_reserve(number=frozen.number, operation_no="release01")
    assert known.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("code", "outcome", "category"),
    [
        ("MONEY_NOT_ENOUGH", Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE),
        ("SYSTEM_ERROR", Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN),
        ("PAYER_NOT_EXIST", Outcome.FAILED, FailureCategory.WRONG_ACCOUNT_INFO),
    ],
)
def test_a_refused_freeze_says_why(
    alipay: AlipayChannel,
    wanted: ReserveRequest,
    sandbox: Sandbox,
    *,
    code: str,
    outcome: Outcome,
    category: FailureCategory,
) -> None:
    sandbox.order("freeze", "code", code)
    reply = alipay.freeze(wanted)
    assert isinstance(reply, ReserveReply)
    assert (reply.outcome, reply.failure) == (outcome, category)


def test_nobody_reached_means_nothing_done(
    alipay_config: AlipayConfig, wanted: ReserveRequest, captured: ChargeRequest, receiver: Receiver
) -> None:
    nobody = AlipayChannel(replace(alipay_config, gateway="http://127.0.0.1:9/gateway.do"))
    frozen = nobody.freeze(wanted)
    assert isinstance(frozen, ReserveReply)
    assert frozen.outcome is Outcome.NOT_EXECUTED
    assert nobody.capture(auth_no="2026", charge=captured, completes=True).outcome is Outcome.NOT_EXECUTED
    assert nobody.query_reserve(number=wanted.number).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "wrong", [{"number": "a-b"}, {"amount": yuan(0)}, {"subject": ""}, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_what_alipay_would_refuse_is_not_sent(
    alipay: AlipayChannel, wanted: ReserveRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses):
        alipay.freeze(replace(wanted, **wrong))


fen = st.integers(0, 10_000)


@given(frozen=fen, released=fen, captured=fen, rest=fen, is_told=st.booleans())
def test_sums_that_do_not_add_up_are_believed_in_nothing(
    frozen: int, released: int, captured: int, rest: int, *, is_told: bool
) -> None:
    def text(amount: int) -> str:
        return f"{amount // 100}.{amount % 100:02}"

    fields: dict[str, object] = {
        "out_request_no": "release01",
        "status": "SUCCESS",
        "amount": "1.00",
        "total_freeze_amount": text(frozen),
        "total_pay_amount": text(captured),
        "rest_amount": text(rest),
    }
    if is_told:  # a query leaves it out
        fields["total_unfreeze_amount"] = text(released)
    reply = told_of(fields, number="release01")
    adds_up = frozen == released + captured + rest if is_told else frozen >= captured + rest
    assert reply.outcome is (Outcome.SUCCEEDED if adds_up else Outcome.UNKNOWN)
    assert reply.alert is not adds_up
    if adds_up:
        assert reply.frozen and reply.released and reply.captured and reply.rest  # noqa: PT018 - all are there
        assert reply.frozen == reply.released + reply.captured + reply.rest
