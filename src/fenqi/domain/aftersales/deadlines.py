"""The clocks of a case: what we promised, what the law demands, and what we aim at (P108, P113, P201, P202).

All run at the same time; the shop is bound by the earliest. The promise counts working days from the application, the
law calendar days from the application and from the day the goods came back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from fenqi.domain.aftersales.cases import CLOSED, CaseState
from fenqi.domain.workdays import Overrides, add_workdays

_NO_OVERRIDES: Overrides = {}

PARCEL_DAYS: Final = 15
"""House rule: a parcel within the country takes a week at the most; after twice that it is lost, or was never sent."""


class Clock(StrEnum):
    """Which deadline it is."""

    REVIEW = "review"
    """Our own target."""
    PROMISE = "promise"
    """Three to fifteen working days from the application to the account (P201)."""
    LAW = "law"
    """Seven days after the goods came back (P108), fifteen after the application (P113)."""
    CUSTOMER = "customer"
    """A parcel that does not come, an answer that is not given: nobody is told to act, so somebody of ours looks."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock and the last day that it leaves."""

    clock: Clock
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers of the policy that a case is judged by."""

    review_hours: int
    usual_working_days: int
    promise_working_days: int
    refund_after_received_days: int
    hard_limit_days: int
    goods_due_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What an application is told on its day; `is_estimated`: counted over days whose calendar is not out (P503)."""

    review_due_at: datetime
    usual_by: date
    promise_by: date
    law_by: date
    is_estimated: bool


def promised(terms: Terms, *, applied_at: datetime, applied_on: date, overrides: Overrides = _NO_OVERRIDES) -> Promised:
    """The clocks that start with the application (R058, R059)."""
    usual = add_workdays(applied_on, terms.usual_working_days, overrides=overrides)
    latest = add_workdays(applied_on, terms.promise_working_days, overrides=overrides)
    return Promised(
        review_due_at=applied_at + timedelta(hours=terms.review_hours),
        usual_by=usual.on,
        promise_by=latest.on,
        law_by=applied_on + timedelta(days=terms.hard_limit_days),
        is_estimated=latest.is_estimated,
    )


def law_by(terms: Terms, *, applied_on: date, received_on: date | None) -> date:
    """The earliest legal deadline: from the application, and from the day the goods came back."""
    handled_by = applied_on + timedelta(days=terms.hard_limit_days)
    if received_on is None:
        return handled_by
    return min(handled_by, received_on + timedelta(days=terms.refund_after_received_days))


def customers_due_day(terms: Terms, *, asked_on: date) -> date:
    """By when the customer is to send the goods, or what else was asked for."""
    return asked_on + timedelta(days=terms.goods_due_days)


def parcel_due_day(*, sent_on: date) -> date:
    """By when a parcel should be here; `sent_on`: when the customer first said that it was sent."""
    return sent_on + timedelta(days=PARCEL_DAYS)


def waited_out(last_day: date, *, today: date) -> Deadline | None:
    """The end of a customer's turn that closes no case: once it has passed, it is our turn."""
    return Deadline(Clock.CUSTOMER, last_day) if last_day < today else None


_REVIEWED: frozenset[CaseState] = frozenset({CaseState.SUBMITTED, CaseState.IN_REVIEW})
_THE_CUSTOMERS: frozenset[CaseState] = frozenset(
    {CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED, CaseState.QUOTE_CHANGED}
)
"""It is the customer who must act: the law's clock of handling does not run against the shop meanwhile."""


def binding(state: CaseState, *, review_due_on: date, promise_by: date, law_by: date | None) -> Deadline | None:
    """The earliest clock that binds the shop where the case stands; none once it is closed, nor while the customer
    must act.
    """
    if state in CLOSED or state in _THE_CUSTOMERS:
        return None
    clocks = [Deadline(Clock.PROMISE, promise_by)]
    if law_by is not None and state is not CaseState.REFUNDING:  # the order to pay has been given: handled
        clocks.append(Deadline(Clock.LAW, law_by))
    if state in _REVIEWED:
        clocks.append(Deadline(Clock.REVIEW, review_due_on))
    return min(clocks, key=lambda one: (one.on, one.clock))


def is_late(deadline: Deadline | None, *, review_due_at: datetime, now: datetime, today: date) -> bool:
    """Whether it has passed: our target to the minute, the others at the end of their day."""
    if deadline is None:
        return False
    return now > review_due_at if deadline.clock is Clock.REVIEW else today > deadline.on
