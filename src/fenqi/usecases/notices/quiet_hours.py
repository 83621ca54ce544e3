"""When a message about money may be sent that nobody just asked for (P1103)."""

from datetime import datetime, time, timedelta

from fenqi.usecases import clock

FIRST, LAST = time(8), time(21)
"""The hours between which people are written to, in the mall's zone."""


def polite_time(at: datetime) -> datetime:
    """The same instant, or the next morning when it is in the quiet hours."""
    local = at.astimezone(clock.mall_zone())
    morning = local.replace(hour=FIRST.hour, minute=FIRST.minute, second=0, microsecond=0)
    if local < morning:
        return morning
    return at if local.time() < LAST else morning + timedelta(days=1)
