"""What the house does every day by its clock: the periodic jobs at their hours, and reconciliation until it is done.

Every periodic job that any room registers runs here without being named: at the times of its cron line or, where that
is more than `MOST_TIMES_A_DAY` times, at the `ROUNDS` or as `AT_TIMES` says. The year leaves out what only a worker
needs.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from procrastinate.contrib.django import app

from fenqi.channels.bills import BillNotReady
from fenqi.channels.transport import Fault
from fenqi.interfaces.commands.demo_year import moments
from fenqi.usecases.rails import rail_names
from fenqi.usecases.reconciliation.nightly import reconcile_due

LEFT_OUT: Final = frozenset({"rescue_lost_jobs", "reconcile_all"})
"""The first is for workers that died; the second is done here, so that a late bill is asked for again at once."""

MOST_TIMES_A_DAY: Final = 4
ROUNDS: Final = ((9, 20), (21, 30))
AT_TIMES: Final = {"daily_close": ((0, 20),), "go_on_migrations": ((9, 20), (10, 2), (10, 35), (21, 30))}
"""Jobs that run more often, where it matters when: the day is closed after midnight, plans move at ten."""
RECONCILED_AT: Final = (10, 30)
TRIES: Final = 3


def jobs_of(day: date) -> list[tuple[datetime, str]]:
    """(when, name of the task) of all periodic jobs of the day, the earliest first."""
    begin, end = moments.at(day, 0), moments.at(day + timedelta(days=1), 0)
    found: list[tuple[datetime, str]] = []
    for periodic in app.periodic_registry.periodic_tasks.values():
        if periodic.task.name not in LEFT_OUT:
            times = list(_times(periodic, begin, end))
            if len(times) > MOST_TIMES_A_DAY:
                rounds = AT_TIMES.get(periodic.task.name, ROUNDS)
                times = [moments.at(day, hour, minute) for hour, minute in rounds]
            found.extend((at, periodic.task.name) for at in times)
    return sorted(found)


def _times(periodic: Any, begin: datetime, end: datetime) -> Iterator[datetime]:
    """At most one more than are run one by one. The registry's line is read, whose type it keeps to itself."""
    line = periodic.croniter
    line.set_current(begin.timestamp() - 1, force=True)
    for _ in range(MOST_TIMES_A_DAY + 1):
        at = datetime.fromtimestamp(line.get_next(ret_type=float), UTC)
        if at >= end:
            return
        yield at


def reconcile_all(now: datetime) -> Counter[str]:
    """Every channel's bills that are due; what happened, by outcome."""
    seen: Counter[str] = Counter()
    for channel in rail_names():
        for _ in range(TRIES):
            try:
                done = reconcile_due(channel, now=now)
            except (BillNotReady, Fault) as late:
                seen[f"asked again: {type(late).__name__}"] += 1
                continue
            seen["bills"] += len(done)
            break
    return seen
