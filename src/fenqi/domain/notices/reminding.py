"""Which days around a due date bring a reminder. An offset counts the days until it; below zero it has passed."""

from collections.abc import Iterable
from enum import StrEnum


class Pace(StrEnum):
    """How often a customer wants to be reminded."""

    ALL = "all"
    FEWER = "fewer"
    """Once before the due date, and every second time after it."""
    INBOX = "inbox"
    """Before the due date in the inbox only; what is overdue is told as with FEWER."""


def offsets_of(before: Iterable[int], overdue: Iterable[int]) -> tuple[int, ...]:
    """Days before and days after the due date, as offsets, the earliest first."""
    return (*sorted({abs(days) for days in before}, reverse=True), *(-days for days in sorted(set(overdue)) if days))


def is_wanted(offset: int, pace: Pace, *, offsets: Iterable[int]) -> bool:
    """Whether this one leaves the house; in the inbox all of them stand."""
    if pace is Pace.ALL:
        return True
    after = sorted((one for one in offsets if one < 0), reverse=True)
    if offset < 0:
        return offset in after[1::2] or after == [offset]
    if pace is Pace.INBOX:
        return False
    ahead = sorted(one for one in offsets if one > 0)
    return offset == (ahead[0] if ahead else 0)
