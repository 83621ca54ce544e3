"""When people answer, and on what number: what a page may promise (R133)."""

from dataclasses import dataclass
from datetime import datetime, time

from django.conf import settings

from fenqi.usecases.clock import mall_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDesk:
    """Open every day from `opens` to `closes` in the mall's time zone; `hotline` is empty when there is none."""

    hotline: str
    opens: time
    closes: time
    is_open: bool

    @property
    def hours(self) -> str:
        """9:00–21:00."""
        return f"{self.opens.hour}:{self.opens:%M}–{self.closes.hour}:{self.closes:%M}"


def service_desk(now: datetime) -> ServiceDesk:
    opens, closes = settings.FENQI_SERVICE_HOURS
    local = now.astimezone(mall_zone()).time()
    is_open = opens <= local < closes if opens < closes else local >= opens or local < closes
    return ServiceDesk(hotline=settings.FENQI_HOTLINE, opens=opens, closes=closes, is_open=is_open)
