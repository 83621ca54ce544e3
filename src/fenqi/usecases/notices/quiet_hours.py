"""When a message about money may be sent that nobody just asked for (P1103), by this mall's setting."""

from datetime import datetime

from django.conf import settings

from fenqi.domain.notices import QuietHours
from fenqi.usecases import clock


def quiet_hours() -> QuietHours:
    starts, ends = settings.FENQI_QUIET_HOURS
    return QuietHours(starts=starts, ends=ends, zone=clock.mall_zone())


def polite_time(at: datetime) -> datetime:
    """The same instant, or the next morning when it is in the quiet hours."""
    return quiet_hours().polite(at)
