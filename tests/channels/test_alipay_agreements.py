"""Debits under an agreement: signed by the payer on Alipay's page, within what was agreed, until somebody ends it."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from charges import ref
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.alipay.agreements import execute_day
from fenqi.channels.alipay.wire import beijing_day
from fenqi.channels.interface import (
    AgreementChannel,
    AgreementReply,
    AgreementRequest,
    AgreementState,
    ChannelRefuses,
    DebitRequest,
    Device,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark
from sandbox_town import Receiver, Sandbox

LIMIT = Money(500_00, "CNY")


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")


@pytest.fixture
def wanted(receiver: Receiver) -> AgreementRequest:
    return AgreementRequest(
        number=secrets.token_hex(12),
        subject="分期自动还款",
        single_limit=LIMIT,
        first_debit_on=today() + timedelta(days=2),
        notify_url=receiver.url,
        return_url="http://127.0.0.1:9/agreed",
        submitted_at=datetime.now(UTC),
    )


@pytest.fixture
def offered(alipay: AlipayChannel, wanted: AgreementRequest, sandbox: Sandbox) -> AgreementRequest:
    """The payer has Alipay's page open."""
    with sandbox.browser() as browser:
        assert browser.get(alipay.sign_agreement(wanted).url, follow_redirects=True).status_code == 200
    return wanted


@pytest.fixture
def signed(alipay: AlipayChannel, offered: AgreementRequest, sandbox: Sandbox) -> AgreementReply:
    sandbox.act(offered.number, "confirm")
    return alipay.query_agreement(offered.number)


def today() -> date:
    return beijing_day(datetime.now(UTC))


def debit_under(agreement: AgreementReply, receiver: Receiver, fen: int = 384_04) -> DebitRequest:
    assert agreement.agreement_no
    return DebitRequest(
        out_trade_no=secrets.token_hex(12),
        amount=Money(fen, "CNY"),
        subject="第 5 期还款",
        notify_url=receiver.url,
        authority=agreement.agreement_no,
        submitted_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )


def test_the_rail_can_debit_under_agreements(alipay: AlipayChannel) -> None:
    assert isinstance(alipay, AgreementChannel)


def test_the_payer_agrees_on_alipays_page_and_everybody_says_the_same(
    alipay: AlipayChannel, wanted: AgreementRequest, sandbox: Sandbox, receiver: Receiver
) -> None:
    assert alipay.query_agreement(wanted.number).outcome is Outcome.NOT_FOUND
    with sandbox.browser() as browser:
        page = browser.get(alipay.sign_agreement(wanted).url, follow_redirects=True)
        assert "每次扣款不超过" in page.text
        assert "</small>500.00" in page.text
        assert alipay.query_agreement(wanted.number).outcome is Outcome.NOT_FOUND
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        back = browser.post(f"{page.url}/sign", data={"csrfmiddlewaretoken": token[1]})
    assert back.headers["Location"] == wanted.return_url
    asked = alipay.query_agreement(wanted.number)
    told = alipay.read_notification(receiver.wait_for(1)[0]).reply
    for reply in (asked, told):
        assert isinstance(reply, AgreementReply)
        assert (reply.outcome, reply.number, reply.state) == (
            Outcome.SUCCEEDED,
            wanted.number,
            AgreementState.ACTIVE,
        )
        assert reply.agreement_no == asked.agreement_no
        assert reply.at is not None


@pytest.mark.parametrize(("day", "agreed"), [(28, 28), (29, 28), (31, 28), (1, 1)])
def test_the_agreed_day_exists_in_every_month(day: int, agreed: int) -> None:
    assert execute_day(date(2026, 12, day)).day == agreed


def test_a_desktop_is_shown_a_code(alipay: AlipayChannel, wanted: AgreementRequest) -> None:
    assert "QRCODE" in alipay.sign_agreement(replace(wanted, device=Device.DESKTOP)).url
    assert "ALIPAYAPP" in alipay.sign_agreement(wanted).url


@pytest.mark.parametrize(
    "wrong", [{"number": "a-b"}, {"single_limit": Money(0, "CNY")}, {"first_debit_on": date(2026, 1, 1)}]
)
def test_what_alipay_would_refuse_is_not_signed(
    alipay: AlipayChannel, wanted: AgreementRequest, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ChannelRefuses):
        alipay.sign_agreement(replace(wanted, **wrong))


