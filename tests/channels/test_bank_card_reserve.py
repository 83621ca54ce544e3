"""The reserve on a bound card: pre-authorised, voided or completed, each asked about by its own number and time."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from charges import ref, refund_of
from fenqi.channels.alipay import AlipayChannel
from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.bank_card.config import read_hold_days
from fenqi.channels.bank_card.requests import WINDOW
from fenqi.channels.interface import (
    CardDetails,
    CardReserveChannel,
    ChannelMisconfigured,
    ChannelRefuses,
    ChannelReply,
    ChargeRequest,
    ReserveChannel,
    ReserveReply,
    ReserveRequest,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox, until

HELD_FEN = 1000_00


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock")


@pytest.fixture
def wanted(token: str, receiver: Receiver) -> ReserveRequest:
    now = datetime.now(UTC).replace(microsecond=0)
    return ReserveRequest(
        number=secrets.token_hex(12),
        amount=yuan(1000),
        subject="备用金",
        notify_url=receiver.url,
        return_url="http://127.0.0.1:9/reserved",
        submitted_at=now,
        expires_at=now + timedelta(minutes=10),
        authority=token,
    )


@pytest.fixture
def frozen(bank_card: BankCardChannel, wanted: ReserveRequest, receiver: Receiver) -> ReserveReply:
    """The bank holds it, and told so."""
    bank_card.freeze(wanted)
    receiver.wait_for(1)
    reply = asked(bank_card, wanted)
    assert (reply.outcome, reply.amount) == (Outcome.SUCCEEDED, yuan(1000))
    return reply


@pytest.fixture
def captured(charge: ChargeRequest) -> ChargeRequest:
    return replace(charge, amount=yuan(300), submitted_at=charge.submitted_at.replace(microsecond=0))


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


def asked(bank_card: BankCardChannel, wanted: ReserveRequest) -> ReserveReply:
    return bank_card.query_reserve(number=wanted.number, submitted_at=wanted.submitted_at)


def release(bank_card: BankCardChannel, frozen: ReserveReply, **changes: Any) -> ReserveReply:
    fields: dict[str, Any] = {
        "auth_no": frozen.auth_no,
        "number": secrets.token_hex(12),
        "amount": yuan(1000),
        "reason": "备用金退回",
        "notify_url": "",
        "submitted_at": datetime.now(UTC).replace(microsecond=0),
    }
    return bank_card.release(**{**fields, **changes})


def released(bank_card: BankCardChannel, frozen: ReserveReply, number: str, sent_at: datetime) -> ReserveReply:
    def ask() -> ReserveReply:
        return bank_card.query_reserve(number=frozen.number, operation_no=number, submitted_at=sent_at)

    until(lambda: ask().outcome is not Outcome.WAITING)
    return ask()


def capture(bank_card: BankCardChannel, frozen: ReserveReply, charge: ChargeRequest) -> ChannelReply:
    assert frozen.auth_no
    return bank_card.capture(auth_no=frozen.auth_no, charge=charge, completes=True)


def paid(bank_card: BankCardChannel, charge: ChargeRequest) -> ChannelReply:
    until(lambda: bank_card.query(ref(charge)).outcome is not Outcome.WAITING)
    return bank_card.query(ref(charge))


def sums(sandbox: Sandbox, wanted: ReserveRequest) -> tuple[int, int, int, int]:
    told = sandbox.trade(wanted.number)
    return told["frozen_fen"], told["released_fen"], told["captured_fen"], told["rest_fen"]


def balance(sandbox: Sandbox, details: CardDetails) -> int:
    """What is still to be had of the card's first balance, by what its page says, in fen."""
    page = sandbox.http.get(f"{sandbox.url}/bank_card/cards").text
    card = page.split(f"{details.number[:6]}{'*' * 6}{details.number[-4:]}")[1]
    whole, part = card.split('name="balance" inputmode="decimal" value="')[1].split('"')[0].split(".")
    return int(whole) * 100 + int(part)


