"""The rail and its counterparty, over real HTTP."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from stdnum import luhn

from fenqi.channels import ChannelSettings
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.first_run import sandbox_environ
from fenqi.channels.interface import CardDetails, ChargeRef, ChargeRequest, DebitRequest, Redirect
from fenqi.channels.wechat_pay import WechatPayChannel, WechatPayConfig
from fenqi.domain.money import Money
from sandbox_town import Receiver, Sandbox, running_receiver, running_sandbox

TEMPLATES = {"SMS_SIGN_IN": "验证码 ${code}，5 分钟内有效。"}


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "private"


@pytest.fixture(scope="session")
def settings_of_rails(sandbox: Sandbox, keys_folder: Path) -> ChannelSettings:
    return ChannelSettings.from_environ(
        sandbox_environ(sandbox_url=sandbox.url, folder=keys_folder, sms_templates=TEMPLATES)
    )


@pytest.fixture
def alipay_config(settings_of_rails: ChannelSettings) -> AlipayConfig:
    assert settings_of_rails.alipay
    return replace(settings_of_rails.alipay, answer_seconds=1.0)


@pytest.fixture
def alipay(alipay_config: AlipayConfig) -> AlipayChannel:
    return AlipayChannel(alipay_config)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def charge(receiver: Receiver) -> ChargeRequest:
    return ChargeRequest(
        out_trade_no=secrets.token_hex(12),
        amount=Money(384_04, "CNY"),
        subject="第 5 期还款",
        notify_url=receiver.url,
        return_url="http://127.0.0.1:9/result?payment=7",
        submitted_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )


@pytest.fixture
def opened(alipay: AlipayChannel, charge: ChargeRequest, sandbox: Sandbox) -> ChargeRequest:
    """The payer stands before the cashier."""
    with sandbox.browser() as browser:
        page = browser.get(alipay.start(charge).url, follow_redirects=True)
    assert page.status_code == 200
    return charge


@pytest.fixture
def paid(opened: ChargeRequest, sandbox: Sandbox) -> ChargeRequest:
    sandbox.act(opened.out_trade_no, "confirm")
    return opened


@pytest.fixture
def bank_card_config(settings_of_rails: ChannelSettings) -> BankCardConfig:
    assert settings_of_rails.bank_card
    return replace(settings_of_rails.bank_card, answer_seconds=1.0)


@pytest.fixture
def bank_card(bank_card_config: BankCardConfig) -> BankCardChannel:
    return BankCardChannel(bank_card_config)


@pytest.fixture
def details() -> CardDetails:
    """A card that no other test knows."""
    body = f"622588{secrets.randbelow(10**9):09}"
    phone = f"138{secrets.randbelow(10**8):08}"
    return CardDetails(number=body + luhn.calc_check_digit(body), holder="张三", phone=phone)


@pytest.fixture
def token(bank_card: BankCardChannel, details: CardDetails, sandbox: Sandbox) -> str:
    """The card is bound."""
    number, now = secrets.token_hex(12), datetime.now(UTC)
    bank_card.ask_code(details, number=number, submitted_at=now)
    code = sandbox.messages(details.phone)[0]["params"]["code"]
    bound = bank_card.bind(details, code, number=number, submitted_at=now)
    assert bound.token
    return bound.token


@pytest.fixture
def debit(token: str, receiver: Receiver) -> DebitRequest:
    """Not sent yet."""
    now = datetime.now(UTC).replace(microsecond=0)
    return DebitRequest(
        out_trade_no=secrets.token_hex(12),
        amount=Money(384_04, "CNY"),
        subject="第 5 期还款",
        notify_url=receiver.url,
        authority=token,
        submitted_at=now,
        expires_at=now + timedelta(minutes=10),
    )


@pytest.fixture
def debited(bank_card: BankCardChannel, debit: DebitRequest, receiver: Receiver) -> ChargeRef:
    """The bank has debited the card, and told so."""
    accepted = bank_card.debit(debit)
    receiver.wait_for(1)
    return ChargeRef(
        out_trade_no=debit.out_trade_no,
        amount=debit.amount,
        submitted_at=debit.submitted_at,
        trade_no=accepted.trade_no or "",
    )


@pytest.fixture
def wechat_config(settings_of_rails: ChannelSettings) -> WechatPayConfig:
    assert settings_of_rails.wechat_pay
    return replace(settings_of_rails.wechat_pay, answer_seconds=1.0)


@pytest.fixture
def wechat(wechat_config: WechatPayConfig) -> WechatPayChannel:
    return WechatPayChannel(wechat_config)


@pytest.fixture
def wechat_ordered(wechat: WechatPayChannel, charge: ChargeRequest) -> ChargeRequest:
    """The order of an H5 payment is placed: the payer may go to the cashier."""
    assert isinstance(wechat.start(charge), Redirect)
    return charge


@pytest.fixture
def wechat_paid(wechat_ordered: ChargeRequest, sandbox: Sandbox) -> ChargeRequest:
    sandbox.act(wechat_ordered.out_trade_no, "confirm")
    return wechat_ordered
