"""An event loop of one's own: browser tests leave one running in the thread of the tests."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def in_own_loop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it to its end in a thread that has no loop yet."""

    def run() -> None:
        try:
            asyncio.run(work())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result()
