"""Alipay as a rail: phone web payment, debits under agreements, the reserve, refunds, and its notifications."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from fenqi.channels.alipay import wire
from fenqi.channels.alipay.agreements import Agreements
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.alipay.notifications import NotificationReader
from fenqi.channels.alipay.payments import Payments
from fenqi.channels.alipay.refunds import Refunds
from fenqi.channels.alipay.reserve import Reserve
from fenqi.channels.interface import (
    Acknowledgement,
    AgreementReply,
    AgreementRequest,
    Callback,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    DebitRequest,
    Notification,
    Redirect,
    RefundReply,
    RefundRequest,
    ReserveReply,
    ReserveRequest,
    ScanCode,
)
from fenqi.domain.money import Money

REFUND_DAYS: Final = 365  # twelve months; a trade then reads TRADE_FINISHED


def utc_now() -> datetime:
    return datetime.now(UTC)


class AlipayChannel:
    """The `CashierChannel`, `AgreementChannel` and `ReserveChannel` of one Alipay application.

    Safe to share between threads.
    """

    def __init__(self, config: AlipayConfig, *, clock: Callable[[], datetime] = utc_now) -> None:
        gateway = Gateway(config, clock=clock)
        self._payments = Payments(gateway, clock=clock)
        self._refunds = Refunds(gateway)
        self._agreements = Agreements(gateway, clock=clock)
        self._reserve = Reserve(gateway, self._payments, payee_user_id=config.seller_id, clock=clock)
        self._notifications = NotificationReader(config)

    @property
    def name(self) -> str:
        return wire.NAME

    @property
    def currencies(self) -> frozenset[str]:
        return frozenset([wire.CURRENCY])

    @property
    def refund_days(self) -> int:
        return REFUND_DAYS

    def start(self, request: ChargeRequest) -> Redirect:
        return self._payments.start(request)

    def debit(self, request: DebitRequest) -> ChannelReply:
        return self._payments.debit(request)

    def query(self, charge: ChargeRef) -> ChannelReply:
        return self._payments.query(charge)

    def close(self, charge: ChargeRef) -> ChannelReply:
        return self._payments.close(charge)

    def refund(self, request: RefundRequest) -> RefundReply:
        return self._refunds.refund(request)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        return self._refunds.query_refund(request)

    def sign_agreement(self, request: AgreementRequest) -> Redirect:
        return self._agreements.sign(request)

    def query_agreement(self, number: str) -> AgreementReply:
        return self._agreements.query(number)

    def end_agreement(self, number: str, agreement_no: str) -> AgreementReply:
        return self._agreements.end(number, agreement_no)

    def freeze(self, request: ReserveRequest) -> ScanCode | ReserveReply:
        return self._reserve.freeze(request)

    def query_reserve(
        self,
        *,
        number: str,
        operation_no: str | None = None,
        submitted_at: datetime | None = None,  # noqa: ARG002 - numbers are key enough here
    ) -> ReserveReply:
        return self._reserve.query(number=number, operation_no=operation_no)

    def release(
        self,
        *,
        auth_no: str,
        number: str,
        amount: Money,
        reason: str,
        notify_url: str,
        submitted_at: datetime | None = None,  # noqa: ARG002 - as above
    ) -> ReserveReply:
        return self._reserve.release(
            auth_no=auth_no, number=number, amount=amount, reason=reason, notify_url=notify_url
        )

    def capture(self, *, auth_no: str, charge: ChargeRequest, completes: bool) -> ChannelReply:
        return self._reserve.capture(auth_no=auth_no, charge=charge, completes=completes)

    def read_notification(self, callback: Callback) -> Notification:
        return self._notifications.read(callback.form)

    def acknowledge(self) -> Acknowledgement:
        return Acknowledgement("success")
