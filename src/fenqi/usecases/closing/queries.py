"""The closes of the house as its staff see them."""

from dataclasses import dataclass
from datetime import date, datetime

from fenqi.records.models import CloseRun, CloseState
from fenqi.usecases import audit, clock
from fenqi.usecases.closing.run import Closed, closed, days_to_close


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseDesk:
    """Runs, the newest first; `open_days` are those that have begun and are not closed, the oldest first."""

    runs: tuple[Closed, ...]
    open_days: tuple[date, ...]

    @property
    def running(self) -> Closed | None:
        return next((run for run in self.runs if run.state == CloseState.RUNNING), None)

    @property
    def newest(self) -> Closed | None:
        return next((run for run in self.runs if run.is_finished), None)


def close_desk(*, now: datetime, limit: int = 31) -> CloseDesk:
    """The last month of days that were closed."""
    runs = tuple(closed(run) for run in CloseRun.objects.order_by("-business_date")[:limit])
    today = clock.business_date(now)
    is_closed = any(run.day == today and run.is_finished for run in runs)
    return CloseDesk(runs=runs, open_days=() if is_closed else days_to_close(None, today=today))


def starters(runs: tuple[Closed, ...]) -> dict[str, str]:
    """Who started each, by sign-in name where it was a person."""
    return audit.names_of({run.started_by for run in runs})
