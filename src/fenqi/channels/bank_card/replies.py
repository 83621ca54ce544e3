"""The gateway's answers in our words."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.gateway import Answer
from fenqi.channels.interface import ChannelReply, RefundDestination, RefundReply, ReserveReply
from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict

CONTRADICTS: Final = "answer.contradicts"
"""Signed, but about something else, or without an amount that can be read."""

NO_ANSWER: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
NOT_REACHED: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)
NOT_EXECUTED: Final = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.SAME_REQUEST)
SAYS_SOMETHING_ELSE: Final = Verdict(
    Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True
)


def charge_reply(number: str, code: str, verdict: Verdict, answer: Answer | None = None) -> ChannelReply:
    return ChannelReply(
        outcome=verdict.outcome,
        out_trade_no=number,
        trade_no=(answer.text("queryId") or None) if answer else None,
        code=code,
        verdict=verdict,
        raw=answer.kept if answer else {},
    )


def charge_accepted(number: str, answer: Answer) -> ChannelReply:
    """The gateway has it; how it ends is told by a notification, or by asking."""
    return ChannelReply(
        outcome=Outcome.WAITING,
        out_trade_no=number,
        trade_no=answer.text("queryId") or None,
        code=answer.code,
        raw=answer.kept,
    )


def charge_ended(answer: Answer, code: str, *, number: str, submitted_at: datetime) -> ChannelReply:
    """What `code` says of a payment: it was made, it was not, or it is still going on."""
    if code not in answer.scheme.done:
        return charge_reply(number, code, answer.scheme.verdict(Operation.PAY, code), answer)
    amount = wire.money(answer.text("txnAmt"))
    if amount is None or answer.text("currencyCode") != wire.CURRENCY_NUMBER:
        return charge_reply(number, CONTRADICTS, SAYS_SOMETHING_ELSE, answer)
    return ChannelReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=number,
        trade_no=answer.text("queryId") or None,
        amount=amount,
        paid_at=_ended_at(answer, submitted_at),
        code=code,
        raw=answer.kept,
    )


def refund_reply(
    out_trade_no: str, number: str, code: str, verdict: Verdict, answer: Answer | None = None
) -> RefundReply:
    return RefundReply(
        outcome=verdict.outcome,
        out_trade_no=out_trade_no,
        out_request_no=number,
        refund_no=(answer.text("queryId") or None) if answer else None,
        code=code,
        verdict=verdict,
        raw=answer.kept if answer else {},
    )


def refund_accepted(out_trade_no: str, number: str, answer: Answer) -> RefundReply:
    """Accepted; no money has moved that we know of."""
    return RefundReply(
        outcome=Outcome.WAITING,
        out_trade_no=out_trade_no,
        out_request_no=number,
        refund_no=answer.text("queryId") or None,
        code=answer.code,
        raw=answer.kept,
    )


def refund_ended(answer: Answer, code: str, *, number: str, out_trade_no: str, submitted_at: datetime) -> RefundReply:
    """What `code` says of a refund. It goes back to the card that was debited, and to nothing else."""
    if code not in answer.scheme.done:
        verdict = answer.scheme.verdict(Operation.REFUND, code)
        return refund_reply(out_trade_no, number, code, verdict, answer)
    amount = wire.money(answer.text("txnAmt"))
    if amount is None or answer.text("currencyCode") != wire.CURRENCY_NUMBER:
        return refund_reply(out_trade_no, number, CONTRADICTS, SAYS_SOMETHING_ELSE, answer)
    return RefundReply(
        outcome=Outcome.SUCCEEDED,
        out_trade_no=out_trade_no,
        out_request_no=number,
        refund_no=answer.text("queryId") or None,
        amount=amount,
        refunded_at=_ended_at(answer, submitted_at),
        destination=RefundDestination.ORIGINAL,
        code=code,
        raw=answer.kept,
    )


def reserve_reply(number: str, code: str, verdict: Verdict, answer: Answer | None = None) -> ReserveReply:
    return ReserveReply(
        outcome=verdict.outcome, number=number, code=code, verdict=verdict, raw=answer.kept if answer else {}
    )


def reserve_accepted(number: str, answer: Answer) -> ReserveReply:
    """The gateway has it; the card's bank has not decided."""
    return ReserveReply(outcome=Outcome.WAITING, number=number, code=answer.code, raw=answer.kept)


def freeze_ended(answer: Answer, code: str, *, number: str) -> ReserveReply:
    """What `code` says of a pre-authorisation: its number at the gateway names it in all that follows."""
    reply = _reserve_ended(answer, code, Operation.FREEZE, number=number)
    if reply.outcome is not Outcome.SUCCEEDED:
        return reply
    if not answer.text("queryId"):
        return reserve_reply(number, CONTRADICTS, SAYS_SOMETHING_ELSE, answer)
    return replace(reply, auth_no=answer.text("queryId"))


def release_ended(answer: Answer, code: str, *, number: str) -> ReserveReply:
    """What `code` says of the void of a pre-authorisation."""
    return _reserve_ended(answer, code, Operation.RELEASE, number=number)


def _reserve_ended(answer: Answer, code: str, operation: Operation, *, number: str) -> ReserveReply:
    if code not in answer.scheme.done:
        return reserve_reply(number, code, answer.scheme.verdict(operation, code), answer)
    amount = wire.money(answer.text("txnAmt"))
    if amount is None or answer.text("currencyCode") != wire.CURRENCY_NUMBER:
        return reserve_reply(number, CONTRADICTS, SAYS_SOMETHING_ELSE, answer)
    return ReserveReply(outcome=Outcome.SUCCEEDED, number=number, amount=amount, code=code, raw=answer.kept)


def _ended_at(answer: Answer, submitted_at: datetime) -> datetime:
    """When the network carried it out; the gateway writes that without a year."""
    return wire.instant_near(answer.text("traceTime"), submitted_at) or submitted_at
