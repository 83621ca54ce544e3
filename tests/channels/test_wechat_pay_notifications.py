"""Notifications: believed for their signature, opened with our key, taken only for our merchant and application."""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from wechatpayv3.utils import rsa_sign  # type: ignore[import-untyped] # the library brings no types

from fenqi.channels.interface import (
    AgreementReply,
    AgreementState,
    Callback,
    ChannelReply,
    ChargeRequest,
    NotificationRefused,
    RefundReply,
    RefusalReason,
)
from fenqi.channels.wechat_pay import WechatPayChannel, WechatPayConfig
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from sandbox_town import Receiver, Sandbox

MCHID, APPID, KEY, KEY_ID = "1900000009", "wx0000000000000009", "k" * 32, "PUB_KEY_ID_9"
PAYMENT = {
    "appid": APPID,
    "mchid": MCHID,
    "out_trade_no": "order0001",
    "transaction_id": "4200001",
    "trade_state": "SUCCESS",
    "success_time": "2026-11-22T20:41:05+08:00",
    "amount": {"total": 88_80, "payer_total": 80_00, "currency": "CNY", "payer_currency": "CNY"},
}
REFUND = {
    "mchid": MCHID,
    "out_trade_no": "order0001",
    "out_refund_no": "refund0001",
    "refund_id": "503",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-22T20:41:05+08:00",
    "user_received_account": "招商银行信用卡0403",
    "amount": {"total": 88_80, "refund": 8_00, "payer_total": 88_80, "payer_refund": 8_00},
}
CONTRACT = {
    "appid": APPID,
    "mchid": MCHID,
    "out_contract_code": "contract0001",
    "contract_id": "77",
    "contract_state": "SIGNED",
    "contract_signed_time": "2026-11-22T20:41:05+08:00",
}

Make = Callable[..., Callback]


@pytest.fixture(scope="module")
def platforms_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def rail(platforms_key: RSAPrivateKey) -> WechatPayChannel:
    return WechatPayChannel(
        WechatPayConfig(
            mchid=MCHID,
            appid=APPID,
            serial_no="1",
            private_key=platforms_key,
            apiv3_key=KEY,
            public_key_id=KEY_ID,
            public_key=platforms_key.public_key(),
            gateway="http://127.0.0.1:9",
        )
    )


@pytest.fixture(scope="module")
def sealed(platforms_key: RSAPrivateKey) -> Make:
    """A callback that is signed as it is."""

    def make(body: bytes, *, age: timedelta = timedelta(), **headers: str) -> Callback:
        timestamp, nonce = str(int((datetime.now(UTC) - age).timestamp())), secrets.token_hex(16)
        signature = rsa_sign(platforms_key, f"{timestamp}\n{nonce}\n{body.decode()}\n")
        signed = {
            "wechatpay-timestamp": timestamp,
            "wechatpay-nonce": nonce,
            "wechatpay-signature": signature,
            "wechatpay-serial": KEY_ID,
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
        }
        return Callback(headers=signed | {f"wechatpay-{name}": value for name, value in headers.items()}, body=body)

    return make


@pytest.fixture(scope="module")
def told(sealed: Make) -> Make:
    """A callback that is signed and encrypted, about `event`."""

    def make(
        event: str, fields: object, *, apiv3_key: str = KEY, associated_data: str = "x", **changes: object
    ) -> Callback:
        nonce = secrets.token_hex(6)
        content = json.dumps(fields).encode()
        ciphertext = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), content, associated_data.encode())
        resource = {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "nonce": nonce,
            "associated_data": associated_data,
        }
        message = {
            "id": "n1",
            "event_type": event,
            "resource_type": "encrypt-resource",
            "resource": resource,
            **changes,
        }
        return sealed(json.dumps(message).encode())

    return make


def reason_of(rail: WechatPayChannel, callback: Callback) -> RefusalReason:
    with pytest.raises(NotificationRefused) as refusal:
        rail.read_notification(callback)
    return refusal.value.reason


def test_a_payment_is_read_by_what_was_asked_not_by_what_coupons_left(rail: WechatPayChannel, told: Make) -> None:
    notification = rail.read_notification(told("TRANSACTION.SUCCESS", PAYMENT))
    reply = notification.reply
    assert (notification.channel, notification.notify_id) == ("wechat_pay", "n1")
    assert isinstance(reply, ChannelReply)
    assert (reply.outcome, reply.amount) == (Outcome.SUCCEEDED, Money(88_80, "CNY"))
    assert reply.paid_at is not None
    assert reply.paid_at.isoformat() == "2026-11-22T12:41:05+00:00"


