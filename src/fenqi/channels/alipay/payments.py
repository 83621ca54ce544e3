"""Payments at Alipay: the cashier's address, query, close, and the payment without a cashier."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from fenqi.channels.alipay import verdicts, wire
from fenqi.channels.alipay.answers import Answer
from fenqi.channels.alipay.checks import check_amount, check_numbers, check_text, check_window
from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.calendar import on_calendar
from fenqi.channels.interface import ChannelReply, ChargeRef, ChargeRequest, DebitRequest, Redirect
from fenqi.channels.transport import Fault
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation, Outcome, Verdict, verdict_on

CASHIER_PRODUCT: Final = "QUICK_WAP_WAY"
DEBIT_PRODUCT: Final = "GENERAL_WITHHOLDING"


class Payments:
    def __init__(self, gateway: Gateway, *, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._clock = clock

    def start(self, request: ChargeRequest) -> Redirect:
        """No trade exists at Alipay until the payer opens the cashier: until then a query answers NOT_FOUND."""
        biz_content = {**self.order(request), "product_code": CASHIER_PRODUCT, "quit_url": request.return_url}
        address = self._gateway.address_of(
            "alipay.trade.wap.pay", biz_content, notify_url=request.notify_url, return_url=request.return_url
        )
        return Redirect(address)

    def debit(self, request: DebitRequest) -> ChannelReply:
        """Under an agreement: 10000 is paid at once, 10003 is paid or refused later, as the query will tell."""
        biz_content = {
            **self.order(request),
            "product_code": DEBIT_PRODUCT,
            "agreement_params": {"agreement_no": request.authority},
        }
        return self.take(Operation.PAY, request, biz_content)

    def order(self, request: ChargeRequest | DebitRequest) -> dict[str, object]:
        """What every payment says of itself. Raises ChannelRefuses."""
        check_numbers(request.out_trade_no)
        check_amount(request.amount)
        check_text(request.subject)
        check_window(request.expires_at, now=on_calendar(self._clock()))
        return {
            "out_trade_no": request.out_trade_no,
            "total_amount": wire.yuan(request.amount),
            "subject": wire.subject(request.subject),
            "time_expire": wire.beijing(request.expires_at),
        }

    def take(
        self, operation: Operation, request: ChargeRequest | DebitRequest, biz_content: Mapping[str, object]
    ) -> ChannelReply:
        """Take the money now, without the payer; of money that was taken before, say what the query says."""
        number = request.out_trade_no
        try:
            answer = self._gateway.call("alipay.trade.pay", biz_content, notify_url=request.notify_url)
        except Fault as fault:
            return _without_answer(number, fault, verdicts.of_order(fault))
        if not answer.worked:
            refused = _refused(number, operation, answer)
            return self._state(number) if refused.outcome is Outcome.SUCCEEDED else refused
        paid_at, amount = wire.instant(answer.text("gmt_payment")), wire.money(answer.text("total_amount"))
        if answer.text("out_trade_no") != number or amount is None:
            return _says_something_else(number, answer)
        return _told(number, answer, Outcome.SUCCEEDED, amount=amount, paid_at=paid_at)

    def query(self, charge: ChargeRef) -> ChannelReply:
        return self._state(charge.out_trade_no)

    def close(self, charge: ChargeRef) -> ChannelReply:
        number = charge.out_trade_no
        answer = self._ask("alipay.trade.close", Operation.CLOSE, number)
        if not isinstance(answer, Answer):
            return answer
        if answer.text("out_trade_no") != number:
            return _says_something_else(number, answer)
        return _told(number, answer, Outcome.CLOSED)

    def _state(self, number: str) -> ChannelReply:
        answer = self._ask("alipay.trade.query", Operation.QUERY, number)
        return _state_of(number, answer) if isinstance(answer, Answer) else answer

    def _ask(self, method: str, operation: Operation, number: str) -> Answer | ChannelReply:
        """The answer if it worked, else what its failure means."""
        check_numbers(number)
        try:
            answer = self._gateway.call(method, {"out_trade_no": number})
        except Fault as fault:
            return _without_answer(number, fault, verdicts.of_question(fault))
        return answer if answer.worked else _refused(number, operation, answer)


def _state_of(number: str, answer: Answer) -> ChannelReply:
    """What a query that worked says: paid is TRADE_SUCCESS or TRADE_FINISHED; closed may mean refunded in full."""
    paid_at = wire.instant(answer.text("send_pay_date"))
    status = answer.text("trade_status")
    outcome = wire.outcome_of(status, was_paid=paid_at is not None)
    amount = wire.money(answer.text("total_amount"))
    if answer.text("out_trade_no") != number or outcome is Outcome.UNKNOWN or amount is None:
        return _says_something_else(number, answer)
    paid_at = paid_at if outcome is Outcome.SUCCEEDED else None
    return _told(number, answer, outcome, code=status, amount=amount, paid_at=paid_at)


def _told(
    number: str,
    answer: Answer,
    outcome: Outcome,
    *,
    code: str | None = None,
    amount: Money | None = None,
    paid_at: datetime | None = None,
) -> ChannelReply:
    return ChannelReply(
        outcome=outcome,
        out_trade_no=number,
        trade_no=answer.text("trade_no") or None,
        amount=amount,
        paid_at=paid_at,
        code=code or answer.code,
        raw=answer.fields,
    )


def _refused(number: str, operation: Operation, answer: Answer) -> ChannelReply:
    verdict = verdict_on(ALIPAY_CODES, operation, *answer.codes)
    return ChannelReply(
        outcome=verdict.outcome, out_trade_no=number, code=answer.codes[0], verdict=verdict, raw=answer.fields
    )


def _without_answer(number: str, fault: Fault, verdict: Verdict) -> ChannelReply:
    return ChannelReply(outcome=verdict.outcome, out_trade_no=number, code=fault.code, verdict=verdict)


def _says_something_else(number: str, answer: Answer) -> ChannelReply:
    """Signed, but about another number, or without a state or an amount that can be read."""
    return ChannelReply(
        outcome=Outcome.UNKNOWN,
        out_trade_no=number,
        code=verdicts.CONTRADICTS,
        verdict=verdicts.SAYS_SOMETHING_ELSE,
        raw=answer.fields,
    )