def test_a_debit_takes_the_money_once(alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver) -> None:
    request = debit_under(signed, receiver)
    first, second = alipay.debit(request), alipay.debit(request)
    assert (first.outcome, first.amount) == (Outcome.SUCCEEDED, request.amount)
    assert first.paid_at is not None
    assert (second.outcome, second.amount, second.trade_no) == (Outcome.SUCCEEDED, request.amount, first.trade_no)
    known = alipay.query(ref(request))
    assert (known.outcome, known.amount, known.trade_no) == (Outcome.SUCCEEDED, request.amount, first.trade_no)


def test_a_debit_in_process_is_waited_for(
    alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.order("charge", "processing")
    request = debit_under(signed, receiver)
    reply = alipay.debit(request)
    assert (reply.outcome, reply.code, reply.retry) == (Outcome.WAITING, "10003", RetryMark.QUERY_FIRST)
    assert alipay.query(ref(request)).outcome is Outcome.WAITING
    sandbox.act(request.out_trade_no, "confirm")
    assert alipay.query(ref(request)).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("code", "outcome", "category"),
    [
        ("ACQ.BUYER_BALANCE_NOT_ENOUGH", Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE),
        ("ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR", Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED),
        ("ACQ.AGREEMENT_INVALID", Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE),
        ("ACQ.SYSTEM_ERROR", Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN),
    ],
)
def test_a_refused_debit_says_why(
    alipay: AlipayChannel,
    signed: AgreementReply,
    receiver: Receiver,
    sandbox: Sandbox,
    *,
    code: str,
    outcome: Outcome,
    category: FailureCategory,
) -> None:
    sandbox.order("charge", "code", code)
    reply = alipay.debit(debit_under(signed, receiver))
    assert (reply.outcome, reply.failure, reply.code) == (outcome, category, code)


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("kind", ["hang", "reset", "http_500", "wrong_signature", "unsigned"])
def test_a_debit_without_a_believable_answer_is_unknown_and_the_query_tells(
    alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("charge", kind)
    request = debit_under(signed, receiver)
    assert alipay.debit(request).outcome is Outcome.UNKNOWN
    assert alipay.query(ref(request)).outcome is Outcome.SUCCEEDED


def test_nobody_reached_means_nothing_debited(
    alipay_config: AlipayConfig, signed: AgreementReply, receiver: Receiver
) -> None:
    nobody = AlipayChannel(replace(alipay_config, gateway="http://127.0.0.1:9/gateway.do"))
    assert nobody.debit(debit_under(signed, receiver)).outcome is Outcome.NOT_EXECUTED
    assert nobody.query_agreement(signed.number).outcome is Outcome.UNKNOWN
    assert nobody.end_agreement(signed.number, signed.agreement_no or "").outcome is Outcome.NOT_EXECUTED


def test_no_debit_is_larger_than_agreed(alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver) -> None:
    reply = alipay.debit(debit_under(signed, receiver, LIMIT.minor + 1))
    assert (reply.outcome, reply.failure) == (Outcome.NOT_EXECUTED, FailureCategory.LIMIT_EXCEEDED)


def test_no_debit_comes_long_before_the_agreed_day(
    alipay: AlipayChannel, wanted: AgreementRequest, sandbox: Sandbox, receiver: Receiver
) -> None:
    later = replace(wanted, first_debit_on=today() + timedelta(days=40))
    with sandbox.browser() as browser:
        browser.get(alipay.sign_agreement(later).url, follow_redirects=True)
    sandbox.act(later.number, "confirm")
    reply = alipay.debit(debit_under(alipay.query_agreement(later.number), receiver))
    assert (reply.code, reply.outcome) == ("ACQ.CYCLE_PAY_DATE_NOT_MATCH", Outcome.NOT_EXECUTED)


def test_an_ended_agreement_debits_nothing_and_may_be_ended_again(
    alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver
) -> None:
    assert signed.agreement_no
    for _ in range(2):
        ended = alipay.end_agreement(signed.number, signed.agreement_no)
        assert (ended.outcome, ended.state) == (Outcome.SUCCEEDED, AgreementState.ENDED)
    assert alipay.query_agreement(signed.number).state is AgreementState.ENDED
    refused = alipay.debit(debit_under(signed, receiver))
    assert (refused.outcome, refused.failure) == (Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE)


def test_an_agreement_that_the_payer_ends_is_told(
    alipay: AlipayChannel, signed: AgreementReply, receiver: Receiver, sandbox: Sandbox
) -> None:
    receiver.wait_for(1)
    sandbox.act(signed.number, "end")
    reply = alipay.read_notification(receiver.wait_for(2)[1]).reply
    assert isinstance(reply, AgreementReply)
    assert (reply.number, reply.state) == (signed.number, AgreementState.ENDED)
    assert reply.at is not None
