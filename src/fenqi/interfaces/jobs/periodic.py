"""What the queue does by the clock. Cron lines are in UTC, as the queue reads them."""

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job

from fenqi.channels.bills import BillNotReady
from fenqi.channels.transport import Fault
from fenqi.usecases import clock
from fenqi.usecases.rails import rail_names
from fenqi.usecases.reconciliation.nightly import reconcile_due

EVERY_MORNING = "30 2 * * *"
"""10:30 in Beijing: the channels have made yesterday's bills by ten."""

EVERY_MINUTE = "* * * * *"

LATE_BILL_SECONDS = 1800
MOST_TRIES = 24


class UntilItIsThere(BaseRetryStrategy):
    """Every half hour for half a day, while a bill is not made or its channel does not answer; the rest is final."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        may_come = isinstance(exception, (BillNotReady, Fault))
        if not may_come or job.attempts + 1 >= MOST_TRIES:
            return None
        return RetryDecision(retry_in={"seconds": LATE_BILL_SECONDS})


@app.periodic(cron=EVERY_MORNING, periodic_id="reconcile")
@app.task(name="reconcile_all", queueing_lock="reconcile_all")
def reconcile_all(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """One job for each channel, so that a late bill holds up no other."""
    for channel in rail_names():
        try:
            reconcile_channel.configure(queueing_lock=f"reconcile:{channel}").defer(channel=channel)
        except AlreadyEnqueued:
            continue  # yesterday's is still waiting for its bill, and takes today's with it


@app.task(name="reconcile_channel", retry=UntilItIsThere())
def reconcile_channel(*, channel: str) -> None:
    """Take the bills that are due and bring the channel's clearing account to zero."""
    reconcile_due(channel, now=clock.now())


@app.periodic(cron=EVERY_MINUTE, periodic_id="rescue")
@app.task(name="rescue_lost_jobs", queueing_lock="rescue_lost_jobs", pass_context=True)
async def rescue_lost_jobs(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  # as above
    """Do again what a worker was doing when it died: every job may run twice."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs():
        await manager.retry_job(job)
