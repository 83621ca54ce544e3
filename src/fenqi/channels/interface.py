"""The one interface of a rail: what every payment channel is asked, and the frozen values that go in and out.

A channel turns our words into one counterparty's protocol and back. It stores nothing, knows no order and no plan, and
is always called outside a database transaction. Numbers are ours, stored before the first byte leaves, and reused on
every retry of the same intent (design, rule 4).

Every rail is a `PaymentChannel`; what else it can do it says by being a `CashierChannel`, a `DebitChannel`, an
`AgreementChannel`, an `AnnouncingChannel`, a `CardChannel`, a `TimeKeyedChannel`, a `ReserveChannel` or a
`CardReserveChannel` (`isinstance` tells). Its daily bill is read by a `BillSource` (`fenqi.channels.bills`).

What an answer means is settled here once: `Outcome.UNKNOWN` after anything that may have happened and `NOT_EXECUTED`
only where nothing can have. A transport fault never raises; it is an answer with `code` `transport.*`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl

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


class UnknownPartner(FenqiError):
    """No such finance partner, or its settings are missing. Details: `partner`."""

    code = "unknown_partner"
    status = 503
    zh = "合作分期平台「{partner}」现在连接不上，没有提交任何内容。请稍后再试或联系客服。"
    en = "The finance partner {partner!r} cannot be reached now. Nothing was submitted: try again later or contact us."


class ChannelMisconfigured(FenqiError):
    """A setting of a channel is missing or unreadable. Details: `channel`, `name`, `problem`; never the value."""

    code = "channel_misconfigured"
    status = 503
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


class Device(StrEnum):
    """What the payer holds: a phone is sent to the channel's page, a desktop may be shown a code to scan."""

    PHONE = "phone"
    DESKTOP = "desktop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """One payment to be made by the payer at the channel's own cashier, until `expires_at`."""

    out_trade_no: str
    amount: Money
    subject: str
    """What the payer reads at the cashier; never personal data."""
    notify_url: str
    return_url: str
    submitted_at: datetime
    expires_at: datetime
    payer_ip: str = "127.0.0.1"
    device: Device = Device.PHONE


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where to send the payer's browser. The address is signed: pass it on as it is."""

    url: str


@dataclass(frozen=True, slots=True)
class ScanCode:
    """What a QR code must hold that the payer scans with the channel's app."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRef:
    """What names a payment at its channel: all that is stored of it, since each protocol asks for other parts."""

    out_trade_no: str
    amount: Money
    submitted_at: datetime
    """As it was sent: for some channels a part of the key."""
    trade_no: str = ""
    """The channel's own number, once known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DebitRequest:
    """One payment without the payer at a cashier: from a bound card, or under an agreement."""

    out_trade_no: str
    amount: Money
    subject: str
    notify_url: str
    authority: str = field(repr=False)
    """The card's token, or the channel's number of the agreement."""
    submitted_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a channel says. `outcome` decides; `code` is for the record and for support, never for branching."""

    outcome: Outcome
    code: str | None = None
    """The channel's most telling code, or `transport.*`."""
    verdict: Verdict | None = None
    """What the code means; None after a success and while somebody is simply awaited."""
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The answer as it was read, for the record; may hold personal data, so it is never logged."""

    @property
    def failure(self) -> FailureCategory | None:
        """The category kept with the record."""
        return self.verdict.category if self.verdict else None

    @property
    def retry(self) -> RetryMark | None:
        return self.verdict.retry if self.verdict else None

    @property
    def alert(self) -> bool:
        """Operations must be told."""
        return self.verdict is not None and self.verdict.alert


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReply(Reply):
    """What the channel says about one payment, by an answer or by a notification.

    Book only `SUCCEEDED`, and only after comparing `amount` with what was asked for.
    """

    out_trade_no: str
    trade_no: str | None = None
    """The channel's own number."""
    amount: Money | None = None
    """What was asked of the payer, before the channel's coupons: the sum to compare and to book."""
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Give back part or all of one payment. The same number and amount are refunded once, however often it is sent."""

    charge: ChargeRef
    out_request_no: str
    amount: Money
    reason: str
    notify_url: str
    submitted_at: datetime


class RefundDestination(StrEnum):
    """Where the channel says that a refund went."""

    ORIGINAL = "original"
    BALANCE = "balance"
    """The payer's wallet at the channel, because the card could not take it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundReply(Reply):
    """What the channel says about one refund.

    WAITING is "accepted, no money moved yet": ask `query_refund`. FAILED is for good: a new number may be tried.
    ABNORMAL cannot reach the payer by this route and needs a person. A refund that had succeeded may still be told
    FAILED or ABNORMAL later, when the payer's bank sends it back.
    """

    out_trade_no: str
    out_request_no: str
    refund_no: str | None = None
    """The channel's own number."""
    amount: Money | None = None
    """What this refund gave back, where the channel says so."""
    refunded_at: datetime | None = None
    destination: RefundDestination | None = None
    account: str = ""
    """The receiving account in the channel's words, masked by it."""
    expected_at: datetime | None = None
    """When the payer's bank is expected to have it, where the channel says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementRequest:
    """Ask the payer's consent to later debits."""

    number: str
    """Ours, by the number rule."""
    subject: str
    single_limit: Money
    """No debit under the agreement will be larger."""
    first_debit_on: date
    notify_url: str
    return_url: str
    submitted_at: datetime
    device: Device = Device.PHONE


