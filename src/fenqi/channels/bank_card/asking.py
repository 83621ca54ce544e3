"""One call of the gateway: the answer, where it worked, else what it came to instead."""

from collections.abc import Mapping
from typing import NamedTuple

from fenqi.channels.bank_card.codes import ACP, Scheme
from fenqi.channels.bank_card.gateway import Answer, Gateway
from fenqi.channels.bank_card.replies import CONTRADICTS, NO_ANSWER, NOT_EXECUTED, NOT_REACHED, SAYS_SOMETHING_ELSE
from fenqi.channels.transport import Fault, NotSent
from fenqi.domain.payments import Operation, Verdict


class Refused(NamedTuple):
    """No answer that could be believed, or one that says no."""

    code: str
    verdict: Verdict
    answer: Answer | None = None


def order(
    gateway: Gateway, asked: Mapping[str, str], operation: Operation, *, scheme: Scheme | None = None
) -> Answer | Refused:
    """A trade in the back: that it was accepted. A refusal is read by `scheme`, or by the one that the answer names."""
    try:
        answer = gateway.trade(asked)
    except Fault as fault:
        return Refused(fault.code, NOT_EXECUTED if isinstance(fault, NotSent) else NO_ANSWER)
    return _believed(answer, asked, operation, scheme or answer.scheme)


def ask(gateway: Gateway, asked: Mapping[str, str], operation: Operation) -> Answer | Refused:
    """What became of a trade; a refusal is the gateway's own, of the question."""
    try:
        answer = gateway.query(asked)
    except Fault as fault:
        return Refused(fault.code, NOT_REACHED if isinstance(fault, NotSent) else NO_ANSWER)
    return _believed(answer, asked, operation, ACP)


def _believed(answer: Answer, asked: Mapping[str, str], operation: Operation, scheme: Scheme) -> Answer | Refused:
    if not answer.answers(asked):
        return Refused(CONTRADICTS, SAYS_SOMETHING_ELSE, answer)
    if not answer.worked:
        return Refused(answer.code, scheme.verdict(operation, answer.code), answer)
    return answer
