"""When overdue money may be taken from a reserve: after consent, notice and a second look (P306)."""

from datetime import datetime, timedelta

from fenqi.domain.reserves.errors import ConsentMissing, NothingOverdue
from fenqi.domain.reserves.sums import Sums

NOTICE = timedelta(days=3)
"""From the message to the customer to the capture: time to pay otherwise, or to object."""


def check_capture(sums: Sums, amount: int, *, overdue: int, consented_at: datetime | None) -> Sums:
    """The sums with the capture promised. Raises ConsentMissing, NothingHeld, AboveHeld, NothingOverdue."""
    if consented_at is None:
        raise ConsentMissing
    promised = sums.promise(amount)
    if amount > overdue:
        raise NothingOverdue(overdue=overdue)
    return promised


def still_needed(amount: int, *, overdue: int) -> int:
    """What of an announced capture is still to be taken: the customer may have paid since."""
    return max(min(amount, overdue), 0)