class AgreementState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementReply(Reply):
    """What the channel says about an agreement. With `outcome` SUCCEEDED `state` is set."""

    number: str
    agreement_no: str | None = None
    """The channel's own number: the authority of a debit."""
    state: AgreementState | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetails:
    """A card as its holder types it: lives for one request, is never stored and never logged."""

    number: str = field(repr=False)
    holder: str = field(repr=False)
    phone: str = field(repr=False)
    expiry: str = field(default="", repr=False)
    """MMYY, of credit cards."""
    security_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingReply(Reply):
    """SUCCEEDED with a token: the card is bound. Without a token, asking for the code succeeded."""

    number: str
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRequest:
    """Freeze a sum at the payer's, until it is released or captured."""

    number: str
    """Ours, of this freeze."""
    amount: Money
    subject: str
    notify_url: str
    return_url: str
    submitted_at: datetime
    expires_at: datetime
    authority: str = field(default="", repr=False)
    """The card's token, where it is frozen on a bound card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveReply(Reply):
    """What the channel says about one operation on a freeze. Always: frozen = released + captured + rest.

    A `CardReserveChannel` tells no sums. Of a release, CLOSED says that nothing is held under the freeze any more.
    """

    number: str
    """Ours, of this operation."""
    auth_no: str | None = None
    """The channel's number of the freeze."""
    amount: Money | None = None
    frozen: Money | None = None
    released: Money | None = None
    captured: Money | None = None
    rest: Money | None = None
    is_credit: bool = False
    """Nothing was really frozen: the channel vouches for the payer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """A message that came to one of our addresses, as it came. Header names are in small letters."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form; empty when it is none."""
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=200))
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification whose signature and merchant hold; the same `notify_id` may come any number of times.

    `reply` says what it is about. A refund is never a second payment; a `RefundReply` that is WAITING asks to be
    queried, and its `out_request_no` is empty where the channel does not say which refund it was.
    """

    channel: str
    notify_id: str
    reply: ChannelReply | RefundReply | AgreementReply | ReserveReply
    raw: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What tells the channel that a notification was taken; sent only after it is stored."""

    body: str
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200


@runtime_checkable
class PaymentChannel(Protocol):
    """One rail. Implementations are immutable and may be used from many threads at once."""

    @property
    def name(self) -> str:
        """The name stored with attempts and used in `clearing.<name>`."""

    @property
    def currencies(self) -> frozenset[str]:
        """ISO 4217 codes the rail carries."""

    @property
    def refund_days(self) -> int:
        """For how many days after a payment the channel still refunds it."""

    def query(self, charge: ChargeRef) -> ChannelReply:
        """Ask what became of a payment."""

    def close(self, charge: ChargeRef) -> ChannelReply:
        """End an unpaid payment: CLOSED when it is, anything else when that cannot be said (then `query`)."""

    def refund(self, request: RefundRequest) -> RefundReply:
        """Give money back. Raises ChannelRefuses."""

    def query_refund(self, request: RefundRequest) -> RefundReply:
        """Ask what became of a refund."""

    def read_notification(self, callback: Callback) -> Notification:
        """Verify and read a notification. Raises NotificationRefused."""

    def acknowledge(self) -> Acknowledgement:
        """What the channel waits for after a notification that was taken."""


@runtime_checkable
class CashierChannel(PaymentChannel, Protocol):
    """The payer pays on the channel's own pages."""

    def start(self, request: ChargeRequest) -> Redirect | ScanCode | ChannelReply:
        """Where the payer goes; the same request again is harmless and gives a fresh address.

        A reply when the channel would not open a cashier, or when nobody knows. Raises ChannelRefuses.
        """


