"""The verdict on one line of a bill beside the record of ours with the same number; source: the channels' own guides.

The key is (channel, our number, payment or refund). What counts is the day the payer was debited, or the day on which
the channel accepted a refund, never the day of the order. Sums are minor units; a refund's are above zero, too, and are
given their direction only where they meet an account (`billed_minor`, `booked_minor`).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fenqi.domain.reconciliation.causes import Cause


class Verdict(StrEnum):
    """What a line, or a record of ours that no line names, comes to. Each gets exactly one."""

    MATCHED = "matched"
    MISSING_HERE = "missing_here"
    """In the bill, not ours."""
    MISSING_THERE = "missing_there"
    """Ours, not in the bill."""
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"
    DUPLICATE = "duplicate"
    """The bill names the same number a second time."""


class LineState(StrEnum):
    """How a bill calls a line's outcome, in our words."""

    SUCCEEDED = "succeeded"
    WAITING = "waiting"
    FAILED = "failed"


class OurStanding(StrEnum):
    """What our books know of a payment attempt or a refund's leg, as far as a bill is concerned."""

    BOOKED = "booked"
    OPEN = "open"
    """Under way, or its outcome is unknown."""
    ENDED = "ended"
    """Failed or closed: no money moved, as far as we know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """A line of a bill. `occurrence` counts the lines of the same key, from zero."""

    is_refund: bool
    amount: int
    state: LineState
    occurrence: int = 0

    @property
    def moved_money(self) -> bool:
        """A refund leaves the merchant's account when the channel accepts it, whatever becomes of it later."""
        return self.state is LineState.SUCCEEDED or (self.is_refund and self.state is LineState.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A payment attempt or a refund's leg. `booked_on` is the value date of its entry."""

    is_refund: bool
    amount: int
    currency: str
    standing: OurStanding
    booked_on: date | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`cause` says why they differ; a match needs none."""

    verdict: Verdict
    cause: Cause | None = None


_AGREED = Judgement(Verdict.MATCHED)


def judge(theirs: Theirs | None, ours: Ours | None, *, day: date, currency: str) -> Judgement:
    """The verdict of the bill of `day` on a line, on a record of ours, or on both together; one of them is there."""
    if theirs is None:
        assert ours is not None
        return Judgement(Verdict.MISSING_THERE, Cause.NOT_IN_BILL)
    if theirs.occurrence:
        return Judgement(Verdict.DUPLICATE, Cause.LINE_TWICE if theirs.moved_money else Cause.NO_MONEY)
    if ours is None:
        return Judgement(Verdict.MISSING_HERE, Cause.NOBODYS if theirs.moved_money else Cause.NO_MONEY)
    if not theirs.moved_money:
        booked = ours.standing is OurStanding.BOOKED
        return Judgement(Verdict.STATE_DIFFERS, Cause.NOT_PAID_THERE) if booked else _AGREED
    if (theirs.amount, currency) != (ours.amount, ours.currency):
        booked = ours.standing is OurStanding.BOOKED
        return Judgement(Verdict.AMOUNT_DIFFERS, Cause.OTHER_AMOUNT_BOOKED if booked else Cause.OTHER_AMOUNT_ASKED)
    return _of_one_amount(theirs, ours, day=day)


def _of_one_amount(theirs: Theirs, ours: Ours, *, day: date) -> Judgement:
    match ours.standing:
        case OurStanding.BOOKED:
            if ours.booked_on == day:
                return _AGREED
            return Judgement(Verdict.STATE_DIFFERS, Cause.BOOKED_ANOTHER_DAY)
        case OurStanding.OPEN:
            cause = Cause.REFUND_UNDER_WAY if theirs.is_refund else Cause.OUTCOME_UNKNOWN
            return Judgement(Verdict.STATE_DIFFERS, cause)
        case OurStanding.ENDED:
            return Judgement(Verdict.STATE_DIFFERS, Cause.REFUND_ENDED if theirs.is_refund else Cause.CLOSED_HERE)


def billed_minor(theirs: Theirs) -> int:
    """What the line moved through the channel: above zero came in."""
    if not theirs.moved_money:
        return 0
    return -theirs.amount if theirs.is_refund else theirs.amount


def booked_minor(ours: Ours, *, day: date) -> int:
    """What our books moved through the channel on that day: above zero came in."""
    if ours.standing is not OurStanding.BOOKED or ours.booked_on != day:
        return 0
    return -ours.amount if ours.is_refund else ours.amount
