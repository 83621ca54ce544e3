"""What is said when Alipay gave no answer, or one that its codes do not cover."""

from typing import Final

from fenqi.channels.transport import Fault, NotSent
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict

CONTRADICTS: Final = "answer.contradicts"
"""The code of an answer that is signed, yet about something else or not consistent in itself."""

SAYS_SOMETHING_ELSE: Final = Verdict(
    Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.QUERY_FIRST, alert=True
)
REFUND_NOT_MOVED: Final = Verdict(Outcome.WAITING, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
REFUND_NOT_KNOWN: Final = Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)

_NO_ANSWER: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
_NOT_REACHED: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST)
_NOT_EXECUTED: Final = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.SAME_REQUEST)


def of_question(fault: Fault) -> Verdict:
    """A query or a close that failed tells nothing of what it asked about, reached or not."""
    return _NOT_REACHED if isinstance(fault, NotSent) else _NO_ANSWER


def of_order(fault: Fault) -> Verdict:
    """A call that moves money: not executed when it never left, else nobody knows."""
    return _NOT_EXECUTED if isinstance(fault, NotSent) else _NO_ANSWER
