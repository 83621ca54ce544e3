"""Beside the worker: hand what transactions left in the outbox to the queue, as soon as its time has come."""

import os
import socket
from threading import Event

import structlog
from django.db import close_old_connections

from fenqi.usecases import clock
from fenqi.usecases.relay import relay_outbox

PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
BATCH = 200

_log = structlog.get_logger(__name__)


def run_relay(stop: Event) -> None:
    """Relay until `stop` is set. A fault, such as a lost database, is waited out ever more patiently."""
    name = f"{socket.gethostname()}:{os.getpid()}"[:64]
    pause = PAUSE_SECONDS
    while not stop.is_set():
        try:
            moved = relay_outbox(relay=name, now=clock.now(), limit=BATCH)
        except Exception as error:  # noqa: BLE001 - messages wait for this thread and no other
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            _log.warning("relay_waits", error=type(error).__name__, seconds=pause)
        else:
            pause = 0.0 if moved == BATCH else PAUSE_SECONDS
        finally:
            close_old_connections()
        stop.wait(pause)
