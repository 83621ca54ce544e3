"""What WeChat Pay says about payments, refunds and contracts, in our words; notifications say it as answers do."""

from typing import Final

from fenqi.channels.interface import (
    AgreementReply,
    AgreementState,
    ChannelReply,
    RefundDestination,
    RefundReply,
)
from fenqi.channels.transport import Fault, NotSent
from fenqi.channels.wechat_pay import wire
from fenqi.channels.wechat_pay.gateway import Answer
from fenqi.channels.wechat_pay.wire import Fields
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict

NO_ANSWER: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
NOT_REACHED: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)
NOT_EXECUTED: Final = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.SAME_REQUEST)
CONTRADICTS: Final = Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True)

_PAYMENT_STATES: Final = {
    "NOTPAY": Outcome.WAITING,
    "USERPAYING": Outcome.WAITING,
    "SUCCESS": Outcome.SUCCEEDED,
    "REFUND": Outcome.SUCCEEDED,  # it was paid; partly or wholly given back since
    "CLOSED": Outcome.CLOSED,
    "REVOKED": Outcome.CLOSED,
    "PAYERROR": Outcome.FAILED,
}
_PAYMENT_FAILED: Final = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEW_ATTEMPT)

_REFUND_STATES: Final = {
    "PROCESSING": Verdict(Outcome.WAITING, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST),
    "SUCCESS": Verdict(Outcome.SUCCEEDED, None, RetryMark.QUERY_FIRST),
    # For good, as after seven days without money on the merchant's account: finance looks, then a new number.
    "CLOSED": Verdict(Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.NEW_ATTEMPT, alert=True),
    # Neither the card nor the wallet takes it.
    "ABNORMAL": Verdict(Outcome.ABNORMAL, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER, alert=True),
}
_DESTINATIONS: Final = {
    "ORIGINAL": RefundDestination.ORIGINAL,
    "BALANCE": RefundDestination.BALANCE,
    "OTHER_BALANCE": RefundDestination.OTHER,
    "OTHER_BANKCARD": RefundDestination.OTHER,
}
_CONTRACT_STATES: Final = {
    "PENDING": AgreementState.PENDING,
    "SIGNED": AgreementState.ACTIVE,
    "TERMINATED": AgreementState.ENDED,
    "EXPIRED": AgreementState.ENDED,
}


def payment(fields: Fields, *, out_trade_no: str) -> ChannelReply | None:
    """None when it is about another number, or without a state or a sum that can be read."""
    state = wire.text(fields, "trade_state")
    outcome = _PAYMENT_STATES.get(state)
    amount = wire.money(wire.part(fields, "amount"), "total")
    paid_at = wire.instant(wire.text(fields, "success_time"))
    is_readable = amount is not None or outcome is not Outcome.SUCCEEDED
    if wire.text(fields, "out_trade_no") != out_trade_no or outcome is None or not is_readable:
        return None
    return ChannelReply(
        outcome=outcome,
        out_trade_no=out_trade_no,
        trade_no=wire.text(fields, "transaction_id") or None,
        amount=amount,
        paid_at=paid_at if outcome is Outcome.SUCCEEDED else None,
        code=state,
        verdict=_PAYMENT_FAILED if outcome is Outcome.FAILED else None,
        raw=fields,
    )


def refund(fields: Fields, *, out_trade_no: str, out_refund_no: str) -> RefundReply | None:
    """None when it is about another refund, or without a state or a sum that can be read."""
    state = wire.text(fields, "status") or wire.text(fields, "refund_status")  # notifications use the longer name
    verdict = _REFUND_STATES.get(state)
    amount = wire.money(wire.part(fields, "amount"), "refund")
    is_the_one = (wire.text(fields, "out_trade_no"), wire.text(fields, "out_refund_no")) == (
        out_trade_no,
        out_refund_no,
    )
    if not is_the_one or verdict is None or amount is None:
        return None
    return RefundReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        out_request_no=out_refund_no,
        refund_no=wire.text(fields, "refund_id") or None,
        amount=amount,
        refunded_at=wire.instant(wire.text(fields, "success_time")) if verdict.outcome is Outcome.SUCCEEDED else None,
        destination=_DESTINATIONS.get(wire.text(fields, "channel")),
        account=wire.text(fields, "user_received_account"),
        code=state,
        verdict=None if verdict.outcome is Outcome.SUCCEEDED else verdict,
        raw=fields,
    )


def contract(fields: Fields, *, number: str) -> AgreementReply | None:
    """None when it is about another contract, or in a state that nobody knows."""
    written = wire.text(fields, "contract_state")
    state = _CONTRACT_STATES.get(written)
    if wire.text(fields, "out_contract_code") != number or state is None:
        return None
    ended = wire.part(fields, "contract_terminate_info")
    at = wire.text(ended, "contract_terminated_time") or wire.text(fields, "contract_signed_time")
    return AgreementReply(
        outcome=Outcome.SUCCEEDED,
        number=number,
        agreement_no=wire.text(fields, "contract_id") or None,
        state=state,
        at=wire.instant(at),
        code=written,
        raw=fields,
    )


def fault_of_question(fault: Fault) -> Verdict:
    """A question or a close that failed tells nothing, reached or not."""
    return NOT_REACHED if isinstance(fault, NotSent) else NO_ANSWER


def fault_of_order(fault: Fault) -> Verdict:
    """What moves money was not executed when the channel was not reached."""
    return NOT_EXECUTED if isinstance(fault, NotSent) else NO_ANSWER


def payment_verdict(out_trade_no: str, code: str, verdict: Verdict, answer: Answer | None = None) -> ChannelReply:
    return ChannelReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        code=code,
        verdict=verdict,
        raw=answer.fields if answer else {},
    )


def refund_verdict(
    out_trade_no: str, out_refund_no: str, code: str, verdict: Verdict, answer: Answer | None = None
) -> RefundReply:
    return RefundReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        out_request_no=out_refund_no,
        code=code,
        verdict=verdict,
        raw=answer.fields if answer else {},
    )


def contract_verdict(number: str, code: str, verdict: Verdict, answer: Answer | None = None) -> AgreementReply:
    return AgreementReply(
        outcome=verdict.outcome, number=number, code=code, verdict=verdict, raw=answer.fields if answer else {}
    )
