"""By when an answer is promised: so many minutes of service time after the question."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """Every day from `opens` to `closes`; over midnight when it closes before it opens; the whole day when equal."""

    opens: time
    closes: time

    def are_open(self, at: datetime) -> bool:
        """`at` is local time, as are all instants here."""
        local = at.time().replace(tzinfo=None)
        if self.opens == self.closes:
            return True
        if self.opens < self.closes:
            return self.opens <= local < self.closes
        return local >= self.opens or local < self.closes

    def next_opening(self, at: datetime) -> datetime:
        """`at` itself while they are open."""
        if self.are_open(at):
            return at
        opening = _on_the_day(at, self.opens)
        return opening if opening > at else _on_the_day(at + ONE_DAY, self.opens)

    def closing_after(self, at: datetime) -> datetime | None:
        """When they close next, counted from an instant at which they are open; None: never."""
        if self.opens == self.closes:
            return None
        closing = _on_the_day(at, self.closes)
        return closing if closing > at else _on_the_day(at + ONE_DAY, self.closes)


def answer_by(asked_at: datetime, *, hours: ServiceHours, within: timedelta) -> datetime:
    """The end of `within` of service time after the question: what closing time cuts off goes on at the next opening.

    Asked outside the hours, it counts from the next opening. Local time in, local time out.
    """
    at, left = hours.next_opening(asked_at), within
    while True:
        closing = hours.closing_after(at)
        if closing is None or at + left <= closing:
            return at + left
        left -= closing - at
        at = hours.next_opening(closing)


def _on_the_day(day: datetime, at: time) -> datetime:
    return day.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
