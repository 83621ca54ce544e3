"""What the queue does with plans that move: rehearse, go on with what has begun, tell customers, pass late money on."""

from uuid import UUID

from procrastinate.contrib.django import app

from fenqi.interfaces.jobs.periodic import EVERY_MINUTE
from fenqi.interfaces.jobs.tasks import BackOff
from fenqi.usecases import clock
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.migrating.running import due_migrations, go_on
from fenqi.usecases.notices.migration_news import tell_of_migration
from fenqi.usecases.outbox import GO_ON_MIGRATION, MIGRATION_NEWS, PASS_ON_REPAYMENT, REHEARSE_MIGRATION
from fenqi.usecases.partners import passing_on


@app.task(name=REHEARSE_MIGRATION, retry=BackOff(most_tries=4))
def rehearse_migration(*, customer_id: str, migration_id: str) -> None:  # noqa: ARG001  # the house's
    """The dry run of a batch; killed, it begins again and changes nothing by that."""
    rehearse(UUID(migration_id), now=clock.now())


@app.task(name=GO_ON_MIGRATION, retry=BackOff(most_tries=4))
def go_on_migration(*, customer_id: str, migration_id: str) -> None:  # noqa: ARG001  # as above
    """At once after somebody has decided something; else the clock brings it."""
    go_on(UUID(migration_id), now=clock.now())


@app.periodic(cron=EVERY_MINUTE, periodic_id="go_on_migrations")
@app.task(name="go_on_migrations", queueing_lock="go_on_migrations")
def go_on_migrations(timestamp: int) -> None:  # noqa: ARG001  # the queue passes the instant for which it is
    """Batches whose cut-over has come, and those that wait for a payment or a partner."""
    now = clock.now()
    for migration_id in due_migrations(now=now):
        go_on(migration_id, now=now)


@app.task(name=MIGRATION_NEWS, retry=BackOff(most_tries=12))
def migration_news(*, customer_id: str, item_id: str, news: str) -> None:
    """Tell the customer of it, once."""
    tell_of_migration(UUID(customer_id), UUID(item_id), news=news, now=clock.now())


@app.task(name=PASS_ON_REPAYMENT, retry=BackOff(most_tries=8))
def pass_on_repayment(*, customer_id: str, passed_id: str) -> None:
    """Tell the lender of money that came here after its plan had moved."""
    passing_on.pass_on(UUID(customer_id), UUID(passed_id), now=clock.now())
