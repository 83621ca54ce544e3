"""Jobs of repayment entries. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.entries.announce import tell_of_closing, tell_open
from fenqi.usecases.entries.announce_leaving import tell_of_leaving, tell_of_staying
from fenqi.usecases.entries.guard_days import guard_closings

EVERY_FIVE_MINUTES = "*/5 * * * *"


@app.periodic(cron=EVERY_FIVE_MINUTES, periodic_id="guard_closings")
@app.task(name="guard_closings", queueing_lock="guard_closings")
def guard(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Write down the days that are nobody's fault while an entry is closed (P809)."""
    guard_closings(now=clock.now())


@app.task(name=outbox.ENTRY_CLOSING, retry=BackOff(most_tries=12))
def entry_closing(*, customer_id: str, closing_id: str, version: str) -> None:
    """Tell a customer that an entry is closed around a due date, and what to use instead."""
    tell_of_closing(UUID(customer_id), UUID(closing_id), version=int(version), now=clock.now())


@app.task(name=outbox.ENTRY_OPEN, retry=BackOff(most_tries=12))
def entry_open(*, customer_id: str, closing_id: str) -> None:
    """Tell a customer who was told of a closing that it was called off, or is over early."""
    tell_open(UUID(customer_id), UUID(closing_id), now=clock.now())


@app.task(name=outbox.ENTRY_LEAVING, retry=BackOff(most_tries=12))
def entry_leaving(*, customer_id: str, code: str, version: str) -> None:
    """Tell a customer that an entry moves or ends, and what to use instead."""
    tell_of_leaving(UUID(customer_id), code, version=int(version), now=clock.now())


@app.task(name=outbox.ENTRY_STAYING, retry=BackOff(most_tries=12))
def entry_staying(*, customer_id: str, code: str, version: str) -> None:
    """Tell a customer who was told that an entry moves or ends that it does not, or later."""
    tell_of_staying(UUID(customer_id), code, version=int(version), now=clock.now())
