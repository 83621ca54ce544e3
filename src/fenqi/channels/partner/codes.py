"""The partner's error codes (`error.code` of its answers), by what was asked."""

from typing import Final

from fenqi.domain.payments import FailureCategory, Operation, Outcome, RetryMark, Verdict
from fenqi.domain.payments.meanings import NOT_FOUND, OUR_FAULT, SUPPORT, TOO_OFTEN, UNKNOWN, CodeRow, CodeTable, table

_REFUSED = Verdict(Outcome.FAILED, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER, alert=True)

_EVERY_CALL: tuple[CodeRow, ...] = (
    ("SYSTEM_BUSY INTERNAL_ERROR", UNKNOWN),
    ("TOO_MANY_REQUESTS", TOO_OFTEN),
    ("SIGNATURE_INVALID INVALID_REQUEST", OUR_FAULT),
)

PARTNER_CODES: Final[CodeTable] = {
    Operation.QUERY: table((*_EVERY_CALL, ("PLAN_NOT_FOUND", NOT_FOUND))),
    Operation.REFUND: table(
        (
            *_EVERY_CALL,
            ("PLAN_NOT_FOUND PLAN_CLOSED AMOUNT_ABOVE_FINANCED", _REFUSED),
            ("NUMBER_REUSED", Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER, alert=True)),
            ("REFUND_REJECTED", SUPPORT),
        )
    ),
    Operation.QUERY_REFUND: table((*_EVERY_CALL, ("REFUND_NOT_FOUND", NOT_FOUND))),
    Operation.TRANSFER: table(
        (
            *_EVERY_CALL,
            ("PLAN_NOT_FOUND PLAN_CLOSED PLAN_NOT_TAKEN CURRENCY_NOT_TAKEN AMOUNT_ABOVE_OWED", _REFUSED),
            ("TRANSFER_NOT_FOUND", NOT_FOUND),
            ("TRANSFER_ENDED", _REFUSED),
            ("NUMBER_REUSED", Verdict(Outcome.UNKNOWN, FailureCategory.CONTACT_SUPPORT, RetryMark.NEVER, alert=True)),
        )
    ),
    Operation.QUERY_TRANSFER: table((*_EVERY_CALL, ("TRANSFER_NOT_FOUND", NOT_FOUND))),
}
"""Opening a plan and quoting are read as queries: they move no money."""
