"""The one interface of a rail: what every payment channel is asked, and the frozen values that go in and out.

A channel turns our words into one counterparty's protocol and back. It stores nothing, knows no order and no plan, and
is always called outside a database transaction. Numbers are ours, stored before the first byte leaves, and reused on
every retry of the same intent (design, rule 4).

What an answer means is settled here once: `Outcome.UNKNOWN` after anything that may have happened and `NOT_EXECUTED`
only where nothing can have. A transport fault never raises; it is an answer with `code` `transport.*`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict

NUMBER_RULE = re.compile(r"[0-9A-Za-z]{8,32}")
"""Our numbers satisfy every rail at once: 8 to 32 letters and digits, so a payment can change rails."""


class ChannelRefuses(FenqiError):
    """The request breaks a rule of the channel and was not sent. Details: `channel`, `problem`, `problem_zh`."""

    code = "channel_refuses"
    status = 422
    zh = "「{channel}」不能受理：{problem_zh}"
    en = "{channel} cannot take this: {problem}"


class UnknownChannel(FenqiError):
    """No such rail, or its settings are missing. Details: `channel`."""

    code = "unknown_channel"
    status = 404
    zh = "支付渠道「{channel}」未开通，请选择其他还款方式。"
    en = "The payment channel {channel!r} is not set up: choose another method."


class ChannelMisconfigured(FenqiError):
    """A setting of a channel is missing or unreadable. Details: `channel`, `name`, `problem`; never the value."""

    code = "channel_misconfigured"
    status = 500
    zh = "渠道「{channel}」的环境变量 {name} 有误：{problem_zh}。"
    en = "The environment variable {name} of channel {channel!r} is wrong: {problem}."


class RefusalReason(StrEnum):
    BAD_SIGNATURE = "bad_signature"
    WRONG_APP = "wrong_app"
    WRONG_SELLER = "wrong_seller"
    MALFORMED = "malformed"


class NotificationRefused(FenqiError):
    """A notification that is not the channel's, not for us, or not readable; record it and change nothing.

    Details: `channel`, `reason` (a RefusalReason).
    """

    code = "notification_refused"
    status = 400
    zh = "支付通知被拒绝：{reason}。"
    en = "The payment notification was refused: {reason}."

    def __init__(self, *, channel: str, reason: RefusalReason, where: str | None = None) -> None:
        self.channel = channel
        self.reason = reason
        super().__init__(where=where, channel=channel, reason=reason.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """One payment to be made by the payer at the channel's own cashier, until `expires_at`."""

    out_trade_no: str
    amount: Money
    subject: str
    """What the payer reads at the cashier; never personal data."""
    notify_url: str
    return_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where to send the payer's browser. The address is signed: pass it on as it is."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReply:
    """What the channel says about one payment, by an answer or by a notification.

    Book only `SUCCEEDED`, and only after comparing `amount` with what was asked for.
    """

    outcome: Outcome
    out_trade_no: str
    trade_no: str | None = None
    """The channel's own number."""
    amount: Money | None = None
    """What was asked of the payer, before the channel's coupons: the sum to compare and to book."""
    paid_at: datetime | None = None
    code: str | None = None
    """The channel's most telling code, or `transport.*`; for the record and for support, never for branching."""
    verdict: Verdict | None = None
    """What the code means; None after a success and while the payer is simply awaited."""
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The answer as it was read, for the record; may hold personal data, so it is never logged."""

    @property
    def failure(self) -> FailureCategory | None:
        """The category kept with the attempt."""
        return self.verdict.category if self.verdict else None

    @property
    def retry(self) -> RetryMark | None:
        return self.verdict.retry if self.verdict else None

    @property
    def alert(self) -> bool:
        """Operations must be told."""
        return self.verdict is not None and self.verdict.alert


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Give back part or all of one payment. The same number and amount are refunded once, however often it is sent."""

    out_trade_no: str
    out_request_no: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReply:
    """What the channel says about one refund. `WAITING` is "accepted, no money moved yet": ask `query_refund`."""

    outcome: Outcome
    out_trade_no: str
    out_request_no: str
    amount: Money | None = None
    """What this refund gave back, where the channel says so."""
    refunded_at: datetime | None = None
    code: str | None = None
    verdict: Verdict | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def failure(self) -> FailureCategory | None:
        return self.verdict.category if self.verdict else None

    @property
    def retry(self) -> RetryMark | None:
        return self.verdict.retry if self.verdict else None

    @property
    def alert(self) -> bool:
        return self.verdict is not None and self.verdict.alert


class NotificationKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    """About money going back. Never a second payment, though `reply` still tells that the payment had succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification whose signature, app and seller hold; the same `notify_id` may come any number of times."""

    channel: str
    notify_id: str
    kind: NotificationKind
    out_trade_no: str
    reply: ChannelReply
    refund_request_no: str | None = None
    """Which refund, if `kind` is REFUND and the channel says so: ask `query_refund` about it."""
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)


@runtime_checkable
class PaymentChannel(Protocol):
    """One rail. Implementations are immutable and may be used from many threads at once."""

    @property
    def name(self) -> str:
        """The name stored with attempts and used in `clearing.<name>`."""

    @property
    def currencies(self) -> frozenset[str]:
        """ISO 4217 codes the rail carries."""

    def start(self, request: ChargeRequest) -> Redirect:
        """Make the signed address of the cashier; sends nothing. Raises ChannelRefuses."""

    def query(self, out_trade_no: str) -> ChannelReply:
        """Ask what became of a payment."""

    def close(self, out_trade_no: str) -> ChannelReply:
        """End an unpaid payment: CLOSED when it is, anything else when that cannot be said (then `query`)."""

    def refund(self, request: RefundRequest) -> RefundReply:
        """Give money back. Raises ChannelRefuses."""

    def query_refund(self, *, out_trade_no: str, out_request_no: str) -> RefundReply:
        """Ask what became of a refund."""

    def read_notification(self, form: Mapping[str, str]) -> Notification:
        """Verify and read a notification. Raises NotificationRefused."""

    def acknowledge(self) -> str:
        """The body that tells the channel a notification was taken; sent only after it is stored."""


def check_number(number: str, *, channel: str) -> str:
    """Our number, unchanged. Raises ChannelRefuses when a rail could not carry it."""
    if NUMBER_RULE.fullmatch(number) is None:
        raise ChannelRefuses(
            channel=channel,
            problem="a number must be 8 to 32 letters and digits",
            problem_zh="编号须为 8 至 32 位字母或数字",
        )
    return number
