"""Jobs of notices. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices import reminding, reserves
from fenqi.usecases.notices.repayment_failed import tell_repayment_failed


@app.task(name=outbox.SEND_NOTICE, retry=BackOff(most_tries=12))
def send_notice(*, customer_id: str, notice_id: str) -> None:
    """Send a notice whose time has come, if it is still true."""
    reminding.send_notice(UUID(customer_id), UUID(notice_id), now=clock.now())


@app.task(name=outbox.REPAYMENT_FAILED, retry=BackOff(most_tries=12))
def repayment_failed(*, customer_id: str, attempt_id: str) -> None:
    """Tell the customer that a repayment failed, unless they have gone on."""
    tell_repayment_failed(UUID(customer_id), UUID(attempt_id), now=clock.now())


@app.task(name=outbox.RESERVE_HELD, retry=BackOff(most_tries=12))
def reserve_held(*, customer_id: str, hold_id: str) -> None:
    """Tell the customer that the reserve is held."""
    reserves.tell_reserve_held(UUID(customer_id), UUID(hold_id), now=clock.now())


@app.task(name=outbox.RESERVE_RETURNED, retry=BackOff(most_tries=12))
def reserve_returned(*, customer_id: str, move_id: str) -> None:
    """Tell the customer that the reserve went back."""
    reserves.tell_reserve_returned(UUID(customer_id), UUID(move_id), now=clock.now())
