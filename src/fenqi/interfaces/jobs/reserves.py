"""What the queue runs for reserves: each job is one use case, and may run twice."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock
from fenqi.usecases.notices.reserves import tell_capture_announced, tell_capture_done
from fenqi.usecases.outbox import (
    ASK_RELEASE,
    ASK_RESERVE,
    CAPTURE_ANNOUNCED,
    CAPTURE_DONE,
    CAPTURE_RESERVE,
    CONFIRM_RELEASE,
    LOOK_AT_RESERVE,
    SEND_RELEASE,
)
from fenqi.usecases.reserves import resolve
from fenqi.usecases.reserves.capture import carry_out_capture
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.send import send_release
from fenqi.usecases.reserves.watch import watch_reserves

EVERY_HOUR = "40 * * * *"


@app.task(name=ASK_RESERVE, retry=BackOff(most_tries=8))
def ask_reserve(*, customer_id: str, hold_id: str) -> None:
    """Ask whether the payer allowed a freeze; an answer that is still open has queued the next question itself."""
    resolve.ask_hold(UUID(customer_id), UUID(hold_id), now=clock.now())


@app.task(name=LOOK_AT_RESERVE, retry=BackOff(most_tries=12))
def look_at_reserve(*, customer_id: str, order_id: str) -> None:
    """Release what an order's reserve owes back (P302, P304)."""
    release_what_is_due(UUID(customer_id), UUID(order_id), now=clock.now())


@app.task(name=SEND_RELEASE, retry=BackOff(most_tries=8))
def send_reserve_release(*, customer_id: str, move_id: str) -> None:
    """Send a release; what the channel did not answer is asked about by a job that is planned already."""
    send_release(UUID(customer_id), UUID(move_id), now=clock.now())


@app.task(name=ASK_RELEASE, retry=BackOff(most_tries=8))
def ask_release(*, customer_id: str, move_id: str) -> None:
    """Ask about a release, and send it again where the channel does not know it."""
    resolve.ask_release(UUID(customer_id), UUID(move_id), now=clock.now())


@app.task(name=CONFIRM_RELEASE, retry=BackOff(most_tries=8))
def confirm_release(*, customer_id: str, move_id: str) -> None:
    """See whether the channel's own sums show a release."""
    resolve.confirm_release(UUID(customer_id), UUID(move_id), now=clock.now())


@app.task(name=CAPTURE_RESERVE, retry=BackOff(most_tries=8))
def capture_reserve(*, customer_id: str, move_id: str) -> None:
    """Take what is still overdue once the notice is over (P306)."""
    carry_out_capture(UUID(customer_id), UUID(move_id), now=clock.now())


@app.task(name=CAPTURE_ANNOUNCED, retry=BackOff(most_tries=12))
def capture_announced(*, customer_id: str, move_id: str) -> None:
    """Tell the customer before money is taken from the reserve (P306)."""
    tell_capture_announced(UUID(customer_id), UUID(move_id), now=clock.now())


@app.task(name=CAPTURE_DONE, retry=BackOff(most_tries=12))
def capture_done(*, customer_id: str, move_id: str) -> None:
    """Give the receipt of a capture (P306)."""
    tell_capture_done(UUID(customer_id), UUID(move_id), now=clock.now())


@app.periodic(cron=EVERY_HOUR, periodic_id="reserves")
@app.task(name="watch_reserves", queueing_lock="watch_reserves")
def watch(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Release what is due, ask about what expires, and tell operations of what is late (P305)."""
    watch_reserves(now=clock.now())
