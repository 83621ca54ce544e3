"""When an installment would be reported to the credit bureau, and what comes before (P810).

Nobody is reported who was not told before, with the day and the sum. Days that are nobody's fault do not count, and
nothing is reported while money has no known outcome, a return is open or the sum is disputed. The lender with the
licence reports; we keep the notice, the mark and the objection.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.domain.plans import Row, Terms
from fenqi.domain.plans.late_fees import last_free_on


class MarkState(StrEnum):
    WARNED = "warned"
    """The customer is told of the day; nothing is reported."""
    MARKED = "marked"
    """To be reported by the lender, or reported."""
    DROPPED = "dropped"
    """Paid or put right before the day: never reported."""
    WITHDRAWN = "withdrawn"
    """It was marked and should not have been: the lender is told to take it back."""


class Standstill(StrEnum):
    """Why a row is not marked now."""

    NO_FAULT = "no_fault"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RETURN_OPEN = "return_open"
    DISPUTED = "disputed"
    NOT_TOLD = "not_told"


NEXT_MARK_STATE: Final[Mapping[tuple[MarkState, MarkState], bool]] = {
    (MarkState.WARNED, MarkState.MARKED): True,
    (MarkState.WARNED, MarkState.DROPPED): True,
    (MarkState.MARKED, MarkState.WITHDRAWN): True,
}
"""Which state may follow which; every other move is refused."""


def counted_days(terms: Terms, row: Row, on: date, exempt: AbstractSet[date]) -> int:
    """Days past due beyond grace up to and including `on`, without those that are nobody's fault."""
    first = last_free_on(terms, row, exempt) + timedelta(days=1)
    if on < first:
        return 0
    return (on - first).days + 1 - sum(first <= day <= on for day in exempt)


def report_on(policy: HardshipPolicy, terms: Terms, row: Row, *, today: date, exempt: AbstractSet[date]) -> date:
    """The first day on which the row would be reported if nothing is paid and no further day is exempt."""
    counted = counted_days(terms, row, today, exempt)
    if counted:
        return today + timedelta(days=max(0, policy.credit_after_days - counted))
    return last_free_on(terms, row, exempt) + timedelta(days=policy.credit_after_days)


def is_to_be_warned(policy: HardshipPolicy, terms: Terms, row: Row, *, today: date, exempt: AbstractSet[date]) -> bool:
    """Late enough that the warning must go out now, to be early enough."""
    if not row.outstanding.total or counted_days(terms, row, today, exempt) < 1:
        return False
    return report_on(policy, terms, row, today=today, exempt=exempt) - today <= timedelta(
        days=policy.credit_warning_days
    )


def earliest_mark(policy: HardshipPolicy, told_on: date) -> date:
    """Not before the customer had the notice's days."""
    return told_on + timedelta(days=policy.credit_warning_days)
