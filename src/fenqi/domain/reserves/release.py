"""When a reserve goes back by itself (P302, P304), and when part of it is advanced on a refund (R066)."""

from dataclasses import dataclass
from enum import StrEnum

from fenqi.domain.reserves.sums import Sums


class ReleaseRule(StrEnum):
    """What the customer is told beforehand of a partial return; a full one and a settled plan always release all."""

    WHEN_NOTHING_IS_OWED = "when_nothing_is_owed"
    """All of it, once nothing is owed any more (the house's rule)."""
    IN_PROPORTION = "in_proportion"
    """The share of the goods that went back, as soon as their refund is final; the rest once nothing is owed."""


class Why(StrEnum):
    """The reason of a release, or of there being none yet."""

    PLAN_SETTLED = "plan_settled"
    REFUND_FINAL = "refund_final"
    IN_PROPORTION = "in_proportion"
    ADVANCED = "advanced"
    BY_STAFF = "by_staff"
    EXPIRED = "expired"
    OVERDUE = "overdue"
    """Of a capture."""
    SUPERSEDED = "superseded"
    """It was allowed late, when another secured the order already: all of it goes back at once."""
    ORDER_CANCELLED = "order_cancelled"
    STILL_OWED = "still_owed"
    REFUND_UNDER_WAY = "refund_under_way"
    NO_END_YET = "no_end_yet"
    """An order without a plan, of which nothing was refunded."""
    ONE_PIECE = "one_piece"
    """A hold that cannot be divided waits for the end of what is under way on it."""
    COMPLETED = "completed"
    """The capture of a part ended a hold that cannot be divided: the bank frees the rest."""


WAITING: frozenset[Why] = frozenset({Why.STILL_OWED, Why.REFUND_UNDER_WAY, Why.NO_END_YET, Why.ONE_PIECE})
"""Why nothing goes back yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligations:
    """What the reserve of an order secures, as it stands. Amounts in minor units."""

    has_plan: bool
    is_settled: bool
    """Nothing of the plan is outstanding, and it was not charged off."""
    financed: int = 0
    returned: int = 0
    """What the plan financed of goods that went back."""
    refund_is_under_way: bool = False
    refund_was_final: bool = False
    """A refund of goods of the order has left in full."""
    is_cancelled: bool = False
    """The order came to nothing."""


@dataclass(frozen=True, slots=True)
class Release:
    """`amount` goes back now; zero tells by `why` what is waited for."""

    amount: int
    why: Why


def due_release(sums: Sums, rule: ReleaseRule, owed: Obligations, *, is_whole: bool = False) -> Release:
    """What of the reserve goes back by itself now; of one that `is_whole`, a hold on a card, all of it or nothing.

    A refund that is under way holds it back, since the refund may still come back and be owed differently. After that
    nothing secured is left when the plan is settled, or when there never was one and a refund was final
    or the order is cancelled.
    """
    due = _due(sums, ReleaseRule.WHEN_NOTHING_IS_OWED if is_whole else rule, owed)
    if is_whole and due.amount != sums.held and due.why not in WAITING:
        return Release(0, Why.ONE_PIECE)
    return due


def _due(sums: Sums, rule: ReleaseRule, owed: Obligations) -> Release:
    if owed.refund_is_under_way:
        return Release(0, Why.REFUND_UNDER_WAY)
    if owed.has_plan and owed.is_settled:
        return Release(sums.free, Why.REFUND_FINAL if owed.refund_was_final else Why.PLAN_SETTLED)
    if not owed.has_plan:
        return _without_plan(sums, owed)
    if rule is ReleaseRule.IN_PROPORTION and owed.refund_was_final:
        return _share(sums, owed)
    return Release(0, Why.STILL_OWED)


def _without_plan(sums: Sums, owed: Obligations) -> Release:
    if owed.is_cancelled:
        return Release(sums.free, Why.ORDER_CANCELLED)
    return Release(sums.free, Why.REFUND_FINAL) if owed.refund_was_final else Release(0, Why.NO_END_YET)


def _share(sums: Sums, owed: Obligations) -> Release:
    """The share of all that was frozen, rounded down, less what went back before: several returns add up to one."""
    share = sums.frozen * min(owed.returned, owed.financed) // owed.financed
    amount = min(max(share - sums.released, 0), sums.free)
    return Release(amount, Why.IN_PROPORTION if amount else Why.STILL_OWED)


def due_advance(sums: Sums, *, refund: int, advanced: int) -> int:
    """What of a prepaid reserve is advanced on a refund of that amount, of which `advanced` has been already."""
    return max(min(refund - advanced, sums.free), 0)
