"""What the customer paid and got back: tries to repay, parts of refunds, reserves."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import Column, Kind, amount, worded
from fenqi.usecases.refunds.queries import LegView, RefundView
from fenqi.usecases.reserves.queries import ReserveView
from fenqi.usecases.support.customer_file import CustomerFile, NotificationView
from fenqi.usecases.views import AttemptView, PaymentView

NONE: Final = ""
BY_TRANSFER: Final = "transfer"


class Try(NamedTuple):
    """One attempt of a payment with what the channel told of it; None of what the mall received itself."""

    payment: PaymentView
    attempt: AttemptView | None
    told: Sequence[NotificationView] = ()

    @property
    def channel(self) -> str:
        return self.attempt.channel if self.attempt else self.payment.channel

    @property
    def amount_minor(self) -> int:
        return self.attempt.amount_minor if self.attempt else self.payment.amount_minor


class RefundPart(NamedTuple):
    """One leg of a refund; None while it has none."""

    refund: RefundView
    leg: LegView | None

    @property
    def way(self) -> str:
        if self.leg is None:
            return NONE
        return BY_TRANSFER if self.leg.is_transfer else self.leg.channel


def tries_of(file: CustomerFile) -> list[Try]:
    """Payments in their order, each with its attempts."""
    told: dict[object, list[NotificationView]] = {}
    for one in file.notifications:
        told.setdefault(one.attempt_id, []).append(one)
    return [
        Try(payment, attempt, told.get(attempt.attempt_id, ()) if attempt else ())
        for payment in file.payments
        for attempt in payment.attempts or (None,)
    ]


def parts_of(refunds: Iterable[RefundView]) -> list[RefundPart]:
    return [RefundPart(refund, leg) for refund in refunds for leg in refund.legs or (None,)]


def _numbers(reserve: ReserveView) -> Iterator[str]:
    """Under which its moves are known at the channel."""
    return (move.number for move in reserve.moves)


TRIES: Final[Sequence[Column[Try]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.payment.created_at, kind=Kind.MOMENT),
    Column(key="goods", title=_("Goods"), value=lambda one: one.payment.title),
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel),
    worded("purpose", _("What is paid"), words.PURPOSES, lambda one: one.payment.purpose, has_choices=False),
    Column(key="rows", title=_("Installments paid"), value=lambda one: ", ".join(map(str, one.payment.installments))),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.payment.currency),
    worded("state", _("State"), words.PAYMENT_STATES, lambda one: one.payment.state, has_choices=False),
    Column(
        key="no",
        title=_("Attempt"),
        value=lambda one: one.attempt.attempt_no if one.attempt else None,
        kind=Kind.NUMBER,
    ),
    worded(
        "outcome",
        _("Outcome of the attempt"),
        words.ATTEMPT_STATES,
        lambda one: one.attempt.state if one.attempt else NONE,
    ),
    worded("cause", _("Cause"), words.FAILURES, lambda one: one.attempt.category if one.attempt else NONE),
    Column(key="code", title=_("Channel's code"), value=lambda one: one.attempt.code if one.attempt else NONE),
    Column(
        key="ours",
        title=_("Our number"),
        value=lambda one: one.attempt.out_trade_no if one.attempt else NONE,
    ),
    Column(
        key="theirs",
        title=_("The channel's number"),
        value=lambda one: one.attempt.trade_no if one.attempt else NONE,
    ),
    Column(
        key="tried",
        title=_("Attempt begun"),
        value=lambda one: one.attempt.created_at if one.attempt else None,
        kind=Kind.MOMENT,
    ),
    Column(
        key="ended",
        title=_("Ended"),
        value=lambda one: one.attempt.resolved_at if one.attempt else None,
        kind=Kind.MOMENT,
    ),
    Column(
        key="paid",
        title=_("Paid (value date)"),
        value=lambda one: one.attempt.paid_at if one.attempt else one.payment.succeeded_at,
        kind=Kind.MOMENT,
    ),
)

PARTS: Final[Sequence[Column[RefundPart]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.refund.created_at, kind=Kind.MOMENT),
    worded("for", _("For"), words.REFUND_CAUSES, lambda one: one.refund.cause),
    Column(key="goods", title=_("Goods"), value=lambda one: one.refund.title),
    worded("status", _("Refund"), words.REFUND_STATUSES, lambda one: one.refund.status, has_choices=False),
    amount("whole", _("Refund in all"), lambda one: one.refund.amount_minor, lambda one: one.refund.currency),
    worded("channel", _("By"), {**words.CHANNELS, BY_TRANSFER: _("Bank transfer")}, lambda one: one.way),
    amount(
        "amount",
        _("Amount"),
        lambda one: one.leg.amount_minor if one.leg else None,
        lambda one: one.refund.currency,
    ),
    worded("state", _("State"), words.REFUND_STATES, lambda one: one.leg.state if one.leg else NONE),
    Column(key="number", title=_("Number"), value=lambda one: one.leg.number if one.leg else NONE),
    Column(key="ours", title=_("Our number"), value=lambda one: one.leg.out_refund_no if one.leg else NONE),
    Column(key="code", title=_("Channel's code"), value=lambda one: one.leg.code if one.leg else NONE),
    Column(
        key="sent",
        title=_("Sent"),
        value=lambda one: one.leg.submitted_at if one.leg else None,
        kind=Kind.MOMENT,
    ),
    Column(
        key="latest",
        title=_("Latest arrival"),
        value=lambda one: one.leg.expected_by if one.leg else None,
        kind=Kind.DAY,
    ),
    Column(
        key="arrived",
        title=_("Arrived"),
        value=lambda one: one.leg.arrived_on if one.leg else None,
        kind=Kind.DAY,
    ),
)

RESERVES: Final[Sequence[Column[ReserveView]]] = (
    Column(key="since", title=_("Began"), value=lambda one: one.created_at, kind=Kind.MOMENT),
    worded("kind", _("Kind"), words.RESERVE_KINDS, lambda one: one.kind),
    Column(key="goods", title=_("Goods"), value=lambda one: one.title),
    Column(key="order", title=_("Order number"), value=lambda one: one.order_no),
    worded("state", _("State"), words.RESERVE_STATES, lambda one: one.state),
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel, has_choices=False),
    amount("asked", _("Asked for"), lambda one: one.amount_minor, lambda one: one.currency),
    amount("held", _("On hold"), lambda one: one.held_minor, lambda one: one.currency),
    amount("released", _("Given back"), lambda one: one.released_minor, lambda one: one.currency),
    amount("captured", _("Captured"), lambda one: one.captured_minor, lambda one: one.currency),
    Column(key="number", title=_("Our number"), value=lambda one: one.reserve_no),
    Column(key="theirs", title=_("The channel's number"), value=lambda one: one.auth_no),
    Column(key="moves", title=_("Numbers of its moves"), value=lambda one: ", ".join(_numbers(one))),
    Column(key="until", title=_("Ends at the latest"), value=lambda one: one.holds_until, kind=Kind.DAY),
    Column(key="ended", title=_("Ended"), value=lambda one: one.ended_at, kind=Kind.MOMENT),
)
