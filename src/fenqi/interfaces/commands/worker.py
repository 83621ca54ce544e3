"""`fenqi worker`: does what the queue holds."""

import asyncio

import click
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params

STOP_SECONDS = 10.0
# A statement of the queue takes milliseconds. One that hangs, as seen after a bulk load, is given up and sent again.
QUEUE_STATEMENT_TIMEOUT_MS = 30_000


@click.command()
@click.option("--concurrency", envvar="FENQI_JOBS", type=click.IntRange(1), default=4, show_default=True)
def worker(*, concurrency: int) -> None:
    """Do the queued work until told to stop; a job that is under way is finished first."""
    options = f"-c statement_timeout={QUEUE_STATEMENT_TIMEOUT_MS} -c application_name=fenqi-worker"
    connector = PsycopgConnector(kwargs={**connector_params(), "options": options})
    with app.replace_connector(connector) as queue:
        asyncio.run(
            queue.run_worker_async(
                concurrency=concurrency, shutdown_graceful_timeout=STOP_SECONDS, delete_jobs="successful"
            )
        )
