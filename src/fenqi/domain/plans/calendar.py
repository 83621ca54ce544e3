"""Due dates and the parts of a year between them (rules 2 and 12)."""

from calendar import monthrange
from datetime import date, timedelta

from fenqi.domain.plans.terms import DayCount, Terms, Unit

_MONTHS_IN_YEAR = 12


def add_months(anchor: date, months: int, *, day: int | None = None) -> date:
    """The anchor's day (or `day`) in the month that many months on; a short month gives its last day (P510)."""
    year, month = divmod(anchor.year * _MONTHS_IN_YEAR + anchor.month - 1 + months, _MONTHS_IN_YEAR)
    month += 1
    return date(year, month, min(day or anchor.day, monthrange(year, month)[1]))


def add_periods(terms: Terms, anchor: date, periods: int) -> date:
    """The date that many of the plan's periods after the anchor, counted from the anchor itself."""
    if terms.unit is Unit.MONTH:
        return add_months(anchor, periods * terms.every)
    days = terms.every * (7 if terms.unit is Unit.WEEK else 1)
    return anchor + timedelta(days=days * periods)


def due_dates(terms: Terms) -> tuple[date, ...]:
    """The due dates of the installments, without the down payment's.

    A stated first due date stands as it is; `due_day` moves every other row to that day of its month.
    """
    first = terms.first_due_on
    if terms.due_day is None:
        if first is None:
            return tuple(add_periods(terms, terms.opened_on, k) for k in range(1, terms.installments + 1))
        return tuple(add_periods(terms, first, k) for k in range(terms.installments))
    if first is None:
        return tuple(_on_due_day(terms, terms.opened_on, k) for k in range(1, terms.installments + 1))
    return (first, *(_on_due_day(terms, first, k) for k in range(1, terms.installments)))


def _on_due_day(terms: Terms, anchor: date, periods: int) -> date:
    return add_months(anchor, periods * terms.every, day=terms.due_day)


def year_part(terms: Terms, start: date, end: date) -> tuple[int, int]:
    """The part of a year from the day after `start` up to and including `end`, as numerator and denominator."""
    if terms.day_count is DayCount.THIRTY_360 and terms.unit is Unit.MONTH:
        return terms.every, _MONTHS_IN_YEAR
    if terms.day_count is DayCount.ACTUAL_ACTUAL:
        leap_days, common_days = days_by_kind_of_year(start, end)
        return leap_days * 365 + common_days * 366, 365 * 366
    return (end - start).days, 365 if terms.day_count is DayCount.ACTUAL_365 else 360


def days_by_kind_of_year(start: date, end: date) -> tuple[int, int]:
    """How many of the days after `start` up to `end` lie in leap years, and how many in common ones."""
    leap_days = 0
    for year in range(start.year, end.year + 1):
        if monthrange(year, 2)[1] == 29:  # noqa: PLR2004  the leap day itself
            first = max(start, date(year - 1, 12, 31))
            leap_days += (min(end, date(year, 12, 31)) - first).days
    return leap_days, (end - start).days - leap_days
