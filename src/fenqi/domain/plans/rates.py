"""What a plan costs a year, from the consumer's cash flows (P601-P605).

The equation is solved in binary floating point by pyxirr; only its answer, a rate, comes back, rounded to two decimals.
No amount is ever computed from it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache

import pyxirr

from fenqi.domain.plans.calendar import add_months
from fenqi.domain.plans.schedule import lay_out
from fenqi.domain.plans.terms import Terms, Unit

MOST_SHOWN = Decimal("999999.99")
"""Percent a year; no rate is shown higher."""

_MONTHS_IN_YEAR = 12
_DAYS_IN_YEAR = 365
_BISECTIONS = 80
_LARGEST_GROWTH = 20.0  # e to this power is far above what is shown
_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Percent a year with two decimals: the compound rate, and the rate a month times twelve."""

    annual_rate_irr: Decimal
    annual_rate_simple: Decimal


@lru_cache(maxsize=1024)
def rates(terms: Terms) -> Rates:
    """The rates of the agreed schedule: principal received, down payment and rows paid, each on its day."""
    flows = [(terms.opened_on, -terms.principal)]
    flows += [(row.due_on, row.principal + row.interest + row.fee) for row in lay_out(terms)]
    return rates_of_flows(flows, by_month=terms.unit is Unit.MONTH)


def rates_of_flows(flows: Sequence[tuple[date, int]], *, by_month: bool = True) -> Rates:
    """Rates of dated flows in minor units, first what is received (negative), then what is paid, by date.

    Of a plan by months, dates that lie whole months after the first count as months; any others, and all those of a
    plan by days or weeks, count actual days over 365 (XIRR).
    """
    if sum(amount for _, amount in flows) <= 0:
        return Rates(annual_rate_irr=_ZERO, annual_rate_simple=_ZERO)
    months = _whole_months(flows) if by_month else None
    if months is None:
        years = [(day - flows[0][0]).days / _DAYS_IN_YEAR for day, _ in flows]
        found = pyxirr.xirr([day for day, _ in flows], [amount for _, amount in flows])
        growth = math.log1p(found) if found else _growth(flows, years)
    else:
        years = [month / _MONTHS_IN_YEAR for month in months]
        found = pyxirr.irr(_by_month(flows, months))
        growth = math.log1p(found) * _MONTHS_IN_YEAR if found else _growth(flows, years)
    return Rates(
        annual_rate_irr=_percent(growth),
        annual_rate_simple=_percent(growth / _MONTHS_IN_YEAR, times=_MONTHS_IN_YEAR),
    )


def _growth(flows: Sequence[tuple[date, int]], years: Sequence[float]) -> float:
    """The logarithm of a year's growth, by bisection: for rates so high that pyxirr finds none.

    Received first and paid later, the flows have exactly one such rate, and their value falls as it rises.
    """

    def value(growth: float) -> float:
        return sum(amount * math.exp(-growth * time) for (_, amount), time in zip(flows, years, strict=True))

    low, high = 0.0, 1.0
    while value(high) > 0:
        low, high = high, high * 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if value(middle) > 0 else (low, middle)
    return high


def _whole_months(flows: Sequence[tuple[date, int]]) -> list[int] | None:
    """How many months each flow lies after the first, or None if one does not lie on the day of its month."""
    start = flows[0][0]
    months = [(day.year - start.year) * _MONTHS_IN_YEAR + day.month - start.month for day, _ in flows]
    on_the_day = all(add_months(start, n) == day for n, (day, _) in zip(months, flows, strict=True))
    return months if on_the_day else None


def _by_month(flows: Sequence[tuple[date, int]], months: Sequence[int]) -> list[int]:
    amounts = [0] * (max(months) + 1)
    for month, (_, amount) in zip(months, flows, strict=True):
        amounts[month] += amount
    return amounts


def _percent(growth: float, *, times: int = 1) -> Decimal:
    """The rate of that logarithmic growth, `times` over: two decimals, half up.

    A cost too small for that is still shown as one, never as 0.00; one beyond all reason as the highest shown.
    """
    if growth > _LARGEST_GROWTH:
        return MOST_SHOWN
    percent = Decimal(repr(math.expm1(growth))) * times * 100
    rounded = percent.quantize(_CENT, rounding=ROUND_HALF_UP)
    return min(rounded or percent.quantize(_CENT, rounding=ROUND_CEILING), MOST_SHOWN)