def test_a_card_can_hold_a_reserve_in_one_piece_for_so_many_days(
    bank_card: BankCardChannel, bank_card_config: BankCardConfig, alipay: AlipayChannel
) -> None:
    assert isinstance(bank_card, ReserveChannel)
    assert isinstance(bank_card, CardReserveChannel)
    assert not isinstance(alipay, CardReserveChannel)
    assert bank_card.hold_days == 30
    assert BankCardChannel(replace(bank_card_config, hold_days=7)).hold_days == 7


@pytest.mark.parametrize(("text", "days"), [("", 30), ("7", 7), ("0", None), ("a week", None), ("361", None)])
def test_how_long_banks_hold_is_a_setting(text: str, days: int | None) -> None:
    environ = {"FENQI_BANK_CARD_HOLD_DAYS": text}
    if days is not None:
        assert read_hold_days(environ) == days
    else:
        with pytest.raises(ChannelMisconfigured, match="FENQI_BANK_CARD_HOLD_DAYS"):
            read_hold_days(environ)


@pytest.mark.requirement("R063")
def test_a_sum_is_held_at_once_and_everybody_says_the_same(
    *,
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    receiver: Receiver,
    sandbox: Sandbox,
    details: CardDetails,
    token: str,
) -> None:
    assert asked(bank_card, wanted).outcome is Outcome.NOT_FOUND
    before = balance(sandbox, details)
    first, second = bank_card.freeze(wanted), bank_card.freeze(wanted)
    assert (first.outcome, second.outcome) == (Outcome.WAITING, Outcome.WAITING)
    told = bank_card.read_notification(receiver.wait_for(1)[0])
    for reply in (told.reply, asked(bank_card, wanted)):
        assert isinstance(reply, ReserveReply)
        assert (reply.outcome, reply.number, reply.amount) == (Outcome.SUCCEEDED, wanted.number, yuan(1000))
        assert reply.auth_no
        assert (reply.frozen, reply.rest) == (None, None), "the gateway keeps no sums"
    assert (balance(sandbox, details), sums(sandbox, wanted)) == (before - HELD_FEN, (HELD_FEN, 0, 0, HELD_FEN))
    assert "预授权占用" in sandbox.http.get(f"{sandbox.url}/bank_card/cards").text
    assert token not in f"{told.raw}{asked(bank_card, wanted).raw}{wanted!r}"


@pytest.mark.parametrize(
    ("card", "code", "category"),
    [
        ({"balance": "999.99"}, "64", FailureCategory.INSUFFICIENT_BALANCE),
        ({"limit": "999.99"}, "33", FailureCategory.LIMIT_EXCEEDED),
        ({"refusal": "73"}, "73", FailureCategory.WRONG_ACCOUNT_INFO),
        ({"refusal": "iso8583:51"}, "51", FailureCategory.INSUFFICIENT_BALANCE),
    ],
)
def test_a_bank_that_does_not_hold_it_says_why(
    *,
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    details: CardDetails,
    sandbox: Sandbox,
    receiver: Receiver,
    card: dict[str, str],
    code: str,
    category: FailureCategory,
) -> None:
    sandbox.tell("bank_card/cards", number=details.number, **card)
    bank_card.freeze(wanted)
    told = bank_card.read_notification(receiver.wait_for(1)[0]).reply
    for reply in (told, asked(bank_card, wanted)):
        assert (reply.outcome, reply.code, reply.failure) == (Outcome.FAILED, code, category)
    assert bank_card.ends_card(told) == (code == "73")


@pytest.mark.requirement("R067")
def test_it_is_released_whole_and_once(
    *,
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    frozen: ReserveReply,
    sandbox: Sandbox,
    receiver: Receiver,
    details: CardDetails,
) -> None:
    before = balance(sandbox, details)
    number, sent_at = secrets.token_hex(12), datetime.now(UTC).replace(microsecond=0)
    key = {"number": number, "submitted_at": sent_at, "notify_url": receiver.url}
    for _ in range(2):
        assert release(bank_card, frozen, **key).outcome is Outcome.WAITING
    done = released(bank_card, frozen, number, sent_at)
    told = bank_card.read_notification(receiver.wait_for(2)[1]).reply
    for reply in (done, told):
        assert isinstance(reply, ReserveReply)
        assert (reply.outcome, reply.number, reply.amount) == (Outcome.SUCCEEDED, number, yuan(1000))
    assert (balance(sandbox, details), sums(sandbox, wanted)) == (before + HELD_FEN, (HELD_FEN, HELD_FEN, 0, 0))
    again = release(bank_card, frozen)
    assert (again.outcome, again.code) == (Outcome.CLOSED, "45"), "nothing is held under it any more"
    assert asked(bank_card, wanted).outcome is Outcome.SUCCEEDED, "released, it was still held"


