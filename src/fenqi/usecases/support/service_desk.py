"""When people answer, and on what number: what a page may promise (R133)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings

from fenqi.domain.support.promise import ServiceHours, answer_by
from fenqi.usecases.clock import mall_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDesk:
    """Open every day from `opens` to `closes` in the mall's time zone; `hotline` is empty when there is none.

    `answer_by`: by when a question asked now is answered; a promise.
    """

    hotline: str
    opens: time
    closes: time
    is_open: bool
    answer_by: datetime

    @property
    def hours(self) -> str:
        """9:00–21:00."""
        return f"{self.opens.hour}:{self.opens:%M}–{self.closes.hour}:{self.closes:%M}"


def service_desk(now: datetime) -> ServiceDesk:
    hours = service_hours()
    return ServiceDesk(
        hotline=settings.FENQI_HOTLINE,
        opens=hours.opens,
        closes=hours.closes,
        is_open=hours.are_open(now.astimezone(mall_zone())),
        answer_by=promised_answer(now),
    )


def service_hours() -> ServiceHours:
    opens, closes = settings.FENQI_SERVICE_HOURS
    return ServiceHours(opens, closes)


def promised_answer(asked_at: datetime) -> datetime:
    """By when whoever asks at that instant is answered."""
    within = timedelta(minutes=settings.FENQI_ANSWER_MINUTES)
    return answer_by(asked_at.astimezone(mall_zone()), hours=service_hours(), within=within).astimezone(asked_at.tzinfo)
