"""When people may be written to that did not ask: not at night (P1103). How often: `domain.hardship.contact_rules`."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `starts` until `ends`, over midnight where `starts` is the later; no hours at all when they are equal."""

    starts: time
    ends: time
    zone: ZoneInfo

    def are_at(self, at: datetime) -> bool:
        clock = at.astimezone(self.zone).time()
        if self.starts <= self.ends:
            return self.starts <= clock < self.ends
        return clock >= self.starts or clock < self.ends

    def polite(self, at: datetime) -> datetime:
        """The same instant, or the end of the quiet hours that it falls into."""
        if not self.are_at(at):
            return at
        local = at.astimezone(self.zone)
        end = local.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)
        return end if end > local else end + timedelta(days=1)
