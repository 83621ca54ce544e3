"""What the codes of every channel can mean, and how a table of codes is written.

Each rail keeps its own codes in its folder, as rows of these meanings.
"""

from collections.abc import Iterable, Mapping

from fenqi.domain.payments.attempts import Outcome
from fenqi.domain.payments.failures import FailureCategory, Operation, RetryMark, Verdict

CodeRow = tuple[str, Verdict]
"""Codes with one meaning, separated by blanks, and that meaning; a code may hold `*`."""

CodeTable = Mapping[Operation, Mapping[str, Verdict]]
"""operation -> code -> verdict."""

DONE_ALREADY = Verdict(Outcome.SUCCEEDED, None, RetryMark.QUERY_FIRST)
UNKNOWN = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
PENDING = Verdict(Outcome.WAITING, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
NOT_FOUND = Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)
SHORT_OF_MONEY = Verdict(Outcome.FAILED, FailureCategory.INSUFFICIENT_BALANCE, RetryMark.NEW_ATTEMPT)
WRONG_DETAILS = Verdict(Outcome.FAILED, FailureCategory.WRONG_ACCOUNT_INFO, RetryMark.NEW_ATTEMPT)
OTHER_METHOD = Verdict(Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEW_ATTEMPT)
PAYERS_LIMIT = Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.LATER)
ABOVE_AGREED = Verdict(Outcome.NOT_EXECUTED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT)
MERCHANTS_LIMIT = Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT, alert=True)
MERCHANT_BLOCKED = Verdict(Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.NEW_ATTEMPT, alert=True)
TOO_OFTEN = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER, alert=True)
OUR_FAULT = Verdict(Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.NEVER, alert=True)
SUPPORT = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER)


def table(rows: Iterable[CodeRow]) -> dict[str, Verdict]:
    """One entry for each code; a later row overrides an earlier, more general one."""
    return {code: verdict for codes, verdict in rows for code in codes.split()}
