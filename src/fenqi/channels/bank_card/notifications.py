"""The gateway's notification in the back: a signed form that tells how a trade ended, well or not."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.config import NAME, BankCardConfig
from fenqi.channels.bank_card.gateway import Answer
from fenqi.channels.bank_card.replies import charge_ended, freeze_ended, refund_ended, release_ended
from fenqi.channels.bank_card.signing import Signers
from fenqi.channels.interface import (
    NUMBER_RULE,
    ChannelReply,
    Notification,
    NotificationRefused,
    RefundReply,
    RefusalReason,
    ReserveReply,
)

MOST_FIELDS: Final = 100
LONGEST_FIELD: Final = 16_384
DEBIT: Final = ("01", "01")
REFUND: Final = ("04", "00")
FREEZE: Final = ("02", "01")
CAPTURE: Final = ("03", "00")
RELEASE: Final = ("32", "00")


class NotificationReader:
    """Believes a notification only for its signature, and takes it only for our merchant number."""

    def __init__(self, config: BankCardConfig, *, clock: Callable[[], datetime]) -> None:
        self._mer_id = config.mer_id
        self._clock = clock
        self._signers = Signers(config.roots, name=config.signer)

    def read(self, form: Mapping[str, str]) -> Notification:
        """Raises NotificationRefused."""
        if not form or len(form) > MOST_FIELDS or any(len(value) > LONGEST_FIELD for value in form.values()):
            raise _refused(RefusalReason.MALFORMED)
        if not self._signers.signed(form, at=self._clock()):
            raise _refused(RefusalReason.BAD_SIGNATURE)
        if form.get("merId") != self._mer_id:
            raise _refused(RefusalReason.WRONG_SELLER)
        return _read(Answer(form))


def _read(told: Answer) -> Notification:
    number, submitted_at = told.text("orderId"), wire.instant(told.text("txnTime"))
    if NUMBER_RULE.fullmatch(number) is None or submitted_at is None or not told.code:
        raise _refused(RefusalReason.MALFORMED)
    trade = (told.text("txnType"), told.text("txnSubType"))
    if trade in (DEBIT, CAPTURE):
        reply: ChannelReply | RefundReply | ReserveReply = charge_ended(
            told, told.code, number=number, submitted_at=submitted_at
        )
    elif trade == FREEZE:
        reply = freeze_ended(told, told.code, number=number)
    elif trade == RELEASE:
        reply = release_ended(told, told.code, number=number)
    elif trade == REFUND:
        # Which payment it belongs to is what we gave along ourselves; the refund's own number is what counts.
        original = told.text("reqReserved")
        out_trade_no = original if NUMBER_RULE.fullmatch(original) else ""
        reply = refund_ended(told, told.code, number=number, out_trade_no=out_trade_no, submitted_at=submitted_at)
    else:
        raise _refused(RefusalReason.MALFORMED)
    # The gateway numbers no notifications: what it says of which trade names one.
    notify_id = f"{number}-{told.text('txnTime')}-{told.code}"
    return Notification(channel=NAME, notify_id=notify_id, reply=reply, raw=told.kept)


def _refused(reason: RefusalReason) -> NotificationRefused:
    return NotificationRefused(channel=NAME, reason=reason)
