"""Alipay's asynchronous notification: a signed form that tells of one trade."""

from collections.abc import Mapping
from typing import Final

from fenqi.channels.alipay import wire
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.rsa2 import signed_text, verifies
from fenqi.channels.interface import (
    NUMBER_RULE,
    ChannelReply,
    Notification,
    NotificationRefused,
    RefundReply,
    RefusalReason,
)
from fenqi.domain.payments import Outcome

MOST_FIELDS: Final = 100
LONGEST_FIELD: Final = 16_384


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
        if form.get("seller_id") != self._config.seller_id:
            raise _refused(RefusalReason.WRONG_SELLER)
        return _read(form)

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
    out_trade_no = form.get("out_trade_no", "")
    amount = wire.money(form.get("total_amount", ""))
    paid_at = wire.instant(form.get("gmt_payment", ""))
    is_refund = bool(form.get("refund_fee") or form.get("gmt_refund"))
    outcome = wire.outcome_of(form.get("trade_status", ""), was_paid=is_refund or paid_at is not None)
    readable = (
        form.get("notify_type") == "trade_status_sync"
        and bool(form.get("notify_id"))
        and NUMBER_RULE.fullmatch(out_trade_no) is not None
        and amount is not None
        and outcome is not Outcome.UNKNOWN
    )
    if not readable:
        raise _refused(RefusalReason.MALFORMED)
    raw: dict[str, object] = dict(form)
    if is_refund:
        reply: ChannelReply | RefundReply = RefundReply(
            outcome=Outcome.WAITING,
            out_trade_no=out_trade_no,
            out_request_no=form.get("out_biz_no") or "",
            code=form["trade_status"],
            raw=raw,
        )
    else:
        reply = ChannelReply(
            outcome=outcome,
            out_trade_no=out_trade_no,
            trade_no=form.get("trade_no") or None,
            amount=amount,
            paid_at=paid_at if outcome is Outcome.SUCCEEDED else None,
            code=form["trade_status"],
            raw=raw,
        )
    return Notification(channel="alipay", notify_id=form["notify_id"], reply=reply, raw=raw)


def _refused(reason: RefusalReason) -> NotificationRefused:
    return NotificationRefused(channel="alipay", reason=reason)
