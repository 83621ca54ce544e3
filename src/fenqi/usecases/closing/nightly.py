"""The close by the clock: shortly after midnight of the mall, once a day."""

from datetime import timedelta
from typing import Final

from fenqi.records.models import CloseRun, CloseState
from fenqi.usecases import clock
from fenqi.usecases.closing.run import Closed, Now, close_day

SETTLING: Final = timedelta(minutes=5)
"""After midnight, so that what was paid before it is on the books."""


def close_if_due(*, now: Now, started_by: str = "clock") -> tuple[Closed, ...]:
    """Close the day that began at least five minutes ago, with those missed before it; nothing if it is closed."""
    day = clock.business_date(now() - SETTLING)
    if CloseRun.objects.filter(business_date=day, state=CloseState.FINISHED).exists():
        return ()
    return close_day(day, started_by=started_by, now=now)
