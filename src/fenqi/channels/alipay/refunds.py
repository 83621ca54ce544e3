"""Refunds at Alipay, and what became of their way back to the payer's bank card."""

from collections.abc import Mapping
from datetime import datetime

from fenqi.channels.alipay import verdicts, wire
from fenqi.channels.alipay.answers import Answer
from fenqi.channels.alipay.checks import check_amount, check_numbers, check_text
from fenqi.channels.alipay.codes import ALIPAY_CODES
from fenqi.channels.alipay.gateway import Gateway
from fenqi.channels.interface import RefundDestination, RefundReply, RefundRequest
from fenqi.channels.transport import Fault
from fenqi.domain.money import Money
from fenqi.domain.payments import Operation, Outcome, Verdict, verdict_on


class Refunds:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def refund(self, request: RefundRequest) -> RefundReply:
        """No field beyond the documented ones is sent: others have caused failed and double refunds."""
        check_numbers(request.charge.out_trade_no, request.out_request_no)
        check_amount(request.amount)
        check_text(request.reason)
        biz_content = {
            "out_trade_no": request.charge.out_trade_no,
            "out_request_no": request.out_request_no,
            "refund_amount": wire.yuan(request.amount),
            "refund_reason": request.reason,
        }
        try:
            answer = self._gateway.call("alipay.trade.refund", biz_content)
        except Fault as fault:
            return _reply(request, fault.code, verdicts.of_order(fault))
        return _told_of(request, answer) if answer.worked else _refused(request, Operation.REFUND, answer)

    def query_refund(self, request: RefundRequest) -> RefundReply:
        check_numbers(request.charge.out_trade_no, request.out_request_no)
        biz_content = {
            "out_trade_no": request.charge.out_trade_no,
            "out_request_no": request.out_request_no,
            "query_options": ["gmt_refund_pay", "deposit_back_info"],
        }
        try:
            answer = self._gateway.call("alipay.trade.fastpay.refund.query", biz_content)
        except Fault as fault:
            return _reply(request, fault.code, verdicts.of_question(fault))
        return _state_of(request, answer) if answer.worked else _refused(request, Operation.QUERY_REFUND, answer)


def _told_of(request: RefundRequest, answer: Answer) -> RefundReply:
    """What a refund call that worked says: only fund_change=Y tells that the money has moved."""
    if answer.text("out_trade_no") != request.charge.out_trade_no:
        return _reply(request, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, answer=answer)
    if answer.text("fund_change") != "Y":  # not a failure: a repeat, or money that has not moved yet
        return _reply(request, answer.code, verdicts.REFUND_NOT_MOVED, answer=answer)
    return _refunded(request, request.amount, answer)  # its refund_fee is the sum of all refunds so far


def _state_of(request: RefundRequest, answer: Answer) -> RefundReply:
    """What a refund query that worked says: without a state Alipay knows no such refund."""
    amount = wire.money(answer.text("refund_amount"))
    if answer.text("refund_status") != "REFUND_SUCCESS":
        return _reply(request, answer.code, verdicts.REFUND_NOT_KNOWN, answer=answer)
    if answer.text("out_request_no") != request.out_request_no or amount is None:
        return _reply(request, verdicts.CONTRADICTS, verdicts.SAYS_SOMETHING_ELSE, answer=answer)
    return _refunded(request, amount, answer)


def _refunded(request: RefundRequest, amount: Money, answer: Answer) -> RefundReply:
    destination, expected_at = _way_back(answer.fields.get("deposit_back_info"))
    return RefundReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=request.charge.out_trade_no,
        out_request_no=request.out_request_no,
        amount=amount,
        refunded_at=wire.instant(answer.text("gmt_refund_pay")),
        destination=destination,
        expected_at=expected_at,
        code=answer.code,
        raw=answer.fields,
    )


def _way_back(told: object) -> tuple[RefundDestination | None, datetime | None]:
    """Where the money went, and when the payer's bank is expected to have it.

    Without a leg to a bank it went where it came from; a leg that failed (F) ends in the payer's Alipay balance.
    """
    if not isinstance(told, Mapping):
        return None, None
    if str(told.get("has_deposit_back")).lower() != "true":
        return RefundDestination.ORIGINAL, None
    if told.get("dback_status") == "F":
        return RefundDestination.BALANCE, None
    return RefundDestination.ORIGINAL, wire.instant(str(told.get("est_bank_receipt_time") or ""))


def _refused(request: RefundRequest, operation: Operation, answer: Answer) -> RefundReply:
    verdict = verdict_on(ALIPAY_CODES, operation, *answer.codes)
    return _reply(request, answer.codes[0], verdict, answer=answer)


def _reply(request: RefundRequest, code: str, verdict: Verdict, *, answer: Answer | None = None) -> RefundReply:
    return RefundReply(
        outcome=verdict.outcome,
        out_trade_no=request.charge.out_trade_no,
        out_request_no=request.out_request_no,
        code=code,
        verdict=verdict,
        raw=answer.fields if answer else {},
    )
