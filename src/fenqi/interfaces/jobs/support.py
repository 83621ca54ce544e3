"""Jobs of the help desk. Each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.periodic import EVERY_MINUTE
from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices import support_news
from fenqi.usecases.support.promises import raise_alarms


@app.periodic(cron=EVERY_MINUTE, periodic_id="late_answers")
@app.task(name="find_late_answers", queueing_lock="find_late_answers")
def find_late_answers(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Raise the alarm for promises of an answer that were broken."""
    raise_alarms(now=clock.now())


@app.task(name=outbox.TELL_OF_ANSWER, retry=BackOff(most_tries=12))
def tell_of_answer(*, customer_id: str, thread_id: str, message_no: str) -> None:
    """Tell the customer of an answer that they have not read."""
    support_news.tell_of_answer(UUID(customer_id), UUID(thread_id), int(message_no), now=clock.now())


@app.task(name=outbox.TELL_OF_CALL, retry=BackOff(most_tries=12))
def tell_of_call(*, customer_id: str, callback_id: str) -> None:
    """Tell the customer when we call."""
    support_news.tell_of_call(UUID(customer_id), UUID(callback_id), now=clock.now())
