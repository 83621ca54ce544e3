"""When people may be written to that did not ask: not at night (P1103), and seldom about the same bill (P1105)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = 7


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


@dataclass(frozen=True, slots=True)
class Contact:
    """A message about money due that nobody asked for, by whatever ways it went: one contact about each bill."""

    at: datetime
    bills: frozenset[str]


def may_be_told_of(
    bills: Iterable[str], contacts: Iterable[Contact], *, at: datetime, zone: ZoneInfo, a_day: int = 1, a_week: int = 3
) -> frozenset[str]:
    """Those of the bills about which another message stays within the caps: of the day, and of any seven days to it."""
    today = at.astimezone(zone).date()
    ages = [((today - contact.at.astimezone(zone).date()).days, contact.bills) for contact in contacts]

    def count(bill: str, days: int) -> int:
        return sum(1 for age, told in ages if 0 <= age < days and bill in told)

    return frozenset(bill for bill in bills if count(bill, 1) < a_day and count(bill, WEEK) < a_week)
