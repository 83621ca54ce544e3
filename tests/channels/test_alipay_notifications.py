"""Notifications: believed for their signature, taken only for our application and our seller."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from charges import ref, refund_of
from fenqi.channels.alipay import AlipayChannel, AlipayConfig
from fenqi.channels.alipay.notifications import NotificationReader
from fenqi.channels.alipay.rsa2 import sign, signed_text
from fenqi.channels.interface import (
    AgreementReply,
    AgreementState,
    ChannelReply,
    ChargeRequest,
    NotificationRefused,
    RefundReply,
    RefusalReason,
    ReserveReply,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from sandbox_town import Receiver, Sandbox

APP, SELLER = "2021000000000001", "2088000000000009"


@pytest.fixture(scope="module")
def alipays_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def reader(alipays_key: RSAPrivateKey) -> NotificationReader:
    config = AlipayConfig(
        app_id=APP, seller_id=SELLER, private_key=alipays_key, public_key=alipays_key.public_key(), gateway=""
    )
    return NotificationReader(config)


@pytest.fixture(scope="module")
def signed(alipays_key: RSAPrivateKey) -> Callable[..., dict[str, str]]:
    def form(**changes: str) -> dict[str, str]:
        fields = {
            "notify_type": "trade_status_sync",
            "notify_id": "n1",
            "app_id": APP,
            "seller_id": SELLER,
            "out_trade_no": "order0001",
            "trade_no": "2026112222001",
            "trade_status": "TRADE_SUCCESS",
            "total_amount": "88.80",
            "gmt_payment": "2026-11-22 20:41:05",
            **changes,
        }
        return {**fields, "sign_type": "RSA2", "sign": sign(signed_text(fields), alipays_key)}

    return form


def reason_of(reader: NotificationReader, form: dict[str, str]) -> RefusalReason:
    with pytest.raises(NotificationRefused) as refusal:
        reader.read(form)
    return refusal.value.reason


def test_a_payment_is_read(reader: NotificationReader, signed: Callable[..., dict[str, str]]) -> None:
    told = reader.read(signed())
    assert isinstance(told.reply, ChannelReply)
    assert (told.channel, told.notify_id) == ("alipay", "n1")
    assert (told.reply.outcome, told.reply.amount) == (Outcome.SUCCEEDED, Money(88_80, "CNY"))
    assert told.reply.paid_at is not None
    assert told.reply.paid_at.isoformat() == "2026-11-22T12:41:05+00:00"


@pytest.mark.parametrize(
    ("status", "changes", "outcome"),
    [
        ("WAIT_BUYER_PAY", {"gmt_payment": ""}, Outcome.WAITING),
        ("TRADE_FINISHED", {}, Outcome.SUCCEEDED),
        ("TRADE_CLOSED", {"gmt_payment": ""}, Outcome.CLOSED),
        ("TRADE_CLOSED", {}, Outcome.SUCCEEDED),
    ],
)
def test_each_state_says_what_it_says(
    reader: NotificationReader,
    signed: Callable[..., dict[str, str]],
    status: str,
    changes: dict[str, str],
    outcome: Outcome,
) -> None:
    assert reader.read(signed(trade_status=status, **changes)).reply.outcome is outcome


@pytest.mark.parametrize("status", ["TRADE_SUCCESS", "TRADE_CLOSED"])
def test_a_refund_is_never_a_second_payment(
    reader: NotificationReader, signed: Callable[..., dict[str, str]], status: str
) -> None:
    told = reader.read(signed(trade_status=status, refund_fee="8.00", out_biz_no="refund0001"))
    assert isinstance(told.reply, RefundReply)
    assert (told.reply.outcome, told.reply.out_request_no) == (Outcome.WAITING, "refund0001")


def test_empty_values_may_be_signed_or_not(
    reader: NotificationReader, signed: Callable[..., dict[str, str]], alipays_key: RSAPrivateKey
) -> None:
    with_empty = signed(passback_params="")
    filled = {name: value for name, value in with_empty.items() if value and name not in {"sign", "sign_type"}}
    without_empty = {**with_empty, "sign": sign(signed_text(filled), alipays_key)}
    for form in (with_empty, without_empty):
        reply = reader.read(form).reply
        assert isinstance(reply, ChannelReply)
        assert reply.out_trade_no == "order0001"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"app_id": "2021000000000002"}, RefusalReason.WRONG_APP),
        ({"seller_id": "2088000000000001"}, RefusalReason.WRONG_SELLER),
        ({"seller_id": ""}, RefusalReason.WRONG_SELLER),
        ({"total_amount": "1e3"}, RefusalReason.MALFORMED),
        ({"total_amount": "-1.00"}, RefusalReason.MALFORMED),
        ({"total_amount": "1.001"}, RefusalReason.MALFORMED),
        ({"total_amount": "٣.00"}, RefusalReason.MALFORMED),
        ({"out_trade_no": "a'; --"}, RefusalReason.MALFORMED),
        ({"trade_status": "PAID"}, RefusalReason.MALFORMED),
        ({"notify_id": ""}, RefusalReason.MALFORMED),
        ({"notify_type": "fund_auth_freeze"}, RefusalReason.MALFORMED),
        ({"subject": "x" * 20_000}, RefusalReason.MALFORMED),
    ],
)
def test_what_is_signed_but_not_for_us_or_not_readable_is_refused(
    reader: NotificationReader, signed: Callable[..., dict[str, str]], changes: dict[str, str], reason: RefusalReason
) -> None:
    assert reason_of(reader, signed(**changes)) is reason


@pytest.mark.requirement("R185")
@given(
    name=st.sampled_from(["total_amount", "out_trade_no", "trade_status", "app_id", "seller_id", "gmt_payment"]),
    value=st.text(max_size=40),
)
def test_whatever_is_changed_after_signing_is_refused(
    reader: NotificationReader, signed: Callable[..., dict[str, str]], name: str, value: str
) -> None:
    form = signed()
    if form[name] != value:
        assert reason_of(reader, {**form, name: value}) is RefusalReason.BAD_SIGNATURE


@pytest.mark.parametrize("sign_type", ["", "RSA", "rsa2", "none"])
def test_no_other_signature_type_is_taken(
    reader: NotificationReader, signed: Callable[..., dict[str, str]], sign_type: str
) -> None:
    assert reason_of(reader, {**signed(), "sign_type": sign_type}) is RefusalReason.BAD_SIGNATURE


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=8))
def test_noise_is_refused_and_nothing_else_is_raised(reader: NotificationReader, form: dict[str, str]) -> None:
    assert reason_of(reader, form) is RefusalReason.BAD_SIGNATURE


def test_a_form_of_too_many_fields_is_not_even_verified(reader: NotificationReader) -> None:
    assert reason_of(reader, {str(number): "" for number in range(101)}) is RefusalReason.MALFORMED


@pytest.mark.parametrize("action", ["forge", "tamper"])
def test_forged_and_tampered_notifications_of_the_sandbox_are_refused(
    alipay: AlipayChannel, opened: ChargeRequest, receiver: Receiver, sandbox: Sandbox, action: str
) -> None:
    sandbox.act(opened.out_trade_no, action)
    with pytest.raises(NotificationRefused) as refusal:
        alipay.read_notification(receiver.wait_for(1)[0])
    assert refusal.value.reason is RefusalReason.BAD_SIGNATURE
    assert alipay.query(ref(opened)).outcome is Outcome.WAITING


def test_a_notification_for_another_application_is_refused(
    alipay_config: AlipayConfig, paid: ChargeRequest, receiver: Receiver
) -> None:
    callback = receiver.wait_for(1)[0]
    others = {
        RefusalReason.WRONG_APP: replace(alipay_config, app_id="9021000000000002"),
        RefusalReason.WRONG_SELLER: replace(alipay_config, seller_id="2088000000000002"),
    }
    for reason, config in others.items():
        with pytest.raises(NotificationRefused) as refusal:
            AlipayChannel(config).read_notification(callback)
        assert refusal.value.reason is reason


def test_a_refund_notification_of_the_sandbox_names_the_refund(
    alipay: AlipayChannel, paid: ChargeRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    receiver.wait_for(1)
    sandbox.order("refund", "also_notify")
    alipay.refund(refund_of(paid, 1))
    told = alipay.read_notification(receiver.wait_for(2)[1])
    assert isinstance(told.reply, RefundReply)
    assert (told.reply.outcome, told.reply.out_request_no) == (Outcome.WAITING, "refund0001")


@pytest.fixture(scope="module")
def signed_as(alipays_key: RSAPrivateKey) -> Callable[..., dict[str, str]]:
    def form(**fields: str) -> dict[str, str]:
        known = {"notify_id": "n1", "app_id": APP, **fields}
        return {**known, "sign_type": "RSA2", "sign": sign(signed_text(known), alipays_key)}

    return form


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("dut_user_sign", "NORMAL", AgreementState.ACTIVE),
        ("dut_user_unsign", "UNSIGN", AgreementState.ENDED),
        ("dut_user_unsign", "STOP", AgreementState.ENDED),
    ],
)
def test_agreements_are_told_without_a_seller(
    reader: NotificationReader,
    signed_as: Callable[..., dict[str, str]],
    *,
    kind: str,
    status: str,
    state: AgreementState,
) -> None:
    told = reader.read(
        signed_as(notify_type=kind, status=status, external_agreement_no="agreement1", agreement_no="2026")
    )
    assert isinstance(told.reply, AgreementReply)
    assert (told.reply.number, told.reply.agreement_no, told.reply.state) == ("agreement1", "2026", state)


FREEZE = {
    "notify_type": "fund_auth_freeze",
    "auth_no": "2026",
    "out_order_no": "reserve001",
    "out_request_no": "reserve001",
    "status": "SUCCESS",
    "amount": "10.00",
    "total_freeze_amount": "10.00",
    "total_unfreeze_amount": "0.00",
    "total_pay_amount": "0.00",
    "rest_amount": "10.00",
    "pre_auth_type": "CREDIT_AUTH",
}


def test_a_freeze_whose_sums_do_not_add_up_alerts_and_is_not_believed(
    reader: NotificationReader, signed_as: Callable[..., dict[str, str]]
) -> None:
    good, bad = (reader.read(signed_as(**{**FREEZE, "rest_amount": rest})).reply for rest in ("10.00", "9.99"))
    assert isinstance(good, ReserveReply)
    assert (good.outcome, good.is_credit, good.rest) == (Outcome.SUCCEEDED, True, Money(10_00, "CNY"))
    assert isinstance(bad, ReserveReply)
    assert (bad.outcome, bad.alert, bad.rest) == (Outcome.UNKNOWN, True, None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({**FREEZE, "payee_user_id": "2088000000000001"}, RefusalReason.WRONG_SELLER),
        ({**FREEZE, "out_request_no": "a'; --"}, RefusalReason.MALFORMED),
        ({"notify_type": "dut_user_sign", "status": "NORMAL"}, RefusalReason.MALFORMED),
        ({"notify_type": "dut_user_sign", "status": "GONE", "external_agreement_no": "a" * 9}, RefusalReason.MALFORMED),
        ({"notify_type": "open_app_auth_notify"}, RefusalReason.MALFORMED),
    ],
)
def test_other_kinds_are_for_us_and_readable_or_refused(
    reader: NotificationReader,
    signed_as: Callable[..., dict[str, str]],
    fields: dict[str, str],
    reason: RefusalReason,
) -> None:
    assert reason_of(reader, signed_as(**fields)) is reason
