"""Evidence is removed by the clock. Each job may run twice and changes nothing more."""

from procrastinate.contrib.django import app

from fenqi.usecases import clock
from fenqi.usecases.aftersales import evidence_removal

EVERY_HOUR = "17 * * * *"
EVERY_NIGHT = "40 19 * * *"
"""03:40 in Beijing."""


@app.periodic(cron=EVERY_HOUR, periodic_id="evidence_waiting")
@app.task(name="remove_waiting_evidence", queueing_lock="remove_waiting_evidence")
def remove_waiting(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """What nobody handed in, and what died uploads left."""
    evidence_removal.remove_waiting(now=clock.now())
    evidence_removal.put_right()


@app.periodic(cron=EVERY_NIGHT, periodic_id="evidence_expired")
@app.task(name="remove_expired_evidence", queueing_lock="remove_expired_evidence")
def remove_expired(timestamp: int) -> None:  # noqa: ARG001  # as above
    """What belongs to cases closed three years ago (P1211)."""
    evidence_removal.remove_expired(now=clock.now())
