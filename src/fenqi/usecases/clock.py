"""The one clock of the house. Domain functions are handed instants and dates; nobody else asks the system."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from fenqi.channels.calendar import moved_to
from fenqi.domain.errors import FenqiError

_stopped_at: ContextVar[datetime | None] = ContextVar("stopped_at", default=None)


class NoSandbox(FenqiError):
    """Time is simulated against the sandbox only."""

    code = "no_sandbox"
    status = 409
    zh = "只有在沙箱旁边才能模拟时间。"
    en = "Time can be simulated beside the sandbox only."


def now() -> datetime:
    """The present instant, in UTC; ahead by what a rehearsal against the sandbox asks for."""
    return _stopped_at.get() or datetime.now(UTC) + settings.FENQI_CLOCK_AHEAD


@contextmanager
def simulated(at: datetime) -> Iterator[None]:
    """Inside, it is always `at` for us and for the rails: for a year that is lived against the sandbox.

    Raises NoSandbox where there is none: beside real money nobody moves the calendar.
    """
    if not settings.FENQI_SANDBOX_URL:
        raise NoSandbox
    with stopped(at), moved_to(at):
        yield


@contextmanager
def stopped(at: datetime) -> Iterator[None]:
    """Inside, it is always `at`: for tests and for building histories."""
    token = _stopped_at.set(at)
    try:
        yield
    finally:
        _stopped_at.reset(token)


def mall_zone() -> ZoneInfo:
    """The time zone of business dates (P508)."""
    return ZoneInfo(settings.FENQI_TIME_ZONE)


def business_date(at: datetime) -> date:
    """The day an instant falls on at the mall."""
    return at.astimezone(mall_zone()).date()


def end_of_business_day(on: date) -> datetime:
    """24:00 of the day at the mall (P507)."""
    return datetime.combine(on + timedelta(days=1), time(), tzinfo=mall_zone()).astimezone(UTC)
