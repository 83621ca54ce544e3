"""The instant by which the rails reckon windows and days: the machine's, unless a simulated year has moved it.

Signatures are made and read by the machine's own clock, here as in the sandbox, so that the two can be in last spring
and still speak to each other. Beside real money nobody moves the calendar: `usecases.clock` sees to that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_moved_to: ContextVar[datetime | None] = ContextVar("moved_to", default=None)


def on_calendar(machine: datetime) -> datetime:
    """The instant of the calendar, for the clock's `machine`."""
    return _moved_to.get() or machine


@contextmanager
def moved_to(at: datetime) -> Iterator[None]:
    """Inside, the calendar stands at `at`."""
    token = _moved_to.set(at)
    try:
        yield
    finally:
        _moved_to.reset(token)
