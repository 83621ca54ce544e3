"""What waiting costs, by the terms' late-fee rule: for telling the consumer, and for charging by a `late_fee` event.

A late fee is never charged on a late fee (P806). The days of grace are free: the fee counts from the day after them.
Days that are nobody's fault but a channel's or ours are not counted (P809): `exempt` is those days.
"""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from fenqi.domain.money import round_ratio
from fenqi.domain.plans.state import Row
from fenqi.domain.plans.terms import LateFeeBase, Terms

NO_DAYS: Final[AbstractSet[date]] = frozenset()


def last_free_on(terms: Terms, row: Row, exempt: AbstractSet[date] = NO_DAYS) -> date:
    """The last day on which paying costs nothing extra and is not overdue: grace, and exempt days right after it."""
    last = row.due_on + timedelta(days=terms.grace_days)
    while (following := last + timedelta(days=1)) in exempt:
        last = following
    return last


def first_late_fee_on(terms: Terms, row: Row, exempt: AbstractSet[date] = NO_DAYS) -> date | None:
    """The first day on which waiting costs something; None without a late fee, which a down payment never takes."""
    if terms.late_fee is None or row.is_down_payment:
        return None
    return last_free_on(terms, row, exempt) + timedelta(days=1)


def late_fee_base(terms: Terms, row: Row) -> int:
    """Minor units that the daily rate counts on: the open principal, or all that is open but late fees."""
    if terms.late_fee is not None and terms.late_fee.base is LateFeeBase.OVERDUE_PRINCIPAL:
        return row.outstanding.principal
    return row.outstanding.total - row.outstanding.late_fee


def daily_late_fee(terms: Terms, row: Row) -> int:
    """Minor units that one more day costs before the cap; 0 for a fixed late fee or none."""
    return _by_rate(terms, row, days=1)


def late_fee_cap(terms: Terms, row: Row) -> int | None:
    """Minor units that the late fee of the row never exceeds, or None if the terms set no cap."""
    rule = terms.late_fee
    if rule is None:
        return 0
    if rule.fixed is not None:
        return rule.fixed
    if rule.cap_percent is None:
        return None
    percent, whole = rule.cap_percent.as_integer_ratio()
    return round_ratio(late_fee_base(terms, row) * percent, whole * 100, terms.rounding)


def projected_late_fee(terms: Terms, row: Row, on: date, exempt: AbstractSet[date] = NO_DAYS) -> int:
    """Minor units of late fee that the row will have brought about by that day if nothing is paid until then."""
    first = first_late_fee_on(terms, row, exempt)
    if first is None or on < first or not late_fee_base(terms, row):
        return 0
    cap = late_fee_cap(terms, row)
    if terms.late_fee is not None and terms.late_fee.fixed is not None:
        return terms.late_fee.fixed
    fee = _by_rate(terms, row, days=counted_days(terms, row, on, exempt))
    return fee if cap is None else min(fee, cap)


def counted_days(terms: Terms, row: Row, on: date, exempt: AbstractSet[date] = NO_DAYS) -> int:
    """For how many days, `on` included, the row has been late in a way that counts."""
    first = first_late_fee_on(terms, row, exempt)
    if first is None or on < first:
        return 0
    return (on - first).days + 1 - sum(first <= day <= on for day in exempt)


def charge_of_day(terms: Terms, row: Row, on: date, *, charged: int, exempt: AbstractSet[date] = NO_DAYS) -> int:
    """Minor units that the day adds to what the row was `charged` for late days before it.

    Each day takes what the rounded sum over all counted days grows by, so the days add up to the forecast to the minor
    unit while the base stays, and a base that is paid down costs less from the next day on.
    """
    days = counted_days(terms, row, on, exempt)
    if not days or on in exempt or not late_fee_base(terms, row):
        return 0
    cap = late_fee_cap(terms, row)
    if terms.late_fee is not None and terms.late_fee.fixed is not None:
        return 0 if charged else terms.late_fee.fixed
    grown = _by_rate(terms, row, days=days) - _by_rate(terms, row, days=days - 1)
    return grown if cap is None else max(0, min(grown, cap - charged))


def late_fee_to_come(
    terms: Terms, row: Row, today: date, on: date, *, charged: int, exempt: AbstractSet[date] = NO_DAYS
) -> int:
    """Minor units that the days after `today` through `on` add if nothing is paid: `charged` is all that the row was
    charged through today, waived or not.
    """
    days = counted_days(terms, row, on, exempt)
    if on <= today or not days or not late_fee_base(terms, row):
        return 0
    if terms.late_fee is not None and terms.late_fee.fixed is not None:
        return 0 if charged else terms.late_fee.fixed
    cap = late_fee_cap(terms, row)
    grown = _by_rate(terms, row, days=days) - _by_rate(terms, row, days=counted_days(terms, row, today, exempt))
    return grown if cap is None else max(0, min(grown, cap - charged))


def next_late_fee(terms: Terms, row: Row, today: date, *, charged: int, exempt: AbstractSet[date] = NO_DAYS) -> int:
    """Minor units that the next late day costs, be it tomorrow or the first after the free days; 0 for a fixed fee."""
    first = first_late_fee_on(terms, row, exempt)
    if first is None or (terms.late_fee is not None and terms.late_fee.fixed is not None):
        return 0
    on = max(today + timedelta(days=1), first)
    return late_fee_to_come(terms, row, on - timedelta(days=1), on, charged=charged, exempt=exempt - {on})


def late_fee_left(terms: Terms, row: Row, *, charged: int) -> int | None:
    """Minor units that the row may still take beyond what it was `charged`; None if the terms set no cap."""
    cap = late_fee_cap(terms, row)
    return None if cap is None else max(0, cap - charged) if late_fee_base(terms, row) else 0


def _by_rate(terms: Terms, row: Row, *, days: int) -> int:
    """The days are multiplied before the one rounding, so a fee below half a fen a day still adds up."""
    if terms.late_fee is None or terms.late_fee.daily_rate is None:
        return 0
    percent, whole = terms.late_fee.daily_rate.as_integer_ratio()
    return round_ratio(late_fee_base(terms, row) * percent * days, whole * 100, terms.rounding)
