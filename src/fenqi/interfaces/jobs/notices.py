"""Jobs of notices. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices import reminding


@app.task(name=outbox.SEND_NOTICE, retry=BackOff(most_tries=12))
def send_notice(*, customer_id: str, notice_id: str) -> None:
    """Send a notice whose time has come, if it is still true."""
    reminding.send_notice(UUID(customer_id), UUID(notice_id), now=clock.now())