def test_what_a_completion_leaves_is_free_at_the_bank(
    *,
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    frozen: ReserveReply,
    captured: ChargeRequest,
    sandbox: Sandbox,
    receiver: Receiver,
    details: CardDetails,
) -> None:
    before = balance(sandbox, details)
    assert capture(bank_card, frozen, captured).outcome is Outcome.WAITING
    told = bank_card.read_notification(receiver.wait_for(2)[1]).reply
    for reply in (paid(bank_card, captured), told):
        assert isinstance(reply, ChannelReply)
        assert (reply.outcome, reply.out_trade_no, reply.amount) == (
            Outcome.SUCCEEDED,
            captured.out_trade_no,
            yuan(300),
        )
    assert (balance(sandbox, details), sums(sandbox, wanted)) == (before + 700_00, (HELD_FEN, 700_00, 300_00, 0))
    gone = release(bank_card, frozen)
    assert (gone.outcome, gone.code) == (Outcome.CLOSED, "35")
    second = capture(bank_card, frozen, replace(captured, out_trade_no=secrets.token_hex(12)))
    assert (second.outcome, second.code, second.alert) == (Outcome.FAILED, "35", True)
    refund = refund_of(captured, 100_00, secrets.token_hex(8))
    refund = replace(refund, charge=replace(refund.charge, trade_no=paid(bank_card, captured).trade_no or ""))
    assert bank_card.refund(refund).outcome is Outcome.WAITING
    until(lambda: bank_card.query_refund(refund).outcome is Outcome.SUCCEEDED)


def test_a_completion_in_part_only_is_never_asked_for(
    bank_card: BankCardChannel, frozen: ReserveReply, captured: ChargeRequest
) -> None:
    assert frozen.auth_no
    with pytest.raises(ChannelRefuses, match="completed once"):
        bank_card.capture(auth_no=frozen.auth_no, charge=captured, completes=False)


def test_a_hold_that_its_bank_let_go_of_holds_nothing(
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    frozen: ReserveReply,
    captured: ChargeRequest,
    sandbox: Sandbox,
) -> None:
    sandbox.act(wanted.number, "lapse")
    assert asked(bank_card, wanted).outcome is Outcome.SUCCEEDED, "the query never tells"
    assert capture(bank_card, frozen, captured).outcome is Outcome.FAILED
    assert release(bank_card, frozen).outcome is Outcome.CLOSED


@pytest.mark.parametrize("fault", ["hang", "wrong_signature"])
@pytest.mark.parametrize("operation", ["freeze", "release", "capture"])
def test_without_an_answer_it_is_unknown_and_the_query_tells(
    *,
    bank_card: BankCardChannel,
    wanted: ReserveRequest,
    captured: ChargeRequest,
    sandbox: Sandbox,
    operation: str,
    fault: str,
) -> None:
    if operation == "freeze":
        sandbox.order("freeze", fault, channel="bank_card")
        assert bank_card.freeze(wanted).outcome is Outcome.UNKNOWN
    else:
        bank_card.freeze(wanted)
    until(lambda: asked(bank_card, wanted).outcome is Outcome.SUCCEEDED)
    frozen = asked(bank_card, wanted)
    sandbox.order(operation, fault, channel="bank_card")
    if operation == "release":
        number, sent_at = secrets.token_hex(12), datetime.now(UTC).replace(microsecond=0)
        assert release(bank_card, frozen, number=number, submitted_at=sent_at).outcome is Outcome.UNKNOWN
        assert released(bank_card, frozen, number, sent_at).outcome is Outcome.SUCCEEDED
    elif operation == "capture":
        assert capture(bank_card, frozen, captured).outcome is Outcome.UNKNOWN
        assert paid(bank_card, captured).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("kind", ["hang", "wrong_signature"])
