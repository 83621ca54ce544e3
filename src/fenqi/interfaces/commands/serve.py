"""`fenqi serve`: the web server."""

import os

import click
from django.conf import settings
from granian.constants import Interfaces
from granian.server import Server

STOP_SECONDS = 10


@click.command()
@click.option("--host", envvar="FENQI_HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="FENQI_WEB_PORT", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", envvar="FENQI_WORKERS", type=click.IntRange(1), default=2, show_default=True)
@click.option("--threads", envvar="FENQI_THREADS", type=click.IntRange(1), default=8, show_default=True)
def serve(*, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the portal, the console and the API until told to stop; requests in flight are answered first."""
    os.environ["FENQI_SERVER_PROCESS"] = str(os.getpid())
    Server(
        "fenqi.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_dictconfig=settings.LOGGING,
    ).serve()
