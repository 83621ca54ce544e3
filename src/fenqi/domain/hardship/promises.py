"""A promise to pay: a sum by a day. Reminders wait for it; late fees do not (they go on by the terms)."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from fenqi.domain.errors import FenqiError
from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.domain.plans import EventKind, PlanState
from fenqi.domain.plans.events import Event

_PAID: Final = frozenset({EventKind.REPAYMENT, EventKind.SETTLEMENT})


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    """Nothing was left to pay, for another reason than a payment: goods went back."""


class PromiseSignal(StrEnum):
    PAID_IN_TIME = "paid_in_time"
    DAY_PASSED = "day_passed"
    TAKEN_BACK = "taken_back"
    NOTHING_OWED = "nothing_owed"


NEXT_PROMISE_STATE: Final[Mapping[tuple[PromiseState, PromiseSignal], PromiseState]] = {
    (PromiseState.OPEN, PromiseSignal.PAID_IN_TIME): PromiseState.KEPT,
    (PromiseState.OPEN, PromiseSignal.DAY_PASSED): PromiseState.BROKEN,
    (PromiseState.OPEN, PromiseSignal.TAKEN_BACK): PromiseState.WITHDRAWN,
    (PromiseState.OPEN, PromiseSignal.NOTHING_OWED): PromiseState.VOID,
    # Money that left the customer's account in time, and of which we learned late: the promise was kept all along.
    (PromiseState.BROKEN, PromiseSignal.PAID_IN_TIME): PromiseState.KEPT,
}
"""(state, signal) -> state. A pair that is not listed changes nothing."""


class PromiseOutOfRange(FenqiError):
    """The sum is above zero and at most what is owed. Details: `owed`, as an amount."""

    code = "promise_out_of_range"
    status = 422
    zh = "约定的金额应大于 0，且不超过全部应还（{owed}）。"
    en = "Promise a sum above zero and at most all that is owed ({owed})."


class PromiseTooFar(FenqiError):
    """The day lies outside the policy. Details: `first`, `last`, as ISO days."""

    code = "promise_too_far"
    status = 422
    zh = "约定的日期应在 {first} 到 {last} 之间。需要更久，请和我们商量。"
    en = "Promise a day from {first} to {last}. If you need longer, talk to us."


class PromiseStands(FenqiError):
    """One promise a plan at a time."""

    code = "promise_stands"
    status = 409
    zh = "这笔分期已有一个还款约定。请先取消它，再另约。"
    en = "A promise stands on this plan already. Take it back first, then make another."


def last_day(policy: HardshipPolicy, today: date) -> date:
    return today + timedelta(days=policy.promise_most_days)


def check_promise(
    policy: HardshipPolicy, *, amount: int, pay_by: date, today: date, owed: int, owed_written: str
) -> None:
    """Raises PromiseOutOfRange, PromiseTooFar."""
    if not 0 < amount <= owed:
        raise PromiseOutOfRange(owed=owed_written)
    last = last_day(policy, today)
    if not today < pay_by <= last:
        raise PromiseTooFar(first=(today + timedelta(days=1)).isoformat(), last=last.isoformat())


def paid_toward(events: tuple[Event, ...], state: PlanState, *, since: int, by: date) -> int:
    """Minor units that came in by that day and became known after the first `since` events; chargebacks are off."""
    known_since = {event.id: event for event in events[since:] if event.on <= by}
    paid = 0
    for done in state.allocations:
        if done.event not in known_since:
            continue
        if done.kind in _PAID:
            paid += done.amount
        elif done.kind is EventKind.CHARGEBACK:
            paid -= done.amount
    return max(0, paid)


def signal_of(*, amount: int, paid: int, owed: int, pay_by: date, today: date) -> PromiseSignal | None:
    """What the day says of a promise that is open; None: it is still to be kept."""
    if paid >= amount:
        return PromiseSignal.PAID_IN_TIME
    if not owed:
        return PromiseSignal.NOTHING_OWED
    return PromiseSignal.DAY_PASSED if today > pay_by else None
