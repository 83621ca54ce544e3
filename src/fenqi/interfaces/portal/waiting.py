"""What it costs to wait with an installment: from which day, how much, and what the credit record has to do with it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from fenqi.domain.plans import Row, Terms, daily_late_fee, late_fee_cap
from fenqi.domain.plans.late_fees import NO_DAYS, first_late_fee_on, last_free_on
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared.formats import day_range, plain_day
from fenqi.usecases.views import NoFaultView


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfWaiting:
    """Until the end of `last_free_on` waiting costs nothing. Amounts in minor units.

    `fee_from_on` is None when the terms have no late fee; `fixed_minor` is charged once, `daily_minor` each day up to
    `cap_minor`.
    """

    due_on: date
    last_free_on: date
    fee_from_on: date | None
    daily_minor: int
    fixed_minor: int
    cap_minor: int | None
    is_late: bool


def cost_of_waiting(terms: Terms, row: Row, *, today: date, exempt: AbstractSet[date] = NO_DAYS) -> CostOfWaiting:
    """By the terms' late-fee rule (R119, R121); `exempt` days are not counted."""
    fixed = terms.late_fee.fixed if terms.late_fee and terms.late_fee.fixed else 0
    last_free = last_free_on(terms, row, exempt)
    return CostOfWaiting(
        due_on=row.due_on,
        last_free_on=last_free,
        fee_from_on=first_late_fee_on(terms, row, exempt),
        daily_minor=daily_late_fee(terms, row),
        fixed_minor=fixed,
        cap_minor=None if fixed else late_fee_cap(terms, row),
        is_late=today > last_free,
    )


def not_counted(periods: Iterable[NoFaultView], due_on: date, reader: Reader) -> tuple[str, ...]:
    """Of the periods that touch the time after the due date: why, and which days."""
    causes = {
        "channel_outage": _("maintenance of the payment channel"),
        "entry_closed": _("no way to pay was open"),
        "outcome_unknown": _("an outcome was not known"),
        "plan_moving": _("the plan was being moved to another finance partner"),
        "return_open": _("after-sales of yours were open"),
    }
    touching = (period for period in periods if (period.until_on or reader.today) >= due_on)
    told = (
        _("%(days)s: %(cause)s") % {"days": _days(period, reader), "cause": causes.get(period.cause, period.cause)}
        for period in touching
    )
    return tuple(dict.fromkeys(told))


def _days(period: NoFaultView, reader: Reader) -> str:
    last = period.until_on or reader.today
    if last <= period.from_on:
        return plain_day(period.from_on, reader.language, today=reader.today)
    return day_range(period.from_on, last, reader.language, today=reader.today)