@runtime_checkable
class DebitChannel(PaymentChannel, Protocol):
    """Money can be taken without the payer at a cashier."""

    def debit(self, request: DebitRequest) -> ChannelReply:
        """Take one payment. The same number takes it once. Raises ChannelRefuses."""


@runtime_checkable
class AgreementChannel(DebitChannel, Protocol):
    """The payer agrees to later debits on the channel's own pages."""

    def sign_agreement(self, request: AgreementRequest) -> Redirect | AgreementReply:
        """Where the payer goes to agree. Raises ChannelRefuses."""

    def query_agreement(self, number: str) -> AgreementReply:
        """Ask what became of an agreement; NOT_FOUND while nobody signed it."""

    def end_agreement(self, number: str, agreement_no: str) -> AgreementReply:
        """End it. An agreement that is ended already is a success, too."""


@runtime_checkable
class AnnouncingChannel(AgreementChannel, Protocol):
    """The payer must be told by the channel before each debit."""

    @property
    def notice_days(self) -> int:
        """How many days before the debit, at the latest, it is announced."""

    def announce(self, *, agreement_no: str, amount: Money, debit_on: date) -> Reply:
        """Announce a debit of at most `amount` on that day. Raises ChannelRefuses outside the hours it is taken in."""


@runtime_checkable
class CardChannel(DebitChannel, Protocol):
    """Cards are bound by number, name, phone and a code that the bank sends; afterwards only the token is used."""

    def ask_code(self, card: CardDetails, *, number: str, submitted_at: datetime) -> BindingReply:
        """Have the bank send a code to the phone. `number` names this binding, ours. Raises ChannelRefuses."""

    def bind(self, card: CardDetails, code: str, *, number: str, submitted_at: datetime) -> BindingReply:
        """Bind the card. Raises ChannelRefuses."""

    def unbind(self, token: str, *, number: str, submitted_at: datetime) -> BindingReply:
        """Forget the card. One that is forgotten already is a success, too."""

    def ends_card(self, reply: Reply) -> bool:
        """Whether what became of a debit or a freeze says that the card will not pay again: expired, blocked, gone."""


@runtime_checkable
class TimeKeyedChannel(PaymentChannel, Protocol):
    """A refund is named by its number and by `submitted_at`, and is taken up only at about that moment."""

    @property
    def refund_window(self) -> timedelta:
        """For so long after `submitted_at` it may still turn up. What is not known then never was one: the same number
        and amount may be sent again with a new `submitted_at`, and before then not at all.
        """


@runtime_checkable
class ReserveChannel(PaymentChannel, Protocol):
    """Sums can be frozen at the payer's (the reserve)."""

    def freeze(self, request: ReserveRequest) -> Redirect | ScanCode | ReserveReply:
        """Where the payer goes to allow it. Raises ChannelRefuses."""

    def query_reserve(
        self, *, number: str, operation_no: str | None = None, submitted_at: datetime | None = None
    ) -> ReserveReply:
        """Ask what became of the freeze `number`, or of the operation `operation_no` (ours) on it.

        `submitted_at`: when what is asked about was sent; for some channels a part of its key.
        """

    def release(
        self,
        *,
        auth_no: str,
        number: str,
        amount: Money,
        reason: str,
        notify_url: str,
        submitted_at: datetime | None = None,
    ) -> ReserveReply:
        """Release part or all; `number` names this release. Raises ChannelRefuses."""

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        """Turn part or all into a payment; `completes` releases what is left. Raises ChannelRefuses."""


@runtime_checkable
class CardReserveChannel(ReserveChannel, Protocol):
    """A sum is frozen on a bound card, by its token and without a page of the channel's.

    Such a hold is one piece. It is released whole, or captured once (`completes`), and then its bank frees the rest by
    itself. The channel keeps no sums of it: each operation is asked about by its own number and time.
    """

    @property
    def hold_days(self) -> int:
        """For how many days a card's bank keeps a hold before it lets go of it by itself."""


def check_number(number: str, *, channel: str) -> str:
    """Our number, unchanged. Raises ChannelRefuses when a rail could not carry it."""
    if NUMBER_RULE.fullmatch(number) is None:
        raise ChannelRefuses(
            channel=channel,
            problem="a number must be 8 to 32 letters and digits",
            problem_zh="编号须为 8 至 32 位字母或数字",
        )
    return number
