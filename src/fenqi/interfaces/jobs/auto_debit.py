"""Jobs of auto-debit. Each is one use case, may run twice and must then change nothing more."""

from datetime import date
from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock, outbox
from fenqi.usecases.agreements import announce, debit, end, follow, queue, settle
from fenqi.usecases.notices import auto_debit as notices


@app.task(name=outbox.ASK_AGREEMENT, retry=BackOff(most_tries=8))
def ask_agreement(*, customer_id: str, agreement_id: str) -> None:
    """Ask the channel whether an agreement was signed, or still stands."""
    settle.ask_agreement(UUID(customer_id), UUID(agreement_id), now=clock.now())


@app.task(name=outbox.END_AGREEMENT, retry=BackOff(most_tries=12))
def end_agreement(*, customer_id: str, agreement_id: str) -> None:
    """Tell the channel that an agreement is over, until it confirms."""
    end.end_at_channel(UUID(customer_id), UUID(agreement_id), now=clock.now())


@app.task(name=outbox.PLAN_DEBIT, retry=BackOff(most_tries=8))
def plan_debit(*, customer_id: str, agreement_id: str) -> None:
    """Work out when the next debit is tried."""
    follow.plan_debit(UUID(customer_id), UUID(agreement_id), now=clock.now())


@app.task(name=outbox.ANNOUNCE_DEBIT, retry=BackOff(most_tries=10))
def announce_debit(*, customer_id: str, agreement_id: str, debit_on: str) -> None:
    """Have the channel tell the payer of a debit beforehand (P1007)."""
    announce.announce_debit(UUID(customer_id), UUID(agreement_id), date.fromisoformat(debit_on), now=clock.now())


@app.task(name=outbox.AUTO_DEBIT, retry=BackOff(most_tries=8))
def auto_debit(*, customer_id: str, agreement_id: str) -> None:
    """Debit what is due, if its time has come and nothing stands against it."""
    debit.debit_due(UUID(customer_id), UUID(agreement_id), now=clock.now())


@app.task(name=outbox.AGREEMENT_NEWS, retry=BackOff(most_tries=12))
def agreement_news(*, customer_id: str, agreement_id: str, news: str) -> None:
    """Tell the customer that auto-debit is on, or off."""
    notices.tell_of_agreement(UUID(customer_id), UUID(agreement_id), news, now=clock.now())


@app.task(name=outbox.DEBIT_FAILED, retry=BackOff(most_tries=12))
def debit_failed(*, customer_id: str, attempt_id: str) -> None:
    """Tell the customer why a debit failed, and when the next one is."""
    notices.tell_debit_failed(UUID(customer_id), UUID(attempt_id), now=clock.now())


@app.periodic(cron="*/5 * * * *", periodic_id="auto_debit")
@app.task(name="sweep_auto_debit", queueing_lock="sweep_auto_debit")
def sweep(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Help along what a lost message would have left: debits whose time has come, ends that nobody confirmed here or
    told us of.
    """
    queue.queue_debits(now=clock.now())
    queue.queue_endings(now=clock.now())
    queue.queue_questions(now=clock.now())
