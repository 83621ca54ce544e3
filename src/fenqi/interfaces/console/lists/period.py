"""From which day to which day a list reaches."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.http import HttpRequest

LONGEST: Final = timedelta(days=366)
USUAL_DAYS: Final = 7
EARLIEST: Final = date(2000, 1, 1)
"""What lies before it or more than a year ahead is brought in between: the calendar has an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Both days included."""

    from_on: date
    to_on: date

    @property
    def asked(self) -> dict[str, str]:
        """As an address says it."""
        return {"from": self.from_on.isoformat(), "to": self.to_on.isoformat()}


def read_period(request: HttpRequest, *, today: date, days: int = USUAL_DAYS) -> Period:
    """What `?from=` and `?to=` say, a year at most; what is no date, or backwards, gives the last `days`."""
    latest = today + LONGEST
    to_on = min(max(_date(request.GET.get("to")) or today, EARLIEST), latest)
    from_on = _date(request.GET.get("from")) or to_on - timedelta(days=days - 1)
    if from_on > to_on:
        from_on = to_on - timedelta(days=days - 1)
    return Period(from_on=max(from_on, to_on - LONGEST), to_on=to_on)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