def test_associated_data_may_be_empty(rail: WechatPayChannel, told: Make) -> None:
    callback = told("TRANSACTION.SUCCESS", PAYMENT, associated_data="")
    assert rail.read_notification(callback).reply.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize(
    ("event", "status", "outcome"),
    [
        ("REFUND.SUCCESS", "SUCCESS", Outcome.SUCCEEDED),
        ("REFUND.CLOSED", "CLOSED", Outcome.FAILED),
        ("REFUND.ABNORMAL", "ABNORMAL", Outcome.ABNORMAL),
    ],
)
def test_each_end_of_a_refund_is_read(
    rail: WechatPayChannel, told: Make, event: str, status: str, outcome: Outcome
) -> None:
    reply = rail.read_notification(told(event, {**REFUND, "refund_status": status})).reply
    assert isinstance(reply, RefundReply)
    assert (reply.outcome, reply.out_request_no, reply.amount) == (outcome, "refund0001", Money(8_00, "CNY"))
    assert reply.account == "招商银行信用卡0403"


@pytest.mark.parametrize(
    ("event", "state", "read"),
    [("PAPAY.SIGN", "SIGNED", AgreementState.ACTIVE), ("PAPAY.TERMINATE", "TERMINATED", AgreementState.ENDED)],
)
def test_contracts_that_are_signed_and_ended_are_read(
    rail: WechatPayChannel, told: Make, event: str, state: str, read: AgreementState
) -> None:
    reply = rail.read_notification(told(event, {**CONTRACT, "contract_state": state})).reply
    assert isinstance(reply, AgreementReply)
    assert (reply.state, reply.number, reply.agreement_no) == (read, "contract0001", "77")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mchid": "1900000001"}, RefusalReason.WRONG_SELLER),
        ({"mchid": None}, RefusalReason.WRONG_SELLER),
        ({"appid": "wx1"}, RefusalReason.WRONG_APP),
        ({"amount": {"total": "8880", "currency": "CNY"}}, RefusalReason.MALFORMED),
        ({"amount": {"total": -1, "currency": "CNY"}}, RefusalReason.MALFORMED),
        ({"amount": {"total": True, "currency": "CNY"}}, RefusalReason.MALFORMED),
        ({"amount": {"total": 1, "currency": "USD"}}, RefusalReason.MALFORMED),
        ({"amount": None}, RefusalReason.MALFORMED),
        ({"out_trade_no": "a'; --"}, RefusalReason.MALFORMED),
        ({"trade_state": "PAID"}, RefusalReason.MALFORMED),
        ({"trade_state": "NOTPAY"}, RefusalReason.MALFORMED),
    ],
)
def test_what_is_signed_but_not_for_us_or_not_readable_is_refused(
    rail: WechatPayChannel, told: Make, changes: dict[str, object], reason: RefusalReason
) -> None:
    assert reason_of(rail, told("TRANSACTION.SUCCESS", {**PAYMENT, **changes})) is reason


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "COUPON.USE"},
        {"event_type": "REFUND.SUCCESS"},
        {"id": ""},
        {"id": "x" * 65},
        {"resource_type": "plain"},
        {"resource": None},
        {"resource": {"algorithm": "NONE"}},
    ],
)
def test_a_message_of_another_shape_is_malformed(
    rail: WechatPayChannel, told: Make, changes: dict[str, object]
) -> None:
    assert reason_of(rail, told("TRANSACTION.SUCCESS", PAYMENT, **changes)) is RefusalReason.MALFORMED


def test_what_was_encrypted_for_somebody_else_cannot_be_read(rail: WechatPayChannel, told: Make) -> None:
    other = told("TRANSACTION.SUCCESS", PAYMENT, apiv3_key="o" * 32)
    assert reason_of(rail, other) is RefusalReason.MALFORMED


def test_a_message_of_version_2_is_malformed(rail: WechatPayChannel) -> None:
    old = Callback(headers={}, body=b"<xml><return_code>SUCCESS</return_code></xml>")
    assert reason_of(rail, old) is RefusalReason.MALFORMED


def test_a_message_that_is_too_large_is_not_even_verified(rail: WechatPayChannel, sealed: Make) -> None:
    assert reason_of(rail, sealed(b"{" + b" " * 70_000 + b"}")) is RefusalReason.MALFORMED


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_message_of_another_time_is_refused_however_well_it_is_signed(
    rail: WechatPayChannel, sealed: Make, age: timedelta
) -> None:
    assert reason_of(rail, sealed(b"{}", age=age)) is RefusalReason.BAD_SIGNATURE


