"""Bank cards as a rail: binding by a code, debiting and holding by a token, query, refund, and the notification.

Two things are unlike the other rails. A debit in the back is never closed: it is carried out or it is not, within
minutes (see `close`). And the key of a trade is its number *and* the time it was sent, so `submitted_at` must be the
moment of sending: the gateway takes nothing older than a few minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.asking import Refused, ask, order
from fenqi.channels.bank_card.checks import check_amount, check_original, check_window
from fenqi.channels.bank_card.codes import ACP, scheme_named
from fenqi.channels.bank_card.config import NAME, BankCardConfig
from fenqi.channels.bank_card.gateway import Answer, Gateway
from fenqi.channels.bank_card.notifications import DEBIT, REFUND, NotificationReader
from fenqi.channels.bank_card.preauthorisation import Preauthorisation
from fenqi.channels.bank_card.replies import (
    CONTRADICTS,
    SAYS_SOMETHING_ELSE,
    charge_accepted,
    charge_ended,
    charge_reply,
    refund_accepted,
    refund_ended,
    refund_reply,
)
from fenqi.channels.bank_card.requests import WINDOW, Requests, sum_of
from fenqi.channels.bank_card.sealing import sealed
from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import (
    Acknowledgement,
    BindingReply,
    Callback,
    CardDetails,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Notification,
    RefundReply,
    RefundRequest,
    Reply,
    ReserveReply,
    ReserveRequest,
    check_number,
)
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation, Outcome, Verdict

REFUND_DAYS: Final = 330  # eleven months
ASK_CODE, BIND, UNBIND = ("77", "00"), ("79", "00"), ("74", "01")


def utc_now() -> datetime:
    return datetime.now(UTC)


class BankCardChannel:
    """The `CardChannel` and `CardReserveChannel` of one merchant at the gateway. Safe to share between threads."""

    def __init__(self, config: BankCardConfig, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._config = config
        self._clock = clock
        self._gateway = Gateway(config, clock=clock)
        self._notifications = NotificationReader(config, clock=clock)
        self._requests = Requests(self._gateway, config)
        self._preauthorisation = Preauthorisation(self._gateway, self._requests, clock=clock)

    @property
    def name(self) -> str:
        return NAME

    @property
    def currencies(self) -> frozenset[str]:
        return frozenset([wire.CURRENCY])

    @property
    def refund_days(self) -> int:
        return REFUND_DAYS

    @property
    def hold_days(self) -> int:
        return self._config.hold_days

    @property
    def refund_window(self) -> timedelta:
        return WINDOW

    def ask_code(self, card: CardDetails, *, number: str, submitted_at: datetime) -> BindingReply:
        return self._bind(
            Operation.ASK_CODE,
            self._requests.about(ASK_CODE, number, submitted_at, **sealed(card, under=self._config.encryption)),
        )

    def bind(self, card: CardDetails, code: str, *, number: str, submitted_at: datetime) -> BindingReply:
        """SUCCEEDED always carries a token. A binding that nobody answers is asked for anew, with a new code."""
        reply = self._bind(
            Operation.BIND,
            self._requests.about(
                BIND,
                number,
                submitted_at,
                tokenPayData=self._requests.new_token(),
                **sealed(card, code=code, under=self._config.encryption),
            ),
        )
        if reply.outcome is Outcome.SUCCEEDED and not reply.token:
            return _binding(number, CONTRADICTS, SAYS_SOMETHING_ELSE)
        return reply

    def unbind(self, token: str, *, number: str, submitted_at: datetime) -> BindingReply:
        asked = self._requests.about(UNBIND, number, submitted_at, tokenPayData=self._requests.token(token))
        reply = self._bind(Operation.UNBIND, asked)
        return replace(reply, token=None)

    def ends_card(self, reply: Reply) -> bool:
        if reply.outcome is not Outcome.FAILED:
            return False
        return reply.code in scheme_named(str(reply.raw.get("respCodeScheme", ""))).ends_card

    def debit(self, request: DebitRequest) -> ChannelReply:
        """WAITING once the gateway accepted it. The payer is shown no subject: a card statement names the merchant."""
        check_amount(request.amount)
        check_window(request.expires_at, now=on_calendar(self._clock()))
        number = request.out_trade_no
        asked = self._requests.about(
            DEBIT,
            number,
            request.submitted_at,
            **sum_of(request.amount),
            backUrl=request.notify_url,
            payTimeout=wire.beijing(min(request.expires_at, request.submitted_at + WINDOW)),
            tokenPayData=self._requests.token(request.authority),
        )
        said = order(self._gateway, asked, Operation.PAY)
        return charge_reply(number, *said) if isinstance(said, Refused) else charge_accepted(number, said)

    def query(self, charge: ChargeRef) -> ChannelReply:
        number = charge.out_trade_no
        asked = self._requests.question(number, charge.submitted_at)
        said = ask(self._gateway, asked, Operation.QUERY)
        if isinstance(said, Refused):
            return charge_reply(number, *said)
        return charge_ended(said, said.text("origRespCode"), number=number, submitted_at=charge.submitted_at)

    def close(self, charge: ChargeRef) -> ChannelReply:
        """The gateway closes no debit, so this asks: what it does not know after the window can never be made."""
        reply = self.query(charge)
        if reply.outcome is Outcome.NOT_FOUND and on_calendar(self._clock()) > charge.submitted_at + WINDOW:
            return replace(reply, outcome=Outcome.CLOSED, verdict=None)
        return reply

    def refund(self, request: RefundRequest) -> RefundReply:
        """WAITING once accepted. One that the gateway does not know after `refund_window` is sent at a new time."""
        check_amount(request.amount)
        out_trade_no, number = request.charge.out_trade_no, request.out_request_no
        asked = self._requests.about(
            REFUND,
            number,
            request.submitted_at,
            origQryId=check_original(request.charge.trade_no),
            **sum_of(request.amount),
            backUrl=request.notify_url,
            reqReserved=check_number(out_trade_no, channel=NAME),
        )
        said = order(self._gateway, asked, Operation.REFUND)
        if isinstance(said, Refused):
            return refund_reply(out_trade_no, number, *said)
        return refund_accepted(out_trade_no, number, said)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        out_trade_no, number = request.charge.out_trade_no, request.out_request_no
        asked = self._requests.question(number, request.submitted_at)
        said = ask(self._gateway, asked, Operation.QUERY_REFUND)
        if isinstance(said, Refused):
            return refund_reply(out_trade_no, number, *said)
        code = said.text("origRespCode")
        return refund_ended(said, code, number=number, out_trade_no=out_trade_no, submitted_at=request.submitted_at)

    def freeze(self, request: ReserveRequest) -> ReserveReply:
        return self._preauthorisation.freeze(request)

    def query_reserve(
        self, *, number: str, operation_no: str | None = None, submitted_at: datetime | None = None
    ) -> ReserveReply:
        """`submitted_at` is needed: a part of the key."""
        return self._preauthorisation.query(number=number, operation_no=operation_no, submitted_at=submitted_at)

    def release(
        self,
        *,
        auth_no: str,
        number: str,
        amount: Money,
        reason: str,  # noqa: ARG002 - a card's bank is told none
        notify_url: str,
        submitted_at: datetime | None = None,
    ) -> ReserveReply:
        return self._preauthorisation.release(
            auth_no=auth_no, number=number, amount=amount, notify_url=notify_url, submitted_at=submitted_at
        )

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        return self._preauthorisation.capture(auth_no=auth_no, charge=charge, completes=completes)

    def read_notification(self, callback: Callback) -> Notification:
        return self._notifications.read(callback.form)

    def acknowledge(self) -> Acknowledgement:
        return Acknowledgement("ok")

    def _bind(self, operation: Operation, asked: Mapping[str, str]) -> BindingReply:
        number, said = asked["orderId"], order(self._gateway, asked, operation, scheme=ACP)
        if isinstance(said, Refused):
            return _binding(number, *said)
        token = wire.read_braced(said.text("tokenPayData")).get("token")
        return BindingReply(outcome=Outcome.SUCCEEDED, number=number, token=token, code=said.code, raw=said.kept)


def _binding(number: str, code: str, verdict: Verdict, answer: Answer | None = None) -> BindingReply:
    return BindingReply(
        outcome=verdict.outcome, number=number, code=code, verdict=verdict, raw=answer.kept if answer else {}
    )
