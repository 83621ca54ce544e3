"""Working days of the Chinese calendar, never at a loss for an answer (P501-P507).

The order of sources is P503: a table the operator loaded, the calendar package, and past its last year Monday to
Friday less the statutory days of P505; such an answer is marked as estimated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

import chinese_calendar

from fenqi.domain.errors import InvalidInput

Overrides = Mapping[date, bool]
"""What an operator's table says of single days: True for a working day."""

_SATURDAY = 5
_MOST_DAYS = 3650


class Workday(NamedTuple):
    """Whether people work that day, and whether that is only estimated."""

    is_workday: bool
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day counted in working days; an estimated one is shown as 预计."""

    on: date
    is_estimated: bool


# Statutory days of the years whose notice is not out yet: month and day, New Year and National Day left out (P505).
_STATUTORY: dict[int, tuple[tuple[int, int], ...]] = {
    2027: ((2, 5), (2, 6), (2, 7), (2, 8), (4, 5), (5, 1), (5, 2), (6, 9), (9, 15)),
    2028: ((1, 25), (1, 26), (1, 27), (1, 28), (4, 4), (5, 1), (5, 2), (5, 28), (10, 3)),
    2029: ((2, 12), (2, 13), (2, 14), (2, 15), (4, 4), (5, 1), (5, 2), (6, 16), (9, 22)),
}
_SAME_EVERY_YEAR = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
_NO_OVERRIDES: Overrides = {}


def workday(day: date, *, overrides: Overrides = _NO_OVERRIDES) -> Workday:
    """Whether that is a working day; answers for any date."""
    return Workday(is_workday=overrides[day], is_estimated=False) if day in overrides else _by_calendar(day)


@lru_cache(maxsize=4096)  # the package searches its whole table for every answer
def _by_calendar(day: date) -> Workday:
    try:
        return Workday(is_workday=chinese_calendar.is_workday(day), is_estimated=False)
    except NotImplementedError:  # a year the package does not know
        is_statutory = (day.month, day.day) in _SAME_EVERY_YEAR or (day.month, day.day) in _STATUTORY.get(day.year, ())
        return Workday(is_workday=day.weekday() < _SATURDAY and not is_statutory, is_estimated=True)


def add_workdays(start: date, days: int, *, overrides: Overrides = _NO_OVERRIDES) -> Deadline:
    """The day that many working days later; the start itself is not counted (P507).

    It is estimated if any day counted over is. Raises InvalidInput for a negative or absurd count.
    """
    if not 0 <= days <= _MOST_DAYS:
        raise InvalidInput(where="days", problem=f"0 to {_MOST_DAYS} is expected", problem_zh=f"应为 0 至 {_MOST_DAYS}")
    day, left, is_estimated = start, days, False
    while left:
        day += timedelta(days=1)
        found = workday(day, overrides=overrides)
        is_estimated |= found.is_estimated
        left -= found.is_workday
    return Deadline(day, is_estimated)


def next_workday(day: date, *, overrides: Overrides = _NO_OVERRIDES) -> Deadline:
    """The day itself if it is a working day, else the next one: where a term that ends on a rest day ends (P507)."""
    is_estimated = False
    while True:
        found = workday(day, overrides=overrides)
        is_estimated |= found.is_estimated
        if found.is_workday:
            return Deadline(day, is_estimated)
        day += timedelta(days=1)