@pytest.mark.requirement("R185")
@pytest.mark.parametrize(
    "headers",
    [
        {"signature": "WECHATPAY/SIGNTEST/abcd"},
        {"signature": ""},
        {"signature": "é"},
        {"serial": "PUB_KEY_ID_8"},
        {"serial": "not hexadecimal"},
        {"serial": ""},
        {"timestamp": "yesterday"},
        {"timestamp": "9" * 400},
        {"nonce": "another"},
        {"signature-type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
)
def test_a_signature_that_does_not_hold_is_refused(
    rail: WechatPayChannel, sealed: Make, headers: dict[str, str]
) -> None:
    assert reason_of(rail, sealed(b"{}", **headers)) is RefusalReason.BAD_SIGNATURE


@pytest.mark.requirement("R185")
@given(at=st.integers(min_value=0), by=st.integers(min_value=1, max_value=255))
def test_whatever_is_changed_after_signing_is_refused(rail: WechatPayChannel, told: Make, at: int, by: int) -> None:
    callback = told("TRANSACTION.SUCCESS", PAYMENT)
    changed = bytearray(callback.body)
    changed[1 + at % (len(changed) - 1)] ^= by
    assert reason_of(rail, replace(callback, body=bytes(changed))) is RefusalReason.BAD_SIGNATURE


@given(st.binary(max_size=100))
def test_noise_is_refused_and_nothing_else_is_raised(rail: WechatPayChannel, sealed: Make, body: bytes) -> None:
    assert isinstance(reason_of(rail, Callback(headers={}, body=body)), RefusalReason)


@given(st.text(max_size=60).map(lambda text: "{" + text))
def test_signed_noise_is_refused_too(rail: WechatPayChannel, sealed: Make, body: str) -> None:
    try:
        callback = sealed(body.encode())
    except UnicodeEncodeError:
        return
    assert reason_of(rail, callback) in {RefusalReason.MALFORMED, RefusalReason.BAD_SIGNATURE}


@pytest.mark.parametrize("action", ["forge", "tamper", "probe"])
def test_forged_tampered_and_probing_notifications_of_the_sandbox_are_refused(
    wechat: WechatPayChannel, wechat_ordered: ChargeRequest, receiver: Receiver, sandbox: Sandbox, action: str
) -> None:
    sandbox.act(wechat_ordered.out_trade_no, action)
    assert reason_of(wechat, receiver.wait_for(1)[0]) is RefusalReason.BAD_SIGNATURE


def test_a_notification_is_believed_by_public_key_or_by_certificate(
    wechat_config: WechatPayConfig, wechat_ordered: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    """A merchant on the move between the two gets either for some days; one reader takes both."""
    reader = WechatPayChannel(wechat_config)
    sandbox.act(wechat_ordered.out_trade_no, "confirm")
    assert reader.read_notification(receiver.wait_for(1)[0]).reply.outcome is Outcome.SUCCEEDED
    by_certificate = re_registered(sandbox, wechat_config, "certificate")
    try:
        again = replace(wechat_ordered, out_trade_no=secrets.token_hex(12))
        reader.start(again)
        sandbox.act(again.out_trade_no, "confirm")
        callback = next(one for one in receiver.wait_for(2) if one.headers["wechatpay-serial"] == by_certificate)
        assert reader.read_notification(callback).reply.outcome is Outcome.SUCCEEDED
        without_key = WechatPayChannel(replace(wechat_config, public_key=None, public_key_id=None))
        assert without_key.read_notification(callback).reply.outcome is Outcome.SUCCEEDED
        assert reason_of(without_key, receiver.callbacks[0]) is RefusalReason.BAD_SIGNATURE
    finally:
        re_registered(sandbox, wechat_config, "public_key")


def re_registered(sandbox: Sandbox, config: WechatPayConfig, signs_with: str) -> str:
    """Have the sandbox sign notifications the other way; the serial number of its certificate."""
    public = config.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    answer = sandbox.tell(
        "wechat_pay/register",
        mchid=config.mchid,
        appid=config.appid,
        serial_no=config.serial_no,
        apiv3_key=config.apiv3_key,
        public_key=public,
        signs_with=signs_with,
    )
    serial: str = answer["certificate_serial"]
    return serial
