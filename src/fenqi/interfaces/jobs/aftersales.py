"""Jobs of after-sales. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.aftersales import execute, follow, sweep, waiting
from fenqi.usecases.notices.case_news import tell_of_case

EVERY_TEN_MINUTES = "*/10 * * * *"
EVERY_HOUR = "5 * * * *"


@app.task(name=outbox.CASE_NEWS, retry=BackOff(most_tries=12))
def case_news(*, customer_id: str, case_id: str, seq: str) -> None:
    """Tell the customer of a step."""
    tell_of_case(UUID(customer_id), UUID(case_id), int(seq), now=clock.now())


@app.task(name=outbox.EXECUTE_CASE, retry=BackOff(most_tries=12))
def execute_case(*, customer_id: str, case_id: str) -> None:
    """Let the money of an approved case move."""
    execute.execute_case(UUID(customer_id), UUID(case_id), now=clock.now())


@app.task(name=outbox.FOLLOW_CASE, retry=BackOff(most_tries=8))
def follow_case(*, customer_id: str, case_id: str) -> None:
    """See whether all of the money has arrived."""
    follow.follow_case(UUID(customer_id), UUID(case_id), now=clock.now())


@app.task(name=outbox.MIND_CASE, retry=BackOff(most_tries=8))
def mind_case(*, customer_id: str, case_id: str) -> None:
    """Remind a customer who must do something, and close the case after the day."""
    waiting.mind_waiting(UUID(customer_id), UUID(case_id), now=clock.now())


@app.periodic(cron=EVERY_TEN_MINUTES, periodic_id="aftersales")
@app.task(name="sweep_aftersales", queueing_lock="sweep_aftersales")
def sweep_cases(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Help along what a lost message would have left, and look at every case that waits."""
    sweep.queue_what_is_due(now=clock.now())


@app.periodic(cron=EVERY_HOUR, periodic_id="late_cases")
@app.task(name="late_cases", queueing_lock="late_cases")
def late_cases(timestamp: int) -> None:  # noqa: ARG001  # as above
    """Alert operations of what is late."""
    sweep.tell_of_late_cases(now=clock.now())
