"""The whole way of a WeChat payment over the real protocol: our adapter here, the sandbox there, HTTP between."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fenqi.channels.interface import (
    AgreementRequest,
    AgreementState,
    AnnouncingChannel,
    CashierChannel,
    ChannelRefuses,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Device,
    Redirect,
    RefundDestination,
    RefundReply,
    RefundRequest,
    ScanCode,
)
from fenqi.channels.wechat_pay import WechatPayChannel, WechatPayConfig
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox, until

BEIJING_NOON = 12


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("clock", offset_seconds=0)


@pytest.fixture
def by_certificate(wechat_config: WechatPayConfig) -> WechatPayChannel:
    """A merchant that knows no public key: certificates are fetched when they are needed."""
    return WechatPayChannel(replace(wechat_config, public_key=None, public_key_id=None))


def order(sandbox: Sandbox, operation: str, kind: str, value: str = "", times: int = 1) -> None:
    sandbox.order(operation, kind, value, times, channel="wechat_pay")


def ref(charge: ChargeRequest) -> ChargeRef:
    return ChargeRef(out_trade_no=charge.out_trade_no, amount=charge.amount, submitted_at=charge.submitted_at)


def refund_of(charge: ChargeRequest, fen: int, number: str = "") -> RefundRequest:
    return RefundRequest(
        charge=ref(charge),
        out_request_no=number or secrets.token_hex(10),
        amount=Money(fen, "CNY"),
        reason="退货",
        notify_url=charge.notify_url,
        submitted_at=datetime.now(UTC),
    )


def settled(wechat: WechatPayChannel, request: RefundRequest) -> RefundReply:
    """The refund as it is asked about until it is no longer on its way."""
    replies: list[RefundReply] = []

    def is_settled() -> bool:
        replies.append(wechat.query_refund(request))
        return replies[-1].outcome is not Outcome.WAITING

    until(is_settled)
    return replies[-1]


def test_the_adapter_has_a_cashier_and_debits_that_are_announced(wechat: WechatPayChannel) -> None:
    assert isinstance(wechat, CashierChannel)
    assert isinstance(wechat, AnnouncingChannel)
    assert (wechat.name, wechat.currencies, wechat.notice_days) == ("wechat_pay", frozenset(["CNY"]), 2)
    assert (wechat.acknowledge().status, wechat.acknowledge().body) == (204, "")


@pytest.mark.requirement("R109")
def test_a_payer_on_a_phone_confirms_and_everybody_says_the_same(
    wechat: WechatPayChannel, charge: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    receiver.status = 204
    before = datetime.now(UTC).replace(microsecond=0)
    sent = wechat.start(charge)
    assert isinstance(sent, Redirect)
    assert parse_qs(urlsplit(sent.url).query)["redirect_url"] == [charge.return_url]
    with sandbox.browser() as browser:
        page = browser.get(sent.url)
        assert "¥</small>384.04" in page.text
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        cashier = sandbox.trade(charge.out_trade_no)["cashier"]
        fields = {"csrfmiddlewaretoken": token, "redirect_url": charge.return_url}
        back = browser.post(f"{cashier}/confirm", data=fields)
    assert back.headers["Location"] == charge.return_url

    asked = wechat.query(ref(charge))
    told = wechat.read_notification(receiver.wait_for(1)[0]).reply
    for reply in (asked, told):
        assert isinstance(reply, ChannelReply)
        assert (reply.outcome, reply.amount, reply.failure) == (Outcome.SUCCEEDED, charge.amount, None)
        assert reply.paid_at is not None
        assert before <= reply.paid_at <= datetime.now(UTC)
        assert reply.trade_no == asked.trade_no


def test_a_payer_at_a_desktop_scans_a_code(wechat: WechatPayChannel, charge: ChargeRequest, sandbox: Sandbox) -> None:
    shown = wechat.start(replace(charge, device=Device.DESKTOP))
    assert isinstance(shown, ScanCode)
    assert shown.text.startswith("weixin://wxpay/bizpayurl?pr=")
    with sandbox.browser() as browser:
        page = browser.get("/wechat/scan", params={"code": shown.text}, follow_redirects=True)
    assert "确认付款 ¥384.04" in page.text
    sandbox.act(charge.out_trade_no, "confirm")
    assert wechat.query(ref(charge)).outcome is Outcome.SUCCEEDED


def test_the_same_order_again_is_harmless_and_another_under_its_number_is_not_taken(
    wechat: WechatPayChannel, wechat_ordered: ChargeRequest
) -> None:
    assert isinstance(wechat.start(wechat_ordered), Redirect)
    for other in (replace(wechat_ordered, amount=Money(1, "CNY")), replace(wechat_ordered, device=Device.DESKTOP)):
        reply = wechat.start(other)
        assert isinstance(reply, ChannelReply)
        assert (reply.code, reply.outcome, reply.retry) == (
            "OUT_TRADE_NO_USED",
            Outcome.UNKNOWN,
            RetryMark.QUERY_FIRST,
        )


def test_an_order_is_not_found_then_waits_then_closes_as_often_as_it_is_asked(
    wechat: WechatPayChannel, charge: ChargeRequest
) -> None:
    assert wechat.query(ref(charge)).outcome is Outcome.NOT_FOUND
    assert wechat.close(ref(charge)).outcome is Outcome.NOT_FOUND
    wechat.start(charge)
    waiting = wechat.query(ref(charge))
    assert (waiting.outcome, waiting.verdict) == (Outcome.WAITING, None)
    assert [wechat.close(ref(charge)).outcome for _ in range(2)] == [Outcome.CLOSED, Outcome.CLOSED]
    assert wechat.query(ref(charge)).outcome is Outcome.CLOSED
    again = wechat.start(charge)
    assert isinstance(again, ChannelReply)
    assert (again.code, again.retry) == ("ORDER_CLOSED", RetryMark.NEW_ATTEMPT)


def test_closing_what_is_paid_says_ask_and_asking_says_paid(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest
) -> None:
    closing = wechat.close(ref(wechat_paid))
    assert (closing.outcome, closing.retry) == (Outcome.UNKNOWN, RetryMark.QUERY_FIRST)
    assert wechat.query(ref(wechat_paid)).outcome is Outcome.SUCCEEDED


def test_money_that_comes_after_the_close_is_told(
    wechat: WechatPayChannel, wechat_ordered: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    assert wechat.close(ref(wechat_ordered)).outcome is Outcome.CLOSED
    sandbox.act(wechat_ordered.out_trade_no, "pay_late")
    assert wechat.read_notification(receiver.wait_for(1)[0]).reply.outcome is Outcome.SUCCEEDED
    assert wechat.query(ref(wechat_ordered)).outcome is Outcome.SUCCEEDED


def test_an_order_past_its_window_is_closed(
    wechat: WechatPayChannel, wechat_ordered: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.act(wechat_ordered.out_trade_no, "expire")
    assert wechat.query(ref(wechat_ordered)).outcome is Outcome.CLOSED


def test_a_payer_who_fails_leaves_the_order_open(
    wechat: WechatPayChannel, wechat_ordered: ChargeRequest, sandbox: Sandbox
) -> None:
    sandbox.act(wechat_ordered.out_trade_no, "refuse")
    assert wechat.query(ref(wechat_ordered)).outcome is Outcome.WAITING


def test_a_refund_is_accepted_then_there_and_moves_money_once(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, receiver: Receiver
) -> None:
    receiver.wait_for(1)
    request = refund_of(wechat_paid, 100_00)
    first = wechat.refund(request)
    assert (first.outcome, first.amount, first.retry) == (Outcome.WAITING, request.amount, RetryMark.QUERY_FIRST)
    known = settled(wechat, request)
    assert (known.outcome, known.amount) == (Outcome.SUCCEEDED, request.amount)
    assert (known.destination, known.account) == (RefundDestination.ORIGINAL, "支付用户零钱")
    assert known.refunded_at is not None
    assert wechat.refund(request).outcome is Outcome.SUCCEEDED
    told = wechat.read_notification(receiver.wait_for(2)[1]).reply
    assert isinstance(told, RefundReply)
    assert (told.outcome, told.out_request_no, told.amount) == (
        Outcome.SUCCEEDED,
        request.out_request_no,
        request.amount,
    )
    rest = refund_of(wechat_paid, 284_04)
    until(lambda: wechat.refund(rest).code != "FREQUENCY_LIMITED")
    assert settled(wechat, rest).outcome is Outcome.SUCCEEDED
    still = wechat.query(ref(wechat_paid))
    assert (still.outcome, still.code) == (Outcome.SUCCEEDED, "REFUND")


@pytest.mark.parametrize(
    ("action", "outcome", "category"),
    [
        ("fail", Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE),
        ("abnormal", Outcome.ABNORMAL, FailureCategory.CONTACT_SUPPORT),
    ],
)
def test_a_refund_that_cannot_arrive_is_told_and_found(
    wechat: WechatPayChannel,
    wechat_paid: ChargeRequest,
    receiver: Receiver,
    sandbox: Sandbox,
    *,
    action: str,
    outcome: Outcome,
    category: FailureCategory,
) -> None:
    receiver.wait_for(1)
    order(sandbox, "refund", "processing")
    request = refund_of(wechat_paid, 1_00)
    assert wechat.refund(request).outcome is Outcome.WAITING
    sandbox.tell(f"refunds/{request.out_request_no}/{action}")
    asked = wechat.query_refund(request)
    told = wechat.read_notification(receiver.wait_for(2)[1]).reply
    for reply in (asked, told):
        assert (reply.outcome, reply.failure, reply.alert) == (outcome, category, True)


def test_a_refund_may_go_to_the_wallet_and_still_come_back(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox
) -> None:
    order(sandbox, "refund", "processing")
    request = refund_of(wechat_paid, 1_00)
    wechat.refund(request)
    sandbox.tell(f"refunds/{request.out_request_no}/settle_to_balance")
    assert wechat.query_refund(request).destination is RefundDestination.BALANCE
    sandbox.tell(f"refunds/{request.out_request_no}/abnormal")
    assert wechat.query_refund(request).outcome is Outcome.ABNORMAL


def test_a_refund_that_cannot_be_is_refused_with_the_real_code(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, charge: ChargeRequest
) -> None:
    taken = refund_of(wechat_paid, 1_00)
    wechat.refund(taken)
    other_amount = wechat.refund(replace(taken, amount=Money(2_00, "CNY")))
    assert (other_amount.code, other_amount.outcome, other_amount.retry) == (
        "REFUND_FEE_MISMATCH",
        Outcome.UNKNOWN,
        RetryMark.NEVER,
    )
    too_much = wechat.refund(refund_of(wechat_paid, 384_04))
    assert (too_much.code, too_much.outcome) == ("INVALID_REQUEST", Outcome.NOT_EXECUTED)
    unpaid = replace(charge, out_trade_no=secrets.token_hex(12))
    wechat.start(unpaid)
    assert wechat.refund(refund_of(unpaid, 1_00)).code == "RESOURCE_NOT_EXISTS"


def test_two_refunds_within_a_minute_are_too_often_and_nobody_knows(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox
) -> None:
    order(sandbox, "refund", "code", "FREQUENCY_LIMITED")
    request = refund_of(wechat_paid, 1_00)
    reply = wechat.refund(request)
    assert (reply.code, reply.outcome, reply.retry) == ("FREQUENCY_LIMITED", Outcome.UNKNOWN, RetryMark.QUERY_FIRST)
    missing = wechat.query_refund(request)
    assert (missing.outcome, missing.retry) == (Outcome.NOT_FOUND, RetryMark.SAME_REQUEST)


@pytest.mark.requirement("R137")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (("hang", ""), "transport.timeout"),
        (("slow", "2"), "transport.timeout"),
        (("reset", ""), "transport.broken"),
        (("http_500", ""), "transport.http_500"),
        (("wrong_signature", ""), "transport.bad_signature"),
        (("unsigned", ""), "transport.unsigned"),
        (("code_after", "SYSTEM_ERROR"), "SYSTEM_ERROR"),
        (("code_after", "NOBODY_KNOWS"), "NOBODY_KNOWS"),
        (("code_after", "FREQUENCY_LIMITED"), "FREQUENCY_LIMITED"),
    ],
)
def test_what_may_have_happened_is_unknown_and_the_query_tells(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox, fault: tuple[str, str], code: str
) -> None:
    order(sandbox, "refund", *fault)
    request = refund_of(wechat_paid, 1_00)
    reply = wechat.refund(request)
    assert (reply.outcome, reply.code) == (Outcome.UNKNOWN, code)
    assert settled(wechat, request).outcome is Outcome.SUCCEEDED


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("kind", ["reset", "http_500", "wrong_signature", "unsigned"])
def test_an_order_without_a_believable_answer_is_unknown_and_may_be_placed_again(
    wechat: WechatPayChannel, charge: ChargeRequest, sandbox: Sandbox, kind: str
) -> None:
    order(sandbox, "charge", kind)
    reply = wechat.start(charge)
    assert isinstance(reply, ChannelReply)
    assert reply.outcome is Outcome.UNKNOWN
    assert isinstance(wechat.start(charge), Redirect)


@pytest.mark.requirement("R136", "R137")
@pytest.mark.parametrize("kind", ["reset", "http_500", "wrong_signature", "unsigned"])
def test_a_query_without_a_believable_answer_tells_nothing(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox, kind: str
) -> None:
    order(sandbox, "query", kind)
    reply = wechat.query(ref(wechat_paid))
    assert (reply.outcome, reply.amount, reply.trade_no) == (Outcome.UNKNOWN, None, None)
    assert reply.failure is FailureCategory.OUTCOME_UNKNOWN
    assert wechat.query(ref(wechat_paid)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    "code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "SYSTEM_ERROR", "PARAM_ERROR", "SIGN_ERROR", "USERPAYING", "NEW_ONE"]
)
def test_no_code_of_a_query_makes_a_payment_fail(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox, code: str
) -> None:
    order(sandbox, "query", "code", code)
    assert wechat.query(ref(wechat_paid)).outcome in {Outcome.UNKNOWN, Outcome.NOT_FOUND}


def test_an_unreachable_gateway_executes_nothing(wechat_config: WechatPayConfig, charge: ChargeRequest) -> None:
    nobody = WechatPayChannel(replace(wechat_config, gateway="http://127.0.0.1:9"))
    refund = nobody.refund(refund_of(charge, 1_00))
    assert (refund.outcome, refund.retry) == (Outcome.NOT_EXECUTED, RetryMark.SAME_REQUEST)
    # ... but that we could not ask tells nothing of a payment
    assert nobody.query(ref(charge)).outcome is Outcome.UNKNOWN


def test_a_call_signed_with_a_wrong_clock_is_our_fault_and_leaves_the_payment_alone(
    wechat_config: WechatPayConfig, wechat_paid: ChargeRequest, wechat: WechatPayChannel
) -> None:
    late = WechatPayChannel(wechat_config, clock=lambda: datetime.now(UTC) - timedelta(minutes=6))
    reply = late.query(ref(wechat_paid))
    assert (reply.outcome, reply.code, reply.alert) == (Outcome.UNKNOWN, "SIGN_ERROR", True)
    assert wechat.query(ref(wechat_paid)).outcome is Outcome.SUCCEEDED


def test_an_answer_that_is_old_is_not_believed(
    wechat_config: WechatPayConfig, wechat_paid: ChargeRequest, sandbox: Sandbox
) -> None:
    readings = iter([timedelta(), timedelta(minutes=6)])  # signs in time, reads the answer too late
    slow = WechatPayChannel(wechat_config, clock=lambda: datetime.now(UTC) + next(readings))
    assert slow.query(ref(wechat_paid)).code == "transport.stale"


def test_answers_are_believed_by_certificate_as_by_public_key(
    by_certificate: WechatPayChannel, wechat_paid: ChargeRequest, sandbox: Sandbox
) -> None:
    assert by_certificate.query(ref(wechat_paid)).outcome is Outcome.SUCCEEDED
    order(sandbox, "query", "wrong_signature")
    assert by_certificate.query(ref(wechat_paid)).code == "transport.bad_signature"


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
        {"subject": " "},
        {"notify_url": "http://pay.example.com/notify"},
        {"notify_url": "https://pay.example.com/notify?a=1"},
        {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"expires_at": datetime.now(UTC) + timedelta(days=8)},
    ],
)
def test_what_the_channel_would_refuse_is_refused_before_anything_is_sent(
    wechat: WechatPayChannel, charge: ChargeRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses) as refusal:
        wechat.start(replace(charge, **wrong))
    assert "wechat_pay" in refusal.value.text("zh")


def test_numbers_amounts_and_contracts_are_checked_on_every_call(
    wechat: WechatPayChannel, wechat_paid: ChargeRequest
) -> None:
    for refused in (
        lambda: wechat.query(replace(ref(wechat_paid), out_trade_no="../../x")),
        lambda: wechat.close(replace(ref(wechat_paid), out_trade_no="")),
        lambda: wechat.refund(refund_of(wechat_paid, 0)),
        lambda: wechat.refund(refund_of(wechat_paid, 384_05)),
        lambda: wechat.query_refund(refund_of(wechat_paid, 1, "a|b")),
        lambda: wechat.query_agreement("a/b"),
        lambda: wechat.end_agreement("number0001", "../notify"),
    ):
        with pytest.raises(ChannelRefuses):
            refused()


def test_a_long_subject_is_cut_the_same_way_each_time(
    wechat: WechatPayChannel, charge: ChargeRequest, sandbox: Sandbox
) -> None:
    long = replace(charge, subject="长" * 200)
    for _ in range(2):
        assert isinstance(wechat.start(long), Redirect)


class TestContracts:
    """Signing, announcing, debiting and ending, over days that pass in the town."""

    @pytest.fixture
    def noon(self, sandbox: Sandbox) -> timedelta:
        """How far the town's calendar is set ahead: to the next noon in Beijing, when payers may be told."""
        now = datetime.now(UTC) + timedelta(hours=8)
        noon = now.replace(hour=BEIJING_NOON, minute=0, second=0) + timedelta(days=1)
        ahead = timedelta(seconds=int((noon - now).total_seconds()))
        sandbox.tell("clock", offset_seconds=ahead.total_seconds())
        return ahead

    @pytest.fixture
    def config(self, wechat_config: WechatPayConfig, noon: timedelta) -> WechatPayConfig:
        return replace(wechat_config, calendar_ahead=noon)

    @pytest.fixture
    def rail(self, config: WechatPayConfig) -> WechatPayChannel:
        return WechatPayChannel(config)

    @pytest.fixture
    def today(self, noon: timedelta) -> date:
        return (datetime.now(UTC) + timedelta(hours=8) + noon).date()

    @pytest.fixture
    def asked(self, receiver: Receiver, today: date) -> AgreementRequest:
        return AgreementRequest(
            number=secrets.token_hex(12),
            subject="自动还款",
            single_limit=Money(500_00, "CNY"),
            first_debit_on=today + timedelta(days=2),
            notify_url=receiver.url,
            return_url="http://127.0.0.1:9/agreements/7",
            submitted_at=datetime.now(UTC),
        )

    @pytest.fixture
    def signed(self, rail: WechatPayChannel, asked: AgreementRequest, sandbox: Sandbox) -> str:
        """The contract that the payer signed, by WeChat's number."""
        assert isinstance(rail.sign_agreement(asked), Redirect)
        sandbox.act(asked.number, "confirm")
        agreement_no = rail.query_agreement(asked.number).agreement_no
        assert agreement_no
        return agreement_no

    def debit(self, agreement_no: str, notify_url: str, fen: int = 300_00) -> DebitRequest:
        now = datetime.now(UTC)
        return DebitRequest(
            out_trade_no=secrets.token_hex(12),
            amount=Money(fen, "CNY"),
            subject="第 5 期自动还款",
            notify_url=notify_url,
            authority=agreement_no,
            submitted_at=now,
            expires_at=now + timedelta(hours=1),
        )

    def later(self, config: WechatPayConfig, sandbox: Sandbox, days: int) -> WechatPayChannel:
        """The rail, that many days later."""
        ahead = config.calendar_ahead + timedelta(days=days)
        sandbox.tell("clock", offset_seconds=ahead.total_seconds())
        return WechatPayChannel(replace(config, calendar_ahead=ahead))

    def test_a_payer_signs_on_the_page_and_everybody_says_so(
        self, rail: WechatPayChannel, asked: AgreementRequest, receiver: Receiver, sandbox: Sandbox
    ) -> None:
        sent = rail.sign_agreement(asked)
        assert isinstance(sent, Redirect)
        assert rail.query_agreement(asked.number).outcome is Outcome.NOT_FOUND
        with sandbox.browser() as browser:
            page = browser.get(sent.url)
            assert "每次扣款不超过" in page.text
            token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
            back = browser.post(f"{sent.url}/sign", data={"csrfmiddlewaretoken": token})
        assert back.headers["Location"] == asked.return_url
        found = rail.query_agreement(asked.number)
        told = rail.read_notification(receiver.wait_for(1)[0]).reply
        for reply in (found, told):
            assert (reply.outcome, getattr(reply, "state", None)) == (Outcome.SUCCEEDED, AgreementState.ACTIVE)
            assert getattr(reply, "agreement_no", None) == found.agreement_no

    def test_a_debit_is_announced_waits_a_day_and_is_taken_once(
        self,
        rail: WechatPayChannel,
        *,
        config: WechatPayConfig,
        signed: str,
        receiver: Receiver,
        sandbox: Sandbox,
        today: date,
    ) -> None:
        announced = rail.announce(agreement_no=signed, amount=Money(300_00, "CNY"), debit_on=today + timedelta(days=2))
        assert announced.outcome is Outcome.SUCCEEDED
        request = self.debit(signed, receiver.url)
        early = rail.debit(request)
        assert (early.code, early.outcome, early.alert) == ("OUT_OF_DEDUCT_DURATION", Outcome.NOT_EXECUTED, True)

        rail = self.later(config, sandbox, 2)
        receiver.callbacks.clear()
        replies = [rail.debit(request) for _ in range(2)]
        assert [reply.outcome for reply in replies] == [Outcome.WAITING, Outcome.WAITING]
        charge = ChargeRef(out_trade_no=request.out_trade_no, amount=request.amount, submitted_at=request.submitted_at)
        found = rail.query(charge)
        told = rail.read_notification(receiver.wait_for(1)[0]).reply
        assert isinstance(told, ChannelReply)
        assert (found.outcome, found.amount) == (told.outcome, told.amount) == (Outcome.SUCCEEDED, request.amount)
        above = rail.debit(self.debit(signed, receiver.url, fen=300_01))
        assert (above.code, above.failure) == ("AMOUNT_EXCEEDS_ESTIMATE", FailureCategory.MERCHANT_CONFIG)

    def test_a_debit_fails_with_a_reason_at_once_or_without_one_later(
        self,
        rail: WechatPayChannel,
        *,
        config: WechatPayConfig,
        signed: str,
        receiver: Receiver,
        sandbox: Sandbox,
        today: date,
    ) -> None:
        rail.announce(agreement_no=signed, amount=Money(300_00, "CNY"), debit_on=today + timedelta(days=2))
        rail = self.later(config, sandbox, 3)
        order(sandbox, "charge", "code", "NOT_ENOUGH")
        short = rail.debit(self.debit(signed, receiver.url))
        assert (short.outcome, short.failure) == (Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE)
        order(sandbox, "charge", "processing")
        request = self.debit(signed, receiver.url)
        assert rail.debit(request).outcome is Outcome.WAITING
        charge = ChargeRef(out_trade_no=request.out_trade_no, amount=request.amount, submitted_at=request.submitted_at)
        assert rail.query(charge).outcome is Outcome.WAITING
        assert rail.close(charge).outcome is Outcome.UNKNOWN
        receiver.callbacks.clear()
        sandbox.act(request.out_trade_no, "refuse")
        found = rail.query(charge)
        told = rail.read_notification(receiver.wait_for(1)[0]).reply
        assert (found.outcome, found.failure) == (Outcome.FAILED, FailureCategory.CONTACT_SUPPORT)
        assert told.outcome is Outcome.FAILED

    def test_without_a_notice_nothing_is_debited(self, rail: WechatPayChannel, signed: str, receiver: Receiver) -> None:
        reply = rail.debit(self.debit(signed, receiver.url))
        assert (reply.code, reply.outcome) == ("PRE_NOTIFY_NOT_FOUND", Outcome.NOT_EXECUTED)

    def test_an_ended_contract_debits_nothing_and_can_be_ended_again(
        self, rail: WechatPayChannel, asked: AgreementRequest, signed: str, receiver: Receiver
    ) -> None:
        for _ in range(2):
            ended = rail.end_agreement(asked.number, signed)
            assert (ended.outcome, ended.state) == (Outcome.SUCCEEDED, AgreementState.ENDED)
        assert rail.query_agreement(asked.number).state is AgreementState.ENDED
        refused = rail.debit(self.debit(signed, receiver.url))
        assert (refused.outcome, refused.failure) == (Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE)
        again = rail.sign_agreement(asked)
        assert not isinstance(again, Redirect)

    def test_the_payer_may_end_it_in_wechat_and_we_are_told(
        self, rail: WechatPayChannel, asked: AgreementRequest, signed: str, receiver: Receiver, sandbox: Sandbox
    ) -> None:
        receiver.wait_for(1)
        sandbox.act(asked.number, "end")
        told = rail.read_notification(receiver.wait_for(2)[1]).reply
        assert getattr(told, "state", None) is AgreementState.ENDED
        code_says_so = "CONTRACT_TERMINATED"
        order(sandbox, "end_agreement", "code", code_says_so)
        assert rail.end_agreement(asked.number, signed).state is AgreementState.ENDED

    @pytest.mark.parametrize("days", [0, 1, 9])
    def test_a_day_that_no_notice_of_today_reaches_is_refused(
        self, rail: WechatPayChannel, today: date, days: int
    ) -> None:
        with pytest.raises(ChannelRefuses):
            rail.announce(agreement_no="1", amount=Money(1, "CNY"), debit_on=today + timedelta(days=days))

    @pytest.mark.parametrize("hours", [-7, 10, 12])
    def test_payers_are_told_between_six_and_ten_only(self, config: WechatPayConfig, today: date, hours: int) -> None:
        night = replace(config, calendar_ahead=config.calendar_ahead + timedelta(hours=hours))
        with pytest.raises(ChannelRefuses):
            WechatPayChannel(night).announce(
                agreement_no="1", amount=Money(1, "CNY"), debit_on=today + timedelta(days=3)
            )

    def test_without_a_plan_no_contract_can_be_signed(self, config: WechatPayConfig, asked: AgreementRequest) -> None:
        with pytest.raises(ChannelRefuses):
            WechatPayChannel(replace(config, plan_id=None)).sign_agreement(asked)
