"""Text messages through Aliyun's own SDK, to a counterparty that verifies its signature in full."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fenqi.channels import ChannelSettings
from fenqi.channels.sms import (
    AliyunSms,
    AliyunSmsConfig,
    SmsFate,
    SmsGateway,
    SmsOutcome,
    SmsProblem,
    SmsReceipt,
    reports_in,
)
from sandbox_town import Sandbox

PHONE = "13800138000"


@pytest.fixture
def sms_config(settings_of_rails: ChannelSettings) -> AliyunSmsConfig:
    assert settings_of_rails.sms
    return settings_of_rails.sms


@pytest.fixture(autouse=True)
def _no_faults_are_left(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")


def send(gateway: SmsGateway, *, template_code: str = "SMS_SIGN_IN", phone: str = PHONE, **params: str) -> SmsReceipt:
    return gateway.send(phone=phone, template_code=template_code, params=params, out_id="out-1")


def test_a_message_arrives_as_its_template_says(sms_config: AliyunSmsConfig, sandbox: Sandbox) -> None:
    gateway = AliyunSms(sms_config)
    assert isinstance(gateway, SmsGateway)
    receipt = send(gateway, code="246810")
    assert (receipt.outcome, receipt.out_id, receipt.problem) == (SmsOutcome.ACCEPTED, "out-1", None)
    message = sandbox.messages(PHONE)[0]
    assert message["text"] == "验证码 246810，5 分钟内有效。"
    assert (message["params"], message["biz_id"]) == ({"code": "246810"}, receipt.message_id)


@pytest.mark.parametrize(
    ("code", "outcome", "problem", "alert"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", SmsOutcome.REFUSED, SmsProblem.TOO_MANY, False),
        ("isv.AMOUNT_NOT_ENOUGH", SmsOutcome.REFUSED, SmsProblem.ACCOUNT, True),
        ("isv.BLACK_KEY_CONTROL_LIMIT", SmsOutcome.REFUSED, SmsProblem.CONTENT, True),
        ("isp.SYSTEM_ERROR", SmsOutcome.UNKNOWN, SmsProblem.SERVICE, False),
        ("isv.NOBODY_KNOWS", SmsOutcome.UNKNOWN, SmsProblem.SERVICE, False),
    ],
)
def test_each_code_says_what_to_do(
    sms_config: AliyunSmsConfig, sandbox: Sandbox, code: str, outcome: SmsOutcome, problem: SmsProblem, *, alert: bool
) -> None:
    sandbox.order("sms", "code", code)
    receipt = send(AliyunSms(sms_config), code="1")
    assert (receipt.code, receipt.outcome, receipt.problem, receipt.alert) == (code, outcome, problem, alert)


def test_what_the_service_would_refuse_the_sandbox_refuses(sms_config: AliyunSmsConfig) -> None:
    gateway = AliyunSms(sms_config)
    assert send(gateway, phone="12345", code="1").problem is SmsProblem.BAD_NUMBER
    assert send(gateway, other="1").code == "isv.TEMPLATE_MISSING_PARAMETERS"
    assert send(gateway, code="https://example.com").code == "isv.PARAM_NOT_SUPPORT_URL"


@pytest.mark.parametrize(
    ("wrong", "outcome", "problem"),
    [
        ({"access_key_secret": "wrong"}, SmsOutcome.REFUSED, SmsProblem.ACCOUNT),
        ({"access_key_id": "nobody"}, SmsOutcome.REFUSED, SmsProblem.ACCOUNT),
        ({"endpoint": "http://127.0.0.1:9"}, SmsOutcome.UNREACHED, SmsProblem.SERVICE),
    ],
)
def test_a_wrong_key_or_nobody_there_is_an_answer_not_an_exception(
    sms_config: AliyunSmsConfig, sandbox: Sandbox, wrong: dict[str, str], outcome: SmsOutcome, problem: SmsProblem
) -> None:
    before = len(sandbox.messages("13900139000"))
    receipt = send(AliyunSms(replace(sms_config, **wrong)), phone="13900139000", code="1")
    assert (receipt.outcome, receipt.problem) == (outcome, problem)
    assert len(sandbox.messages("13900139000")) == before


@pytest.mark.parametrize("kind", ["reset", "http_500"])
def test_a_broken_service_leaves_the_outcome_unknown(sms_config: AliyunSmsConfig, sandbox: Sandbox, kind: str) -> None:
    sandbox.order("sms", kind)
    assert send(AliyunSms(sms_config), code="1").outcome is SmsOutcome.UNKNOWN


def test_what_became_of_a_message_can_be_asked_by_our_own_number(sms_config: AliyunSmsConfig, sandbox: Sandbox) -> None:
    gateway, phone, today = AliyunSms(sms_config), "13600136000", datetime.now(UTC).date()
    assert gateway.ask(phone=phone, out_id="out-1", sent_on=today).fate is SmsFate.NOT_THERE
    send(gateway, phone=phone, code="1")
    assert gateway.ask(phone=phone, out_id="out-1", sent_on=today).fate is SmsFate.DELIVERED
    assert gateway.ask(phone=phone, out_id="out-2", sent_on=today).fate is SmsFate.NOT_THERE
    sandbox.order("sms", "undelivered")
    gateway.send(phone=phone, template_code="SMS_SIGN_IN", params={"code": "1"}, out_id="out-3")
    assert gateway.ask(phone=phone, out_id="out-3", sent_on=today).fate is SmsFate.UNDELIVERED
    sandbox.order("query", "http_500", channel="sms")
    assert gateway.ask(phone=phone, out_id="out-1", sent_on=today).fate is SmsFate.CANNOT_TELL


def test_a_template_handed_in_is_sent_by_the_number_it_got(sms_config: AliyunSmsConfig, sandbox: Sandbox) -> None:
    gateway = AliyunSms(sms_config)
    number = gateway.submit(name="还款提醒", text="${amount} 到期。")
    assert number == gateway.submit(name="还款提醒", text="${amount} 到期。")
    assert send(gateway, template_code=number, amount="100.00 元").outcome is SmsOutcome.ACCEPTED
    assert sandbox.messages(PHONE)[0]["text"] == "100.00 元 到期。"


@pytest.mark.parametrize("body", [b"{}", b"[1]", b"no", b"", b'"x"'])
def test_a_report_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever says so
        reports_in(body)


def test_no_log_holds_the_phone_or_the_code(sms_config: AliyunSmsConfig, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        send(AliyunSms(sms_config), phone="13700137000", code="135790")
    assert "13700137000" not in caplog.text
    assert "135790" not in caplog.text
