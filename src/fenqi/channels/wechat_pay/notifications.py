"""WeChat Pay's notifications: a signed message whose content is encrypted for the merchant."""

from collections.abc import Callable, Mapping
from typing import Final

from fenqi.channels.interface import (
    NUMBER_RULE,
    AgreementReply,
    Callback,
    ChannelReply,
    Notification,
    NotificationRefused,
    RefundReply,
    RefusalReason,
)
from fenqi.channels.transport import Fault
from fenqi.channels.wechat_pay import answers, wire
from fenqi.channels.wechat_pay.config import WechatPayConfig
from fenqi.channels.wechat_pay.gateway import decrypted, read_object
from fenqi.channels.wechat_pay.platform import NotGenuine, PlatformKeys
from fenqi.channels.wechat_pay.wire import Fields

LARGEST_BODY: Final = 64_000
LONGEST_ID: Final = 64

Replied = ChannelReply | RefundReply | AgreementReply


class NotificationReader:
    """Believes a notification only for its signature, and takes it only for our merchant and our application."""

    def __init__(self, config: WechatPayConfig, *, keys: PlatformKeys) -> None:
        self._config = config
        self._keys = keys

    def read(self, callback: Callback) -> Notification:
        """Raises NotificationRefused.

        Messages of version 2 (XML), such as come after a refund made by hand at the merchant's console, are malformed
        here: they are recorded, and the refund is seen in the bill.
        """
        if len(callback.body) > LARGEST_BODY or not callback.body.lstrip().startswith(b"{"):
            raise _refused(RefusalReason.MALFORMED)
        try:
            self._keys.check(callback.headers, callback.body)
        except NotGenuine:
            raise _refused(RefusalReason.BAD_SIGNATURE) from None
        message = _object(callback.body)
        fields = self._opened(message)
        self._check_addressee(fields, has_appid=not wire.text(message, "event_type").startswith("REFUND."))
        notify_id, reply = wire.text(message, "id"), _reply(message, fields)
        if reply is None or not 0 < len(notify_id) <= LONGEST_ID:
            raise _refused(RefusalReason.MALFORMED)
        return Notification(channel="wechat_pay", notify_id=notify_id, reply=reply, raw=fields)

    def _opened(self, message: Fields) -> Fields:
        resource = wire.part(message, "resource")
        if wire.text(message, "resource_type") != "encrypt-resource":
            raise _refused(RefusalReason.MALFORMED)
        if wire.text(resource, "algorithm") != "AEAD_AES_256_GCM":
            raise _refused(RefusalReason.MALFORMED)
        content = decrypted(resource, self._config.apiv3_key)
        if content is None:
            raise _refused(RefusalReason.MALFORMED)
        return _object(content)

    def _check_addressee(self, fields: Fields, *, has_appid: bool) -> None:
        if wire.text(fields, "mchid") != self._config.mchid:
            raise _refused(RefusalReason.WRONG_SELLER)
        if has_appid and wire.text(fields, "appid") != self._config.appid:
            raise _refused(RefusalReason.WRONG_APP)


def _reply(message: Fields, fields: Fields) -> Replied | None:
    read = _READERS.get(wire.text(message, "event_type"))
    reply = read(fields) if read else None
    # The event and the state within must say the same.
    return reply if reply and reply.code in _STATES[wire.text(message, "event_type")] else None


def _payment(fields: Fields) -> Replied | None:
    out_trade_no = wire.text(fields, "out_trade_no")
    return answers.payment(fields, out_trade_no=out_trade_no) if NUMBER_RULE.fullmatch(out_trade_no) else None


def _refund(fields: Fields) -> Replied | None:
    numbers = wire.text(fields, "out_trade_no"), wire.text(fields, "out_refund_no")
    if not all(NUMBER_RULE.fullmatch(number) for number in numbers):
        return None
    return answers.refund(fields, out_trade_no=numbers[0], out_refund_no=numbers[1])


def _contract(fields: Fields) -> Replied | None:
    number = wire.text(fields, "out_contract_code")
    return answers.contract(fields, number=number) if NUMBER_RULE.fullmatch(number) else None


_READERS: Final[Mapping[str, Callable[[Fields], Replied | None]]] = {
    "TRANSACTION.SUCCESS": _payment,
    "TRANSACTION.FAIL": _payment,
    "REFUND.SUCCESS": _refund,
    "REFUND.ABNORMAL": _refund,
    "REFUND.CLOSED": _refund,
    "PAPAY.SIGN": _contract,
    "PAPAY.TERMINATE": _contract,
}
"""Unverified: the names of the last two, and TRANSACTION.FAIL, which only a debit under a contract can end in."""

_STATES: Final[Mapping[str, frozenset[str]]] = {
    "TRANSACTION.SUCCESS": frozenset(["SUCCESS"]),
    "TRANSACTION.FAIL": frozenset(["PAYERROR"]),
    "REFUND.SUCCESS": frozenset(["SUCCESS"]),
    "REFUND.ABNORMAL": frozenset(["ABNORMAL"]),
    "REFUND.CLOSED": frozenset(["CLOSED"]),
    "PAPAY.SIGN": frozenset(["SIGNED"]),
    "PAPAY.TERMINATE": frozenset(["TERMINATED", "EXPIRED"]),
}


def _object(content: bytes | str) -> Fields:
    try:
        return read_object(content)
    except Fault:
        raise _refused(RefusalReason.MALFORMED) from None


def _refused(reason: RefusalReason) -> NotificationRefused:
    return NotificationRefused(channel="wechat_pay", reason=reason)
