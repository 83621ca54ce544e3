"""Jobs of the daily close. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

import structlog
from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.closing.ask import CLOSE_NOW
from fenqi.usecases.closing.correct import correct_late_fees
from fenqi.usecases.closing.nightly import close_if_due

EVERY_QUARTER = "*/15 * * * *"
"""A little after midnight of the mall, whatever its time zone; the other times find the day closed."""

_log = structlog.get_logger(__name__)


@app.periodic(cron=EVERY_QUARTER, periodic_id="daily_close")
@app.task(name="daily_close", queueing_lock="daily_close", lock="daily_close")
def daily_close(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Close the day that has begun, and days that were missed, unless it is done already."""
    for done in close_if_due(now=clock.now):
        _log.info("day_closed", day=done.day.isoformat(), state=done.state, counts=done.counts)


@app.task(name=CLOSE_NOW, lock="daily_close")
def close_now(*, started_by: str) -> None:
    """The same, asked for by a member of staff."""
    close_if_due(now=clock.now, started_by=started_by)


@app.task(name=outbox.CORRECT_LATE_FEES, retry=BackOff(most_tries=12))
def correct(*, customer_id: str, plan_id: str) -> None:
    """Put right what a plan was charged for being late."""
    correct_late_fees(UUID(customer_id), UUID(plan_id), now=clock.now())
