"""The rail and its counterparty, over real HTTP."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fenqi.channels import ChannelSettings
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.first_run import sandbox_environ
from fenqi.channels.interface import ChargeRequest
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
