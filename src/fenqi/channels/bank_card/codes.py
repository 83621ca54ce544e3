"""The gateway's response codes (ACP), and the card network's (ISO 8583, field 39), which use the same digits otherwise.

A code is read by the scheme it belongs to, and within it by what was asked. UnionPay's own gateway always speaks ACP;
an acquirer that hands the issuer's field 39 through tags its answer (`respCodeScheme=iso8583`).

Of a query, `respCode` only says whether the query worked; `origRespCode` is about the payment and is read as a
payment's code. 00 and A6 ("with a defect") are successes; to a trade in the back 00 only says that it was accepted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict, verdict_on
from fenqi.domain.payments.meanings import (
    DONE_ALREADY,
    NOT_FOUND,
    OTHER_METHOD,
    OUR_FAULT,
    PAYERS_LIMIT,
    PENDING,
    SHORT_OF_MONEY,
    SUPPORT,
    TOO_OFTEN,
    UNKNOWN,
    WRONG_DETAILS,
    CodeRow,
    CodeTable,
    table,
)

_ASK_THE_BANK: Final = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEW_ATTEMPT)
_CLOSED_FOR_NOW: Final = Verdict(Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER)
_TOO_MUCH_AT_ONCE: Final = Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT)
_WRONG_ORIGINAL: Final = Verdict(
    Outcome.NOT_EXECUTED, FailureCategory.MERCHANT_CONFIG, RetryMark.QUERY_FIRST, alert=True
)
_DEBITED_YET_NOT_DONE: Final = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.NEVER, alert=True)
_GENERAL_FAULT: Final = Verdict(Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.QUERY_FIRST, alert=True)
_NOT_TAKEN_UP: Final = Verdict(Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER)
_MERCHANT_IS_SHORT: Final = Verdict(
    Outcome.NOT_EXECUTED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER, alert=True
)
_NOTHING_HELD: Final = Verdict(Outcome.CLOSED, None, RetryMark.NEVER)
"""The pre-authorisation is void, completed, or its bank has let go of it: there is nothing to release any more."""
_HELD_NO_MORE: Final = Verdict(Outcome.FAILED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER, alert=True)
_CARD_TAKES_NOTHING: Final = Verdict(Outcome.ABNORMAL, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER, alert=True)

_ACP_PAY: tuple[CodeRow, ...] = (
    ("03 04 12", UNKNOWN),
    ("05 70", PENDING),
    ("34", NOT_FOUND),
    ("01 60", _ASK_THE_BANK),
    ("02 06 39", _CLOSED_FOR_NOW),
    ("37", TOO_OFTEN),
    ("30 38 62 63 68 69 72 76 77 78 79 80", OTHER_METHOD),
    ("33", _TOO_MUCH_AT_ONCE),
    ("67", PAYERS_LIMIT),
    ("64", SHORT_OF_MONEY),
    ("40 61 65 66 71 73", WRONG_DETAILS),
    # The card was debited, yet the trade did not end: never charged again, the settlement file decides.
    ("42 74 75", _DEBITED_YET_NOT_DONE),
    ("35 36 45 46", _WRONG_ORIGINAL),
    ("10 11 13 14 31 32 43 44 98", OUR_FAULT),
    ("99", _GENERAL_FAULT),
)

_ACP_REFUND: tuple[CodeRow, ...] = (
    *_ACP_PAY,
    ("02 06 39", _NOT_TAKEN_UP),
    ("64", _MERCHANT_IS_SHORT),
    ("30 38 40 61 62 63 66 68 73 78 80", _CARD_TAKES_NOTHING),
    ("01 33 60 65 67 69 71 72 76 77 79", SUPPORT),
)

_ACP_CAPTURE: tuple[CodeRow, ...] = (*_ACP_PAY, ("35 45", _HELD_NO_MORE))
_ACP_RELEASE: tuple[CodeRow, ...] = (
    *_ACP_PAY,
    ("02 06 39", _NOT_TAKEN_UP),
    ("35 45", _NOTHING_HELD),
    ("01 30 33 38 40 60 61 62 63 64 65 66 67 68 69 71 72 73 76 77 78 79 80", SUPPORT),
)

_ISO_PAY: tuple[CodeRow, ...] = (
    ("51", SHORT_OF_MONEY),
    ("14 15 33 54 55 59", WRONG_DETAILS),
    ("38 65 75", PAYERS_LIMIT),
    ("61", _TOO_MUCH_AT_ONCE),
    ("13", Verdict(Outcome.FAILED, FailureCategory.LIMIT_EXCEEDED, RetryMark.NEW_ATTEMPT, alert=True)),
    ("12 21 36 40 57 58 62", OTHER_METHOD),
    ("04 07 34 35 37 41 43", SUPPORT),  # lost, stolen, suspected: the reason is never told
    ("01 02 05 06", _ASK_THE_BANK),
    ("09", PENDING),
    ("68 94 98", UNKNOWN),
    ("90 91 92", _CLOSED_FOR_NOW),
    ("96", Verdict(Outcome.UNKNOWN, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.QUERY_FIRST)),
    ("22 25 30 64 97 99 A0", OUR_FAULT),
)

_ISO_REFUND: tuple[CodeRow, ...] = (
    *_ISO_PAY,
    ("51", _MERCHANT_IS_SHORT),
    ("90 91 92", _NOT_TAKEN_UP),
    ("12 14 15 21 33 36 40 54 57 58 62 04 07 34 35 37 41 43", _CARD_TAKES_NOTHING),
    ("01 02 05 06 13 38 55 59 61 65 75", SUPPORT),
)

_ISO_RELEASE: tuple[CodeRow, ...] = (
    *_ISO_PAY,
    ("90 91 92", _NOT_TAKEN_UP),
    ("01 02 04 05 06 07 12 13 14 15 21 33 34 35 36 37 38 40 41 43 51 54 55 57 58 59 61 62 65 75", SUPPORT),
)

_ABOUT_THE_CALL: Final = frozenset([FailureCategory.CHANNEL_MAINTENANCE, FailureCategory.MERCHANT_CONFIG])


def _asking(rows: Iterable[CodeRow]) -> tuple[CodeRow, ...]:
    """The same codes where a question was refused: that tells nothing of what was asked about, except "not found"."""
    return tuple((codes, verdict if verdict is NOT_FOUND else _of_a_question(verdict)) for codes, verdict in rows)


def _of_a_question(verdict: Verdict) -> Verdict:
    if verdict.category in _ABOUT_THE_CALL:
        return Verdict(Outcome.UNKNOWN, verdict.category, verdict.retry, verdict.alert)
    return UNKNOWN


def _by_operation(pay: Iterable[CodeRow], refund: Iterable[CodeRow]) -> CodeTable:
    pay = tuple(pay)
    unbind = (*pay, ("40 80", DONE_ALREADY))  # the binding is gone already, or its token is
    resent = ("34", Verdict(Outcome.NOT_FOUND, FailureCategory.OUTCOME_UNKNOWN, RetryMark.SAME_REQUEST))
    return {
        Operation.PAY: table(pay),
        Operation.QUERY: table(_asking(pay)),
        Operation.REFUND: table(refund),
        Operation.QUERY_REFUND: table((*_asking(pay), resent)),
        Operation.FREEZE: table(pay),
        Operation.CAPTURE: table(_ACP_CAPTURE),
        Operation.RELEASE: table(_ACP_RELEASE),
        Operation.ASK_CODE: table(pay),
        Operation.BIND: table(pay),
        Operation.UNBIND: table(unbind),
    }


ACP_CODES: CodeTable = _by_operation(_ACP_PAY, _ACP_REFUND)
ISO8583_CODES: CodeTable = {
    Operation.PAY: table(_ISO_PAY),
    Operation.REFUND: table(_ISO_REFUND),
    Operation.FREEZE: table(_ISO_PAY),
    Operation.CAPTURE: table(_ISO_PAY),
    Operation.RELEASE: table(_ISO_RELEASE),
}
"""What became of it at the issuer; the network is asked nothing else."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """Whose digits a code is in, and which of them are successes."""

    name: str
    done: frozenset[str]
    codes: CodeTable

    ends_card: frozenset[str]
    """The card is expired, blocked, lost or not there, or its token is gone: asking it again is of no use."""

    def verdict(self, operation: Operation, code: str) -> Verdict:
        return verdict_on(self.codes, operation, code)


ACP: Final = Scheme("acp", frozenset(["00", "A6"]), ACP_CODES, frozenset(["40", "61", "63", "73", "78", "80"]))
ISO8583: Final = Scheme(
    "iso8583",
    frozenset(["00", "A2", "A4", "A5", "A6"]),
    ISO8583_CODES,
    frozenset(["14", "33", "36", "41", "43", "54", "62"]),
)
_STRANGE: Final = Scheme("", frozenset(), {}, frozenset())
_SCHEMES: Final[Mapping[str, Scheme]] = {"": ACP, ACP.name: ACP, ISO8583.name: ISO8583}


def scheme_named(tag: str) -> Scheme:
    """The scheme of an answer's tag; without a tag it is ACP. All that a strange one says is `UNMAPPED`."""
    return _SCHEMES.get(tag, _STRANGE)
