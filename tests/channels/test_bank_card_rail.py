"""The whole way of a card over the real protocol: our adapter here, the sandbox there, HTTP and signatures between."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.bank_card.requests import WINDOW
from fenqi.channels.interface import (
    Acknowledgement,
    CardChannel,
    CardDetails,
    CashierChannel,
    ChannelRefuses,
    ChannelReply,
    ChargeRef,
    DebitRequest,
    PaymentChannel,
    RefundDestination,
    RefundReply,
    RefundRequest,
    TimeKeyedChannel,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox, until


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock")


def ref_of(request: DebitRequest, trade_no: str = "") -> ChargeRef:
    return ChargeRef(
        out_trade_no=request.out_trade_no,
        amount=request.amount,
        submitted_at=request.submitted_at,
        trade_no=trade_no,
    )


def refund_of(charge: ChargeRef, fen: int, number: str = "") -> RefundRequest:
    return RefundRequest(
        charge=charge,
        out_request_no=number or secrets.token_hex(8),
        amount=Money(fen, "CNY"),
        reason="退货",
        notify_url="",
        submitted_at=datetime.now(UTC).replace(microsecond=0),
    )


def ended(bank_card: BankCardChannel, request: DebitRequest) -> ChannelReply:
    """What a query says once the bank has decided."""
    until(lambda: bank_card.query(ref_of(request)).outcome is not Outcome.WAITING)
    return bank_card.query(ref_of(request))


def refunded(bank_card: BankCardChannel, request: RefundRequest) -> RefundReply:
    until(lambda: bank_card.query_refund(request).outcome is not Outcome.WAITING)
    return bank_card.query_refund(request)


def set_card(sandbox: Sandbox, details: CardDetails, **wanted: str) -> None:
    sandbox.tell("bank_card/cards", number=details.number, **wanted)


def test_the_adapter_is_a_channel_of_cards_and_has_no_cashier(bank_card: BankCardChannel) -> None:
    assert isinstance(bank_card, PaymentChannel)
    assert isinstance(bank_card, CardChannel)
    assert isinstance(bank_card, TimeKeyedChannel)
    assert not isinstance(bank_card, CashierChannel)
    assert (bank_card.name, bank_card.currencies, bank_card.refund_days) == ("bank_card", frozenset(["CNY"]), 330)
    assert bank_card.acknowledge() == Acknowledgement("ok")


def test_a_card_is_bound_by_the_code_that_the_bank_sends(
    bank_card: BankCardChannel, details: CardDetails, sandbox: Sandbox
) -> None:
    number, now = secrets.token_hex(12), datetime.now(UTC)
    asked = bank_card.ask_code(details, number=number, submitted_at=now)
    assert (asked.outcome, asked.token) == (Outcome.SUCCEEDED, None)
    message = sandbox.messages(details.phone)[0]
    assert f"尾号 {details.number[-4:]}" in message["text"]

    wrong = bank_card.bind(details, "000000", number=number, submitted_at=now)
    if message["params"]["code"] != "000000":
        assert (wrong.outcome, wrong.code) == (Outcome.FAILED, "71")
        assert wrong.failure is FailureCategory.WRONG_ACCOUNT_INFO
    bound = bank_card.bind(details, message["params"]["code"], number=number, submitted_at=now)
    again = bank_card.bind(details, message["params"]["code"], number=number, submitted_at=now)
    assert bound.outcome is Outcome.SUCCEEDED
    assert bound.token
    assert bound.token == again.token
    assert bound.token not in f"{bound!r} {bound.raw}"


def test_a_code_can_be_guessed_five_times_only(
    bank_card: BankCardChannel, details: CardDetails, sandbox: Sandbox
) -> None:
    number, now = secrets.token_hex(12), datetime.now(UTC)
    bank_card.ask_code(details, number=number, submitted_at=now)
    right = sandbox.messages(details.phone)[0]["params"]["code"]
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert bank_card.bind(details, wrong, number=number, submitted_at=now).code == "71"
    assert bank_card.bind(details, right, number=number, submitted_at=now).code == "71"


@pytest.mark.requirement("R126", "R127")
@pytest.mark.parametrize(("code", "category"), [("66", "wrong_account_info"), ("78", "method_unavailable")])
def test_what_the_bank_does_not_accept_is_told_before_anything_is_bound(
    bank_card: BankCardChannel, details: CardDetails, sandbox: Sandbox, code: str, category: str
) -> None:
    set_card(sandbox, details, refusal=code)
    reply = bank_card.ask_code(details, number=secrets.token_hex(12), submitted_at=datetime.now(UTC))
    assert (reply.outcome, reply.code, reply.failure) == (Outcome.FAILED, code, FailureCategory(category))
    assert sandbox.messages(details.phone) == []


def test_a_forgotten_card_is_debited_no_more_and_forgetting_twice_is_harmless(
    bank_card: BankCardChannel, token: str, debit: DebitRequest
) -> None:
    for _ in range(2):
        gone = bank_card.unbind(token, number=secrets.token_hex(12), submitted_at=datetime.now(UTC))
        assert gone.outcome is Outcome.SUCCEEDED
    reply = bank_card.debit(debit)
    assert (reply.outcome, reply.code, reply.failure) == (Outcome.FAILED, "80", FailureCategory.METHOD_UNAVAILABLE)


def test_a_debit_is_accepted_then_made_and_everybody_says_the_same(
    bank_card: BankCardChannel, debit: DebitRequest, receiver: Receiver
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    accepted = bank_card.debit(debit)
    assert (accepted.outcome, accepted.verdict, accepted.amount) == (Outcome.WAITING, None, None)
    told = bank_card.read_notification(receiver.wait_for(1)[0])
    asked = bank_card.query(ref_of(debit))
    for reply in (asked, told.reply):
        assert isinstance(reply, ChannelReply)
        assert (reply.outcome, reply.amount, reply.out_trade_no) == (
            Outcome.SUCCEEDED,
            debit.amount,
            debit.out_trade_no,
        )
        assert reply.paid_at is not None
        assert before <= reply.paid_at <= datetime.now(UTC)
        assert (reply.trade_no, reply.failure) == (accepted.trade_no, None)


def test_the_same_debit_takes_the_money_once_and_another_under_its_number_never(
    bank_card: BankCardChannel, debit: DebitRequest, details: CardDetails, sandbox: Sandbox
) -> None:
    set_card(sandbox, details, balance="384.04")
    first, second = bank_card.debit(debit), bank_card.debit(debit)
    assert (second.outcome, second.trade_no) == (Outcome.WAITING, first.trade_no)
    assert ended(bank_card, debit).outcome is Outcome.SUCCEEDED
    other = bank_card.debit(replace(debit, amount=Money(1, "CNY")))
    assert (other.outcome, other.code, other.retry) == (Outcome.UNKNOWN, "12", RetryMark.QUERY_FIRST)
    with sandbox.browser() as browser:
        page = browser.get("/bank_card/cards").text
    assert details.number not in page
    assert re.search(rf'{details.number[-4:]}</dd>.*?name="balance"[^>]*value="0\.00"', page, re.DOTALL)


@pytest.mark.requirement("R138", "R139")
@pytest.mark.parametrize(
    ("wanted", "code", "category"),
    [
        ({"balance": "384.03"}, "64", FailureCategory.INSUFFICIENT_BALANCE),
        ({"limit": "384.03"}, "33", FailureCategory.LIMIT_EXCEEDED),
        ({"refusal": "73"}, "73", FailureCategory.WRONG_ACCOUNT_INFO),
        ({"refusal": "78"}, "78", FailureCategory.METHOD_UNAVAILABLE),
        ({"refusal": "02"}, "02", FailureCategory.CHANNEL_MAINTENANCE),
        ({"refusal": "60"}, "60", FailureCategory.CONTACT_SUPPORT),
        ({"refusal": "iso8583:51"}, "51", FailureCategory.INSUFFICIENT_BALANCE),
        ({"refusal": "iso8583:65"}, "65", FailureCategory.LIMIT_EXCEEDED),
    ],
)
def test_a_failed_debit_says_why_by_notification_and_by_query(
    *,
    bank_card: BankCardChannel,
    debit: DebitRequest,
    details: CardDetails,
    sandbox: Sandbox,
    receiver: Receiver,
    wanted: dict[str, str],
    code: str,
    category: FailureCategory,
) -> None:
    set_card(sandbox, details, **wanted)
    assert bank_card.debit(debit).outcome is Outcome.WAITING
    told = bank_card.read_notification(receiver.wait_for(1)[0]).reply
    for reply in (told, bank_card.query(ref_of(debit)), bank_card.close(ref_of(debit))):
        assert (reply.outcome, reply.code, reply.failure) == (Outcome.FAILED, code, category)


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("code", ["04", "74"])
def test_what_never_gets_clear_stays_unknown(
    bank_card: BankCardChannel, debit: DebitRequest, details: CardDetails, sandbox: Sandbox, code: str
) -> None:
    set_card(sandbox, details, refusal=code)
    bank_card.debit(debit)
    reply = ended(bank_card, debit)
    assert (reply.outcome, reply.code, reply.failure) == (Outcome.UNKNOWN, code, FailureCategory.OUTCOME_UNKNOWN)


def test_a_debit_that_stays_in_process_waits_until_the_bank_decides(
    bank_card: BankCardChannel, debit: DebitRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.order("charge", "processing", channel="bank_card")
    bank_card.debit(debit)
    for reply in (bank_card.query(ref_of(debit)), bank_card.close(ref_of(debit))):
        assert (reply.outcome, reply.code) == (Outcome.WAITING, "05")
    sandbox.act(debit.out_trade_no, "confirm")
    assert bank_card.read_notification(receiver.wait_for(1)[0]).reply.outcome is Outcome.SUCCEEDED
    assert bank_card.query(ref_of(debit)).outcome is Outcome.SUCCEEDED


def test_money_that_comes_after_a_failure_is_told(
    bank_card: BankCardChannel, debit: DebitRequest, details: CardDetails, receiver: Receiver, sandbox: Sandbox
) -> None:
    set_card(sandbox, details, balance="0")
    bank_card.debit(debit)
    receiver.wait_for(1)
    sandbox.act(debit.out_trade_no, "pay_late")
    assert bank_card.read_notification(receiver.wait_for(2)[1]).reply.outcome is Outcome.SUCCEEDED
    assert bank_card.query(ref_of(debit)).outcome is Outcome.SUCCEEDED


def test_a_debit_nobody_received_is_not_found_and_closed_only_after_its_window(
    bank_card: BankCardChannel, bank_card_config: BankCardConfig, debit: DebitRequest
) -> None:
    never = ref_of(debit)
    assert bank_card.query(never).outcome is Outcome.NOT_FOUND
    assert bank_card.close(never).outcome is Outcome.NOT_FOUND
    later = BankCardChannel(bank_card_config, clock=lambda: debit.submitted_at + WINDOW + timedelta(seconds=1))
    assert later.query(never).outcome is Outcome.NOT_FOUND
    closed = later.close(never)
    assert (closed.outcome, closed.verdict) == (Outcome.CLOSED, None)


def test_the_time_of_sending_is_a_part_of_the_key(bank_card: BankCardChannel, debited: ChargeRef) -> None:
    other = replace(debited, submitted_at=debited.submitted_at + timedelta(seconds=1))
    assert bank_card.query(other).outcome is Outcome.NOT_FOUND
    assert bank_card.query(debited).outcome is Outcome.SUCCEEDED


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
        (("code_after", "03"), "03"),
        (("code_after", "ZZ"), "ZZ"),
    ],
)
def test_what_may_have_happened_is_unknown_and_the_query_tells(
    bank_card: BankCardChannel, debit: DebitRequest, sandbox: Sandbox, fault: tuple[str, str], code: str
) -> None:
    sandbox.order("charge", *fault, channel="bank_card")
    reply = bank_card.debit(debit)
    assert (reply.outcome, reply.code) == (Outcome.UNKNOWN, code)
    assert ended(bank_card, debit).outcome is Outcome.SUCCEEDED


@pytest.mark.requirement("R136", "R137")
@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_query_without_a_believable_answer_tells_nothing(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("query", kind, channel="bank_card")
    reply = bank_card.query(debited)
    assert (reply.outcome, reply.amount, reply.trade_no) == (Outcome.UNKNOWN, None, None)
    assert reply.failure is FailureCategory.OUTCOME_UNKNOWN
    assert bank_card.query(debited).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("code", ["34", "03", "64", "11", "99", "ZZ"])
def test_no_code_of_a_query_makes_a_payment_fail(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox, code: str
) -> None:
    sandbox.order("query", "code", code, channel="bank_card")
    assert bank_card.query(debited).outcome in {Outcome.UNKNOWN, Outcome.NOT_FOUND}


def test_a_code_is_read_by_the_scheme_it_is_tagged_with(
    bank_card: BankCardChannel, debit: DebitRequest, sandbox: Sandbox
) -> None:
    said = []
    for code in ("61", "iso8583:61"):
        sandbox.order("charge", "code", code, channel="bank_card")
        said.append(bank_card.debit(replace(debit, out_trade_no=secrets.token_hex(12))).failure)
    assert said == [FailureCategory.WRONG_ACCOUNT_INFO, FailureCategory.LIMIT_EXCEEDED]


def test_a_refund_is_accepted_then_made_once_and_goes_back_to_the_card(
    bank_card: BankCardChannel, debited: ChargeRef, details: CardDetails
) -> None:
    request = refund_of(debited, 100_00)
    first, second = bank_card.refund(request), bank_card.refund(request)
    assert (first.outcome, first.amount, first.verdict) == (Outcome.WAITING, None, None)
    assert (second.outcome, second.refund_no) == (Outcome.WAITING, first.refund_no)
    done = refunded(bank_card, request)
    assert (done.outcome, done.amount, done.destination) == (
        Outcome.SUCCEEDED,
        request.amount,
        RefundDestination.ORIGINAL,
    )
    assert done.refunded_at is not None
    rest = refund_of(debited, 284_04)
    bank_card.refund(rest)
    assert refunded(bank_card, rest).outcome is Outcome.SUCCEEDED
    assert bank_card.query(debited).outcome is Outcome.SUCCEEDED  # refunded in full, it was still paid


def test_a_refund_is_told_with_the_payment_it_belongs_to(
    bank_card: BankCardChannel, debited: ChargeRef, receiver: Receiver
) -> None:
    request = replace(refund_of(debited, 1_00), notify_url=receiver.url)
    bank_card.refund(request)
    told = bank_card.read_notification(receiver.wait_for(2)[1]).reply
    assert isinstance(told, RefundReply)
    assert (told.outcome, told.out_trade_no, told.out_request_no, told.amount) == (
        Outcome.SUCCEEDED,
        debited.out_trade_no,
        request.out_request_no,
        Money(1_00, "CNY"),
    )


def test_a_refund_that_cannot_be_is_refused_with_the_real_code(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox
) -> None:
    too_much = bank_card.refund(refund_of(debited, 384_05))
    assert (too_much.code, too_much.outcome, too_much.alert) == ("36", Outcome.NOT_EXECUTED, True)
    strange = bank_card.refund(refund_of(replace(debited, trade_no="202611230853178523142"), 1))
    assert (strange.code, strange.outcome) == ("35", Outcome.NOT_EXECUTED)
    taken = refund_of(debited, 384_04)
    bank_card.refund(taken)
    assert bank_card.refund(replace(taken, amount=Money(1, "CNY"))).code == "12"
    assert bank_card.refund(refund_of(debited, 1)).code == "45"


def test_after_eleven_months_nothing_is_refunded_any_more(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox
) -> None:
    sandbox.tell("clock", offset_seconds=336 * 86_400)
    late = bank_card.refund(refund_of(debited, 1))
    assert (late.code, late.outcome) == ("35", Outcome.NOT_EXECUTED)
    sandbox.tell("clock", offset_seconds=bank_card.refund_days * 86_400)
    assert bank_card.refund(refund_of(debited, 1)).outcome is Outcome.WAITING


def test_a_refund_nobody_received_is_not_found_and_may_be_sent_again(
    bank_card: BankCardChannel, debited: ChargeRef
) -> None:
    reply = bank_card.query_refund(refund_of(debited, 1))
    assert (reply.outcome, reply.retry) == (Outcome.NOT_FOUND, RetryMark.SAME_REQUEST)


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_refund_without_an_answer_is_unknown_and_the_query_tells(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox, kind: str
) -> None:
    request = refund_of(debited, 1_00)
    sandbox.order("refund", kind, channel="bank_card")
    assert bank_card.refund(request).outcome is Outcome.UNKNOWN
    assert refunded(bank_card, request).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("action", "outcome"),
    [("settle", Outcome.SUCCEEDED), ("fail", Outcome.FAILED), ("abnormal", Outcome.ABNORMAL)],
)
def test_a_refund_in_process_ends_in_each_way(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox, action: str, outcome: Outcome
) -> None:
    request = refund_of(debited, 1_00)
    sandbox.order("refund", "processing", channel="bank_card")
    assert bank_card.refund(request).outcome is Outcome.WAITING
    assert bank_card.query_refund(request).outcome is Outcome.WAITING
    sandbox.tell(f"refunds/{request.out_request_no}/{action}")
    assert bank_card.query_refund(request).outcome is outcome


def test_a_refund_that_the_card_sends_back_later_needs_a_person(
    bank_card: BankCardChannel, debited: ChargeRef, sandbox: Sandbox
) -> None:
    request = refund_of(debited, 1_00)
    bank_card.refund(request)
    assert refunded(bank_card, request).outcome is Outcome.SUCCEEDED
    sandbox.tell(f"refunds/{request.out_request_no}/abnormal")
    assert bank_card.query_refund(request).outcome is Outcome.ABNORMAL


def test_an_unreachable_gateway_executes_nothing(
    bank_card_config: BankCardConfig, debit: DebitRequest, details: CardDetails
) -> None:
    nobody = BankCardChannel(replace(bank_card_config, gateway="http://127.0.0.1:9"))
    paid = nobody.debit(debit)
    assert (paid.outcome, paid.retry) == (Outcome.NOT_EXECUTED, RetryMark.SAME_REQUEST)
    charge = ref_of(debit, "202611230853178523142")
    assert nobody.refund(refund_of(charge, 1)).outcome is Outcome.NOT_EXECUTED
    asked = nobody.ask_code(details, number=secrets.token_hex(8), submitted_at=debit.submitted_at)
    assert asked.outcome is Outcome.NOT_EXECUTED
    # ... but that we could not ask tells nothing of a payment
    assert nobody.query(charge).outcome is Outcome.UNKNOWN
    assert nobody.query_refund(refund_of(charge, 1)).outcome is Outcome.UNKNOWN


def test_a_call_with_a_wrong_clock_is_our_fault(
    bank_card: BankCardChannel, debit: DebitRequest, sandbox: Sandbox
) -> None:
    late = replace(debit, submitted_at=debit.submitted_at - timedelta(minutes=11))
    reply = bank_card.debit(late)
    assert (reply.outcome, reply.code, reply.alert) == (Outcome.NOT_EXECUTED, "10", True)
    assert bank_card.query(ref_of(late)).outcome is Outcome.NOT_FOUND


def test_an_answer_by_another_name_or_an_old_certificate_is_not_believed(
    bank_card_config: BankCardConfig, debited: ChargeRef
) -> None:
    other_name = BankCardChannel(replace(bank_card_config, signer="别家清算"))
    expired = BankCardChannel(bank_card_config, clock=lambda: datetime.now(UTC) + timedelta(days=4000))
    for channel in (other_name, expired):
        reply = channel.query(debited)
        assert (reply.outcome, reply.code) == (Outcome.UNKNOWN, "transport.bad_signature")


@pytest.mark.parametrize(
    "wrong",
    [
        {"out_trade_no": "short"},
        {"out_trade_no": "with-a-dash"},
        {"out_trade_no": "x" * 33},
        {"amount": Money(0, "CNY")},
        {"amount": Money(-1, "CNY")},
        {"amount": Money(10**12, "CNY")},
        {"amount": Money(100, "USD")},
        {"authority": "a}&txnAmt=1"},
        {"authority": ""},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_the_channel_would_refuse_is_refused_before_anything_is_sent(
    bank_card: BankCardChannel, debit: DebitRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses) as refusal:
        bank_card.debit(replace(debit, **wrong))
    assert "bank_card" in refusal.value.text("zh")


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "6225"},
        {"number": "6225881234567898&x=1"},
        {"holder": "张三&smsCode=1"},
        {"holder": "张"},
        {"phone": "1380013800"},
        {"expiry": "13"},
        {"security_code": "12"},
    ],
)
def test_unreadable_details_of_a_card_are_refused_and_never_quoted(
    bank_card: BankCardChannel, details: CardDetails, wrong: dict[str, str]
) -> None:
    with pytest.raises(ChannelRefuses) as refusal:
        bank_card.ask_code(replace(details, **wrong), number=secrets.token_hex(8), submitted_at=datetime.now(UTC))
    for text in (str(refusal.value), refusal.value.text("zh"), repr(refusal.value.details)):
        assert next(iter(wrong.values())) not in text


def test_numbers_amounts_and_originals_are_checked_on_every_call(
    bank_card: BankCardChannel, debited: ChargeRef
) -> None:
    with pytest.raises(ChannelRefuses):
        bank_card.query(replace(debited, out_trade_no="a/b"))
    with pytest.raises(ChannelRefuses):
        bank_card.refund(refund_of(debited, 0))
    with pytest.raises(ChannelRefuses):
        bank_card.refund(refund_of(replace(debited, trade_no=""), 1))
    with pytest.raises(ChannelRefuses):
        bank_card.query_refund(refund_of(debited, 1, "r;1"))


def test_nothing_that_is_recorded_holds_the_card(
    bank_card: BankCardChannel, debited: ChargeRef, receiver: Receiver, details: CardDetails, token: str
) -> None:
    kept = (bank_card.query(debited).raw, bank_card.read_notification(receiver.callbacks[0]).raw)
    for raw in kept:
        assert not {"accNo", "customerInfo", "tokenPayData", "signature"} & raw.keys()
        assert details.number not in str(raw)
        assert token not in str(raw)
