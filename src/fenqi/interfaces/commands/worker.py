"""`fenqi worker`: does what the queue holds, and hands the outbox to the queue."""

import asyncio
from threading import Event, Thread

import click
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.utils import connector_params

from fenqi.interfaces.jobs.relay import run_relay

STOP_SECONDS = 8.0
# A statement of the queue takes milliseconds. One that hangs, as seen after a bulk load, is given up and sent again.
QUEUE_OPTIONS = "-c statement_timeout=30s -c application_name=fenqi-worker"


@click.command()
@click.option("--concurrency", envvar="FENQI_JOBS", type=click.IntRange(1), default=4, show_default=True)
def worker(*, concurrency: int) -> None:
    """Do the queued work until told to stop; a job that is under way is finished first."""
    stop = Event()
    relay = Thread(target=run_relay, args=(stop,), name="relay")
    relay.start()
    try:
        asyncio.run(work(worker_queue(), concurrency=concurrency))
    finally:
        stop.set()
        relay.join()


def worker_queue() -> App:
    """The queue over connections of the worker's own, for fetching jobs.

    `app` keeps Django's connection: what jobs and the relay queue belongs to the transaction they are in.
    """
    connector = PsycopgConnector(kwargs={**connector_params(), "options": QUEUE_OPTIONS})
    queue = DjangoApp(connector=connector, import_paths=app.import_paths)
    queue.tasks = app.tasks
    queue.periodic_registry = app.periodic_registry
    return queue


async def work(queue: App, *, concurrency: int) -> None:
    async with queue.open_async():
        await queue.run_worker_async(
            concurrency=concurrency, shutdown_graceful_timeout=STOP_SECONDS, delete_jobs="successful"
        )