def test_a_question_without_a_believable_answer_tells_nothing(
    bank_card: BankCardChannel, wanted: ReserveRequest, frozen: ReserveReply, sandbox: Sandbox, kind: str
) -> None:
    assert frozen.auth_no
    sandbox.order("query", kind, channel="bank_card")
    reply = asked(bank_card, wanted)
    assert (reply.outcome, reply.amount, reply.auth_no) == (Outcome.UNKNOWN, None, None)


def test_what_stays_in_process_waits_until_the_bank_decides(
    bank_card: BankCardChannel, wanted: ReserveRequest, sandbox: Sandbox
) -> None:
    sandbox.order("freeze", "processing", channel="bank_card")
    bank_card.freeze(wanted)
    assert (asked(bank_card, wanted).outcome, sums(sandbox, wanted)) == (Outcome.WAITING, (0, 0, 0, 0))
    sandbox.act(wanted.number, "confirm")
    assert asked(bank_card, wanted).outcome is Outcome.SUCCEEDED
    assert sums(sandbox, wanted) == (HELD_FEN, 0, 0, HELD_FEN)


def test_the_time_of_sending_is_a_part_of_the_key(
    bank_card: BankCardChannel, wanted: ReserveRequest, frozen: ReserveReply
) -> None:
    assert frozen.auth_no
    other = replace(wanted, submitted_at=wanted.submitted_at + timedelta(seconds=1))
    assert asked(bank_card, other).outcome is Outcome.NOT_FOUND
    with pytest.raises(ChannelRefuses, match="part of its key"):
        bank_card.query_reserve(number=wanted.number)


def test_an_unreachable_gateway_holds_nothing(
    bank_card_config: BankCardConfig, wanted: ReserveRequest, captured: ChargeRequest
) -> None:
    nobody = BankCardChannel(replace(bank_card_config, gateway="http://127.0.0.1:9"))
    frozen = nobody.freeze(wanted)
    assert (frozen.outcome, frozen.retry) == (Outcome.NOT_EXECUTED, RetryMark.SAME_REQUEST)
    known = ReserveReply(outcome=Outcome.SUCCEEDED, number=wanted.number, auth_no="202611230853178523142")
    assert release(nobody, known).outcome is Outcome.NOT_EXECUTED
    assert capture(nobody, known, captured).outcome is Outcome.NOT_EXECUTED
    assert asked(nobody, wanted).outcome is Outcome.UNKNOWN


def test_the_bank_is_given_no_longer_than_the_window(
    bank_card: BankCardChannel, wanted: ReserveRequest, sandbox: Sandbox
) -> None:
    bank_card.freeze(replace(wanted, expires_at=wanted.submitted_at + timedelta(days=2)))
    until(lambda: asked(bank_card, wanted).outcome is Outcome.SUCCEEDED)
    assert timedelta(minutes=15) == WINDOW
    assert sums(sandbox, wanted)[3] == HELD_FEN


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "with-a-dash"},
        {"amount": yuan(0)},
        {"amount": Money(10**12, "CNY")},
        {"amount": Money(100, "USD")},
        {"authority": ""},
        {"authority": "a}&txnAmt=1"},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_freeze_that_no_gateway_would_take_is_refused_before_anything_is_sent(
    bank_card: BankCardChannel, wanted: ReserveRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses):
        bank_card.freeze(replace(wanted, **wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"auth_no": ""}, {"auth_no": "1&txnAmt=1"}, {"amount": yuan(0)}, {"number": "r;1"}, {"submitted_at": None}],
)
def test_a_release_that_no_gateway_would_take_is_refused_before_anything_is_sent(
    bank_card: BankCardChannel, wrong: dict[str, Any]
) -> None:
    known = ReserveReply(outcome=Outcome.SUCCEEDED, number="a" * 12, auth_no="202611230853178523142")
    with pytest.raises(ChannelRefuses):
        release(bank_card, known, **wrong)
