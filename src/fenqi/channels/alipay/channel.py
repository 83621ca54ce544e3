"""Alipay as a rail: phone web payment, query, close, refund, and its asynchronous notification."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from fenqi.channels.alipay import wire
from fenqi.channels.alipay.answers import Answer
from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.alipay.config import AlipayConfig
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.alipay.notifications import NotificationReader
from fenqi.channels.interface import (
    Acknowledgement,
    Callback,
    ChannelRefuses,
    ChannelReply,
    ChargeRef,
    ChargeRequest,
    Notification,
    Redirect,
    RefundReply,
    RefundRequest,
    check_number,
)
from fenqi.channels.transport import Fault, NotSent
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict, verdict_on

NAME: Final = "alipay"
PRODUCT_CODE: Final = "QUICK_WAP_WAY"
REFUND_DAYS: Final = 365  # twelve months; a trade then reads TRADE_FINISHED
LARGEST_FEN: Final = 100_000_000_00
LONGEST_TEXT: Final = 256
FITTING_MARKS: Final = str.maketrans("/=&", "／＝＆")
"""Alipay takes none of the three in a subject, but names of goods hold them: their wide forms read the same."""

_NO_ANSWER = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_NOT_REACHED = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)
_NOT_EXECUTED = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.SAME_REQUEST)
_SAYS_SOMETHING_ELSE = Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True)
_REFUND_NOT_MOVED = Verdict(Outcome.WAITING, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_REFUND_NOT_KNOWN = Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)


def utc_now() -> datetime:
    return datetime.now(UTC)


class AlipayChannel:
    """The `PaymentChannel` of one Alipay application. Safe to share between threads."""

    def __init__(self, config: AlipayConfig, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._gateway = Gateway(config, clock=clock)
        self._notifications = NotificationReader(config)

    @property
    def name(self) -> str:
        return NAME

    @property
    def currencies(self) -> frozenset[str]:
        return frozenset([wire.CURRENCY])

    @property
    def refund_days(self) -> int:
        return REFUND_DAYS

    def start(self, request: ChargeRequest) -> Redirect:
        """No trade exists at Alipay until the payer opens the cashier: until then a query answers NOT_FOUND."""
        self._check(request)
        biz_content = {
            "out_trade_no": request.out_trade_no,
            "total_amount": wire.yuan(request.amount),
            "subject": request.subject.translate(FITTING_MARKS),
            "product_code": PRODUCT_CODE,
            "time_expire": wire.beijing(request.expires_at),
            "quit_url": request.return_url,
        }
        return Redirect(
            self._gateway.address_of(
                "alipay.trade.wap.pay", biz_content, notify_url=request.notify_url, return_url=request.return_url
            )
        )

    def query(self, charge: ChargeRef) -> ChannelReply:
        out_trade_no = check_number(charge.out_trade_no, channel=NAME)
        try:
            answer = self._gateway.call("alipay.trade.query", {"out_trade_no": out_trade_no})
        except Fault as fault:
            return _no_reply(out_trade_no, fault)
        if not answer.worked:
            return _refused(out_trade_no, Operation.QUERY, answer)
        return _state_of(out_trade_no, answer)

    def close(self, charge: ChargeRef) -> ChannelReply:
        out_trade_no = check_number(charge.out_trade_no, channel=NAME)
        try:
            answer = self._gateway.call("alipay.trade.close", {"out_trade_no": out_trade_no})
        except Fault as fault:
            return _no_reply(out_trade_no, fault)
        if not answer.worked:
            return _refused(out_trade_no, Operation.CLOSE, answer)
        if answer.text("out_trade_no") != out_trade_no:
            return _says_something_else(out_trade_no, answer)
        return ChannelReply(
            outcome=Outcome.CLOSED,
            out_trade_no=out_trade_no,
            trade_no=answer.text("trade_no") or None,
            code=answer.code,
            raw=answer.fields,
        )

    def refund(self, request: RefundRequest) -> RefundReply:
        """No field beyond the documented ones is sent: others have caused failed and double refunds."""
        self._check_numbers(request.charge.out_trade_no, request.out_request_no)
        self._check_amount(request.amount)
        self._check_length(request.reason)
        biz_content = {
            "out_trade_no": request.charge.out_trade_no,
            "out_request_no": request.out_request_no,
            "refund_amount": wire.yuan(request.amount),
            "refund_reason": request.reason,
        }
        try:
            answer = self._gateway.call("alipay.trade.refund", biz_content)
        except Fault as fault:
            verdict = _NOT_EXECUTED if isinstance(fault, NotSent) else _NO_ANSWER
            return _refund_reply(request.charge.out_trade_no, request.out_request_no, fault.code, verdict)
        if not answer.worked:
            return _refund_refused(request.charge.out_trade_no, request.out_request_no, Operation.REFUND, answer)
        return _refund_of(request, answer)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        out_trade_no, out_request_no = request.charge.out_trade_no, request.out_request_no
        self._check_numbers(out_trade_no, out_request_no)
        biz_content = {
            "out_trade_no": out_trade_no,
            "out_request_no": out_request_no,
            "query_options": ["gmt_refund_pay"],
        }
        try:
            answer = self._gateway.call("alipay.trade.fastpay.refund.query", biz_content)
        except Fault as fault:
            verdict = _NOT_REACHED if isinstance(fault, NotSent) else _NO_ANSWER
            return _refund_reply(out_trade_no, out_request_no, fault.code, verdict)
        if not answer.worked:
            return _refund_refused(out_trade_no, out_request_no, Operation.QUERY_REFUND, answer)
        return _refund_state_of(out_trade_no, out_request_no, answer)

    def read_notification(self, callback: Callback) -> Notification:
        return self._notifications.read(callback.form)

    def acknowledge(self) -> Acknowledgement:
        return Acknowledgement("success")

    def _check(self, request: ChargeRequest) -> None:
        check_number(request.out_trade_no, channel=NAME)
        self._check_amount(request.amount)
        if request.expires_at <= self._clock():
            raise ChannelRefuses(channel=NAME, problem="its window is over", problem_zh="付款时限已过")
        self._check_length(request.subject)

    def _check_numbers(self, *numbers: str) -> None:
        for number in numbers:
            check_number(number, channel=NAME)

    def _check_length(self, text: str) -> None:
        if not 0 < len(text) <= LONGEST_TEXT:
            raise ChannelRefuses(
                channel=NAME,
                problem=f"a subject or a reason has 1 to {LONGEST_TEXT} characters",
                problem_zh=f"标题和退款原因须为 1 至 {LONGEST_TEXT} 个字符",
            )

    def _check_amount(self, amount: Money) -> None:
        if amount.currency not in self.currencies:
            raise ChannelRefuses(channel=NAME, problem="it carries CNY only", problem_zh="仅支持人民币")
        if not 0 < amount.minor <= LARGEST_FEN:
            raise ChannelRefuses(
                channel=NAME,
                problem="an amount must be from 0.01 to 100,000,000 yuan",
                problem_zh="金额须在 0.01 元至 1 亿元之间",
            )


def _state_of(out_trade_no: str, answer: Answer) -> ChannelReply:
    """What a query that worked says: paid is TRADE_SUCCESS or TRADE_FINISHED; closed may mean refunded in full."""
    paid_at = wire.instant(answer.text("send_pay_date"))
    outcome = wire.outcome_of(answer.text("trade_status"), was_paid=paid_at is not None)
    amount = wire.money(answer.text("total_amount"))
    if answer.text("out_trade_no") != out_trade_no or outcome is Outcome.UNKNOWN or amount is None:
        return _says_something_else(out_trade_no, answer)
    return ChannelReply(
        outcome=outcome,
        out_trade_no=out_trade_no,
        trade_no=answer.text("trade_no") or None,
        amount=amount,
        paid_at=paid_at if outcome is Outcome.SUCCEEDED else None,
        code=answer.text("trade_status"),
        raw=answer.fields,
    )


def _refused(out_trade_no: str, operation: Operation, answer: Answer) -> ChannelReply:
    verdict = verdict_on(ALIPAY_CODES, operation, *answer.codes)
    return ChannelReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        code=answer.codes[0],
        verdict=verdict,
        raw=answer.fields,
    )


def _no_reply(out_trade_no: str, fault: Fault) -> ChannelReply:
    """A query or a close that failed tells nothing of the payment, reached or not."""
    verdict = _NOT_REACHED if isinstance(fault, NotSent) else _NO_ANSWER
    return ChannelReply(outcome=verdict.outcome, out_trade_no=out_trade_no, code=fault.code, verdict=verdict)


def _says_something_else(out_trade_no: str, answer: Answer) -> ChannelReply:
    """Signed, but about another number, or without a state or an amount that can be read."""
    return ChannelReply(
        outcome=Outcome.UNKNOWN,
        out_trade_no=out_trade_no,
        code="answer.contradicts",
        verdict=_SAYS_SOMETHING_ELSE,
        raw=answer.fields,
    )


def _refund_of(request: RefundRequest, answer: Answer) -> RefundReply:
    """What a refund call that worked says: only fund_change=Y tells that the money has moved."""
    if answer.text("out_trade_no") != request.charge.out_trade_no:
        verdict = _SAYS_SOMETHING_ELSE
    elif answer.text("fund_change") != "Y":  # not a failure: a repeat, or money that has not moved yet
        verdict = _REFUND_NOT_MOVED
    else:  # the answer's refund_fee is the sum of all refunds so far
        return _refunded(request.charge.out_trade_no, request.out_request_no, request.amount, answer)
    return _refund_reply(request.charge.out_trade_no, request.out_request_no, answer.code, verdict, answer=answer)


def _refund_state_of(out_trade_no: str, out_request_no: str, answer: Answer) -> RefundReply:
    """What a refund query that worked says: without a state Alipay knows no such refund."""
    amount = wire.money(answer.text("refund_amount"))
    if answer.text("refund_status") != "REFUND_SUCCESS":
        verdict = _REFUND_NOT_KNOWN
    elif answer.text("out_request_no") != out_request_no or amount is None:
        verdict = _SAYS_SOMETHING_ELSE
    else:
        return _refunded(out_trade_no, out_request_no, amount, answer)
    return _refund_reply(out_trade_no, out_request_no, answer.code, verdict, answer=answer)


def _refunded(out_trade_no: str, out_request_no: str, amount: Money, answer: Answer) -> RefundReply:
    return RefundReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=out_trade_no,
        out_request_no=out_request_no,
        amount=amount,
        refunded_at=wire.instant(answer.text("gmt_refund_pay")),
        code=answer.code,
        raw=answer.fields,
    )


def _refund_refused(out_trade_no: str, out_request_no: str, operation: Operation, answer: Answer) -> RefundReply:
    verdict = verdict_on(ALIPAY_CODES, operation, *answer.codes)
    return _refund_reply(out_trade_no, out_request_no, answer.codes[0], verdict, answer=answer)


def _refund_reply(
    out_trade_no: str, out_request_no: str, code: str, verdict: Verdict, *, answer: Answer | None = None
) -> RefundReply:
    return RefundReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        out_request_no=out_request_no,
        code=code,
        verdict=verdict,
        raw=answer.fields if answer else {},
    )
