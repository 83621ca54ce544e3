"""What the customer paid and got back: tries to repay, parts of refunds, reserves."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import Column, Kind, Value, amount, worded
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

    @property
    def outcome(self) -> str:
        return self.attempt.state if self.attempt else NONE

    @property
    def cause(self) -> str:
        return self.attempt.category if self.attempt else NONE

    @property
    def paid_at(self) -> datetime | None:
        return self.attempt.paid_at if self.attempt else self.payment.succeeded_at


class RefundPart(NamedTuple):
    """One leg of a refund; None while it has none."""

    refund: RefundView
    leg: LegView | None

    @property
    def way(self) -> str:
        if self.leg is None:
            return NONE
        return BY_TRANSFER if self.leg.is_transfer else self.leg.channel

    @property
    def state(self) -> str:
        return self.leg.state if self.leg else NONE

    @property
    def amount_minor(self) -> int | None:
        return self.leg.amount_minor if self.leg else None


def tries_of(file: CustomerFile) -> list[Try]:
    """Payments in their order, each with its attempts."""
    told = defaultdict[UUID, list[NotificationView]](list)
    for one in file.notifications:
        told[one.attempt_id].append(one)
    return [
        Try(payment, attempt, told[attempt.attempt_id] if attempt else ())
        for payment in file.payments
        for attempt in payment.attempts or (None,)
    ]


def parts_of(refunds: Iterable[RefundView]) -> list[RefundPart]:
    return [RefundPart(refund, leg) for refund in refunds for leg in refund.legs or (None,)]


def _numbers(reserve: ReserveView) -> str:
    """Under which its moves are known at the channel."""
    return ", ".join(move.number for move in reserve.moves)


def _tried(read: Callable[[AttemptView], Value]) -> Callable[[Try], Value]:
    """Of the attempt, where there is one."""
    return lambda one: read(one.attempt) if one.attempt else None


def _sent_back(read: Callable[[LegView], Value]) -> Callable[[RefundPart], Value]:
    """Of the leg, where there is one."""
    return lambda one: read(one.leg) if one.leg else None


TRIES: Final[Sequence[Column[Try]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.payment.created_at, kind=Kind.MOMENT),
    Column(key="goods", title=_("Goods"), value=lambda one: one.payment.title),
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel),
    worded("purpose", _("What is paid"), words.PURPOSES, lambda one: one.payment.purpose, has_choices=False),
    Column(key="rows", title=_("Installments paid"), value=lambda one: ", ".join(map(str, one.payment.installments))),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.payment.currency),
    worded("state", _("State"), words.PAYMENT_STATES, lambda one: one.payment.state, has_choices=False),
    Column(key="no", title=_("Attempt"), value=_tried(lambda attempt: attempt.attempt_no), kind=Kind.NUMBER),
    worded("outcome", _("Outcome of the attempt"), words.ATTEMPT_STATES, lambda one: one.outcome),
    worded("cause", _("Cause"), words.FAILURES, lambda one: one.cause),
    Column(key="code", title=_("Channel's code"), value=_tried(lambda attempt: attempt.code)),
    Column(key="ours", title=_("Our number"), value=_tried(lambda attempt: attempt.out_trade_no)),
    Column(key="theirs", title=_("The channel's number"), value=_tried(lambda attempt: attempt.trade_no)),
    Column(key="tried", title=_("Attempt begun"), value=_tried(lambda attempt: attempt.created_at), kind=Kind.MOMENT),
    Column(key="ended", title=_("Ended"), value=_tried(lambda attempt: attempt.resolved_at), kind=Kind.MOMENT),
    Column(key="paid", title=_("Paid (value date)"), value=lambda one: one.paid_at, kind=Kind.MOMENT),
)

PARTS: Final[Sequence[Column[RefundPart]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.refund.created_at, kind=Kind.MOMENT),
    worded("for", _("For"), words.REFUND_CAUSES, lambda one: one.refund.cause),
    Column(key="goods", title=_("Goods"), value=lambda one: one.refund.title),
    worded("status", _("Refund"), words.REFUND_STATUSES, lambda one: one.refund.status, has_choices=False),
    amount("whole", _("Refund in all"), lambda one: one.refund.amount_minor, lambda one: one.refund.currency),
    worded("channel", _("By"), {**words.CHANNELS, BY_TRANSFER: _("Bank transfer")}, lambda one: one.way),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.refund.currency),
    worded("state", _("State"), words.REFUND_STATES, lambda one: one.state),
    Column(key="number", title=_("Number"), value=_sent_back(lambda leg: leg.number)),
    Column(key="ours", title=_("Our number"), value=_sent_back(lambda leg: leg.out_refund_no)),
    Column(key="code", title=_("Channel's code"), value=_sent_back(lambda leg: leg.code)),
    Column(key="sent", title=_("Sent"), value=_sent_back(lambda leg: leg.submitted_at), kind=Kind.MOMENT),
    Column(key="latest", title=_("Latest arrival"), value=_sent_back(lambda leg: leg.expected_by), kind=Kind.DAY),
    Column(key="arrived", title=_("Arrived"), value=_sent_back(lambda leg: leg.arrived_on), kind=Kind.DAY),
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
    Column(key="moves", title=_("Numbers of its moves"), value=_numbers),
    Column(key="until", title=_("Ends at the latest"), value=lambda one: one.holds_until, kind=Kind.DAY),
    Column(key="ended", title=_("Ended"), value=lambda one: one.ended_at, kind=Kind.MOMENT),
)
