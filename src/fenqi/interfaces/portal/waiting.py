"""What it costs to wait with an installment: from which day, how much, and what the credit record has to do with it."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from fenqi.domain.plans import Row, Terms
from fenqi.domain.plans.late_fees import NO_DAYS, first_late_fee_on, last_free_on, late_fee_left, next_late_fee
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared.formats import day_range, plain_day
from fenqi.usecases.no_fault_days import free_days
from fenqi.usecases.views import NoFaultView


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfWaiting:
    """Until the end of `last_free_on` waiting costs nothing. Amounts in minor units.

    `fee_from_on` is None when the terms have no late fee; `fixed_minor` is charged once, `daily_minor` is what the next
    late day adds. `charged_minor` was charged so far, of which `owed_minor` is neither paid nor waived; `left_minor`
    can still come, and `cap_minor` is the most there ever is: both None without a cap.
    """

    due_on: date
    last_free_on: date
    fee_from_on: date | None
    daily_minor: int
    fixed_minor: int
    cap_minor: int | None
    charged_minor: int
    owed_minor: int
    left_minor: int | None
    is_late: bool

    @property
    def is_at_most(self) -> bool:
        """No day adds anything any more."""
        return self.left_minor == 0 and self.charged_minor > 0


def cost_of_waiting(
    terms: Terms, row: Row, *, today: date, exempt: AbstractSet[date] = NO_DAYS, charged: int = 0
) -> CostOfWaiting:
    """By the terms' late-fee rule (R119, R121); `exempt` days are not counted, `charged` is all that was so far."""
    free = free_days(exempt, row.due_on)
    fixed = terms.late_fee.fixed if terms.late_fee and terms.late_fee.fixed else 0
    last_free = last_free_on(terms, row, free)
    left = late_fee_left(terms, row, charged=charged)
    return CostOfWaiting(
        due_on=row.due_on,
        last_free_on=last_free,
        fee_from_on=first_late_fee_on(terms, row, free),
        daily_minor=next_late_fee(terms, row, today, charged=charged, exempt=free),
        fixed_minor=0 if charged else fixed,
        cap_minor=None if fixed or left is None else charged + left,
        charged_minor=charged,
        owed_minor=row.outstanding.late_fee,
        left_minor=left,
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
