"""Alipay's asynchronous notification: a signed form that tells of one trade, agreement or freeze."""

from collections.abc import Callable, Mapping
from typing import Final

from fenqi.channels.alipay import agreements, reserve, wire
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.rsa2 import signed_text, verifies
from fenqi.channels.interface import (
    NUMBER_RULE,
    AgreementReply,
    ChannelReply,
    Notification,
    NotificationRefused,
    RefundReply,
    RefusalReason,
    ReserveReply,
)
from fenqi.domain.payments import Outcome

MOST_FIELDS: Final = 100
LONGEST_FIELD: Final = 16_384
TRADE: Final = "trade_status_sync"

Told = ChannelReply | RefundReply | AgreementReply | ReserveReply


class NotificationReader:
    """Believes a notification only for its signature, and takes it only for our application and our seller."""

    def __init__(self, config: AlipayConfig) -> None:
        self._config = config

    def read(self, form: Mapping[str, str]) -> Notification:
        """Raises NotificationRefused."""
        if len(form) > MOST_FIELDS or any(len(value) > LONGEST_FIELD for value in form.values()):
            raise _refused(RefusalReason.MALFORMED)
        if not self._is_signed(form):
            raise _refused(RefusalReason.BAD_SIGNATURE)
        if form.get("app_id") != self._config.app_id:
            raise _refused(RefusalReason.WRONG_APP)
        if not self._is_sellers(form):
            raise _refused(RefusalReason.WRONG_SELLER)
        return _read(form)

    def _is_sellers(self, form: Mapping[str, str]) -> bool:
        """A trade always names its seller, a freeze may name its payee; an agreement is the application's."""
        if form.get("notify_type") == TRADE:
            return form.get("seller_id") == self._config.seller_id
        return form.get("payee_user_id", self._config.seller_id) == self._config.seller_id

    def _is_signed(self, form: Mapping[str, str]) -> bool:
        """Pages disagree whether empty values are signed, so both readings are tried."""
        if form.get("sign_type") != "RSA2":
            return False
        fields = {name: value for name, value in form.items() if name not in {"sign", "sign_type"}}
        filled = {name: value for name, value in fields.items() if value}
        return any(
            verifies(signed_text(reading), form.get("sign", ""), self._config.public_key)
            for reading in (fields, filled)
        )


def _read(form: Mapping[str, str]) -> Notification:
    reads = _READERS.get(form.get("notify_type", ""))
    if reads is None or not form.get("notify_id"):
        raise _refused(RefusalReason.MALFORMED)
    reply = reads(form)
    if isinstance(reply, AgreementReply) and reply.outcome is Outcome.UNKNOWN:
        raise _refused(RefusalReason.MALFORMED)
    return Notification(channel=wire.NAME, notify_id=form["notify_id"], reply=reply, raw=dict(form))


def _trade(form: Mapping[str, str]) -> ChannelReply | RefundReply:
    amount = wire.money(form.get("total_amount", ""))
    paid_at = wire.instant(form.get("gmt_payment", ""))
    is_refund = bool(form.get("refund_fee") or form.get("gmt_refund"))
    status = form.get("trade_status", "")
    outcome = wire.outcome_of(status, was_paid=is_refund or paid_at is not None)
    if amount is None or outcome is Outcome.UNKNOWN:
        raise _refused(RefusalReason.MALFORMED)
    number, raw = _number(form, "out_trade_no"), dict(form)
    if is_refund:
        refund_no = form.get("out_biz_no") or ""
        return RefundReply(outcome=Outcome.WAITING, out_trade_no=number, out_request_no=refund_no, code=status, raw=raw)
    return ChannelReply(
        outcome=outcome,
        out_trade_no=number,
        trade_no=form.get("trade_no") or None,
        amount=amount,
        paid_at=paid_at if outcome is Outcome.SUCCEEDED else None,
        code=status,
        raw=raw,
    )


def _agreement(form: Mapping[str, str]) -> AgreementReply:
    return agreements.told_of(form, number=_number(form, "external_agreement_no"))


def _freeze(form: Mapping[str, str]) -> ReserveReply:
    """Also one whose sums do not add up: operations must hear of it, and nothing of it is believed."""
    return reserve.told_of(form, number=_number(form, "out_request_no"))


_READERS: Final[Mapping[str, Callable[[Mapping[str, str]], Told]]] = {
    TRADE: _trade,
    "dut_user_sign": _agreement,
    "dut_user_unsign": _agreement,
    "fund_auth_freeze": _freeze,
    "fund_auth_unfreeze": _freeze,
    "fund_auth_operation_cancel": _freeze,
}


def _number(form: Mapping[str, str], name: str) -> str:
    number = form.get(name, "")
    if NUMBER_RULE.fullmatch(number) is None:
        raise _refused(RefusalReason.MALFORMED)
    return number


def _refused(reason: RefusalReason) -> NotificationRefused:
    return NotificationRefused(channel=wire.NAME, reason=reason)
