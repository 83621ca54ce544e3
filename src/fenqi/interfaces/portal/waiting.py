"""What it costs to wait with an installment: from which day, how much, and what the credit record has to do with it."""

from dataclasses import dataclass
from datetime import date, timedelta

from fenqi.domain.plans import Row, Terms, daily_late_fee, first_late_fee_on, late_fee_cap


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


def cost_of_waiting(terms: Terms, row: Row, *, today: date) -> CostOfWaiting:
    """By the terms' late-fee rule (R119, R121)."""
    fee_from = first_late_fee_on(terms, row)
    fixed = terms.late_fee.fixed if terms.late_fee and terms.late_fee.fixed else 0
    last_free_on = row.due_on + timedelta(days=terms.grace_days)
    return CostOfWaiting(
        due_on=row.due_on,
        last_free_on=last_free_on,
        fee_from_on=fee_from,
        daily_minor=daily_late_fee(terms, row),
        fixed_minor=fixed,
        cap_minor=None if fixed else late_fee_cap(terms, row),
        is_late=today > last_free_on,
    )
