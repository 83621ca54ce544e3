"""A month of closings, week by week."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fenqi.usecases.entries.queries import ClosingView

_FIRST, _LAST = date(2020, 1, 1), date(2099, 12, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """One day, with the closings that touch it."""

    day: date
    is_of_month: bool
    is_today: bool
    closings: tuple[ClosingView, ...]


@dataclass(frozen=True, slots=True)
class Month:
    first: date
    weeks: tuple[tuple[Day, ...], ...]
    before: date
    after: date


def month_of(text: str, *, today: date) -> date:
    """The first day of `2026-11`; of today's month for anything else."""
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return min(max(asked, _FIRST), _LAST)


def month(first: date, closings: Iterable[ClosingView], *, today: date) -> Month:
    """Weeks from Monday; a closing stands on every day that it touches."""
    shown = sorted((one for one in closings if one.is_shown), key=lambda one: one.starts_at)
    weeks = tuple(
        tuple(
            Day(
                day,
                day.month == first.month,
                day == today,
                tuple(one for one in shown if one.starts_at.date() <= day <= one.ends_at.date()),
            )
            for day in week
        )
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    )
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    after = date(first.year + (first.month == 12), first.month % 12 + 1, 1)  # noqa: PLR2004  # December
    return Month(first, weeks, before, after)
