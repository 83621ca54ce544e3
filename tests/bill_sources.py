"""Bills of the tests' own: lines as they are told, behind the interface of every rail's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fenqi.channels.bill_frames import BILL_COLUMNS
from fenqi.channels.bills import BillNotReady

CHANNEL = "alipay"


@dataclass
class WrittenBills:
    """The bill of each day. A day that is not told is late; a frame holds two lines, so that there are several."""

    days: dict[date, list[dict[str, Any]]] = field(default_factory=dict)
    refuses: Exception | None = None

    def fetch_bill(self, day: date, *, folder: Path) -> Path | None:
        if day not in self.days:
            raise BillNotReady(channel=CHANNEL, day=day)
        if not self.days[day]:
            return None
        path = folder / f"{day}.txt"
        path.write_text(repr(self.days[day]))
        return path

    def read_bill(self, path: Path, *, day: date) -> Iterator[pl.DataFrame]:
        assert path.exists()
        lines = self.days[day]
        for start in range(0, len(lines), 2):
            yield frame_of(lines[start : start + 2])
        if self.refuses:
            raise self.refuses


def frame_of(lines: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(lines, schema=pl.Schema(BILL_COLUMNS), orient="row")


def bill_line(number: str, amount: int, *, kind: str = "payment", **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "number": number,
        "channel_no": f"ch{number}",
        "original_no": "",
        "amount_minor": amount,
        "fee_minor": 0,
        "at": datetime(2026, 2, 1, 4, 0, tzinfo=UTC),
        "state": "succeeded",
        **more,
    }


def open_bills(monkeypatch: pytest.MonkeyPatch) -> WrittenBills:
    """Have every run take its bills from here."""
    source = WrittenBills()
    monkeypatch.setattr("fenqi.usecases.reconciliation.run.bills_of", lambda _channel: source)
    return source
