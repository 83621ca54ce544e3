"""What else a day brings to the customers of a range, after its late fees; each step is idempotent for its day.

`on_day(day, *, first, last, now)` does its work for the customers from `first` to `last` and says how many rows it
changed or queued. What runs by a clock of its own stays there, and is named in `BY_THEIR_OWN_CLOCK` for the report.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Protocol
from uuid import UUID

from fenqi.usecases.closing import debits, price_offers
from fenqi.usecases.hardship import on_day as hardship
from fenqi.usecases.notices import on_day as reminders


class OnDay(Protocol):
    def __call__(self, day: date, *, first: UUID, last: UUID, now: datetime) -> int:
        """How many rows it changed or queued."""


STEPS: Final[tuple[tuple[str, OnDay], ...]] = (
    ("debits_planned", debits.on_day),
    ("offers_lapsed", price_offers.on_day),
    ("promises_and_marks", hardship.on_day),
    ("reminders_queued", reminders.on_day),
)
"""By the name under which the report counts them; in this order."""

BY_THEIR_OWN_CLOCK: Final[Mapping[str, str]] = {
    "auto_debit": "every 5 minutes",
    "reserves": "every hour",
    "cases": "every 10 minutes",
    "quotes": "checked when used",
}
"""What a day also brings, and how often it is looked at beside the close."""
