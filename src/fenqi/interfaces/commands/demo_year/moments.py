"""Simulated time: one instant, which we, the rails and the sandbox's calendar share."""

import threading
import time as machine
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Final

import httpx

from fenqi.usecases import clock

DRIFT_SECONDS: Final = 90.0
"""How far the sandbox's calendar may be from ours before it is told: it refuses what is ten minutes off."""


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """That time of day at the mall, in UTC."""
    return datetime.combine(day, time(hour, minute, second), tzinfo=clock.mall_zone()).astimezone(UTC)


class Calendar:
    """The instant of the simulation. It never goes back, and other threads may read it."""

    def __init__(self, town: "Town") -> None:
        self._town = town
        self._now = datetime.fromtimestamp(0, UTC)
        self._ahead: float | None = None

    @property
    def now(self) -> datetime:
        return self._now

    @contextmanager
    def standing(self, at: datetime) -> Iterator[datetime]:
        """Inside, it is `at`, or what it was when that is later."""
        self._now = max(self._now, at)
        self._tell_town()
        with clock.simulated(self._now):
            yield self._now

    @contextmanager
    def joined(self) -> Iterator[datetime]:
        """For another thread: inside, it is the instant of the simulation."""
        now = self._now
        with clock.simulated(now):
            yield now

    def _tell_town(self) -> None:
        ahead = self._now.timestamp() - machine.time()
        if self._ahead is None or abs(self._ahead - ahead) > DRIFT_SECONDS:
            self._town.tell("clock", offset_seconds=ahead)
            self._ahead = ahead

    def give_back(self) -> None:
        """The sandbox is in the machine's time again."""
        self._town.tell("clock")
        self._ahead = None


class Town:
    """The sandbox's control, and a payer's browser."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._http = httpx.Client(trust_env=False, verify=False, timeout=30)  # noqa: S501 - plain HTTP on this machine
        self._lock = threading.Lock()
        self.calls = 0

    def tell(self, path: str, **body: object) -> dict[str, object] | None:
        """A call of the control API; None when it says that this cannot be."""
        self.calls += 1
        answer = self._http.post(f"{self.address}/control/api/{path}", json=body)
        if answer.status_code in {404, 409}:
            return None
        told: dict[str, object] = answer.raise_for_status().json()
        return told

    def ask(self, path: str, **query: str) -> dict[str, object]:
        self.calls += 1
        answer = self._http.get(f"{self.address}/control/api/{path}", params=query)
        told: dict[str, object] = answer.raise_for_status().json()
        return told

    def order_fault(self, channel: str, operation: str, kind: str, value: str = "", times: int = 1) -> None:
        """What the next calls suffer."""
        self.tell("faults", channel=channel, operation=operation, kind=kind, value=value, times=times)

    def open(self, address: str) -> None:
        """The payer's browser goes where it was sent."""
        self.calls += 1
        self._http.get(address, follow_redirects=False)

    def newest_code(self, phone: str) -> str:
        """Of the last message to that phone that holds one."""
        messages = self.ask("sms", phone=phone)["messages"]
        assert isinstance(messages, list)
        return next(str(one["params"]["code"]) for one in messages if "code" in one["params"])

    def wait_for_deliveries(self, *, seconds: float = 5.0) -> None:
        """Until every notification was sent once; one that the receiver did not take comes again by itself."""
        deadline = machine.monotonic() + seconds
        while self.ask("deliveries")["under_way"] and machine.monotonic() < deadline:
            machine.sleep(0.005)
