"""What a plan costs a year, from the consumer's cash flows (P601-P605).

The equation is solved in binary floating point by pyxirr; only its answer, a rate, comes back, rounded to two decimals.
No amount is ever computed from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import lru_cache

import pyxirr

from fenqi.domain.plans.calendar import add_months
from fenqi.domain.plans.schedule import lay_out
from fenqi.domain.plans.terms import Terms

_MONTHS_IN_YEAR = 12
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
    return rates_of_flows(flows)


def rates_of_flows(flows: Sequence[tuple[date, int]]) -> Rates:
    """Rates of dated flows in minor units, first what is received (negative), then what is paid, by date.

    Dates that lie whole months after the first count as months; any others by actual days over 365 (XIRR).
    """
    if sum(amount for _, amount in flows) <= 0:
        return Rates(annual_rate_irr=_ZERO, annual_rate_simple=_ZERO)
    months = _whole_months(flows)
    if months is None:
        yearly = _solved(pyxirr.xirr([day for day, _ in flows], [amount for _, amount in flows]))
        monthly = (1 + yearly) ** (1 / _MONTHS_IN_YEAR) - 1
    else:
        monthly = _solved(pyxirr.irr(_by_month(flows, months)))
        yearly = (1 + monthly) ** _MONTHS_IN_YEAR - 1
    return Rates(annual_rate_irr=_percent(yearly), annual_rate_simple=_percent(monthly * _MONTHS_IN_YEAR))


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


def _solved(rate: float | None) -> float:
    """Flows that are received first and paid later, and sum to a cost, always have one rate above zero."""
    assert rate is not None
    return rate


def _percent(rate: float) -> Decimal:
    """Two decimals, half up; a cost too small for that is still shown as one, never as 0.00."""
    percent = Decimal(repr(rate)) * 100
    rounded = percent.quantize(_CENT, rounding=ROUND_HALF_UP)
    return rounded or percent.quantize(_CENT, rounding=ROUND_CEILING)
