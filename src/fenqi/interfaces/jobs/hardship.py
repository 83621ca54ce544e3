"""Jobs of help with paying: each is one use case, may run twice and must then change nothing more."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices.hardship import tell_change, tell_credit_mark, tell_promise_broken


@app.task(name=outbox.PROMISE_BROKEN, retry=BackOff(most_tries=12))
def promise_broken(*, customer_id: str, promise_id: str) -> None:
    """Tell the customer that the promised day has passed."""
    tell_promise_broken(UUID(customer_id), UUID(promise_id), now=clock.now())


@app.task(name=outbox.PLAN_CHANGE_NEWS, retry=BackOff(most_tries=12))
def plan_change_news(*, customer_id: str, change_id: str) -> None:
    """Tell the customer of a change of their plan."""
    tell_change(UUID(customer_id), UUID(change_id), now=clock.now())


@app.task(name=outbox.CREDIT_NEWS, retry=BackOff(most_tries=12))
def credit_news(*, customer_id: str, mark_id: str) -> None:
    """Tell the customer where a credit mark stands."""
    tell_credit_mark(UUID(customer_id), UUID(mark_id), now=clock.now())
