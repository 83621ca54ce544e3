"""A channel's days as one drawing: lines that matched and that did not, the fee, and what is left on clearing.

Three lanes on the same days, each on a scale of its own. Everything in it stands in the table, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from fenqi.usecases.reconciliation.clearing import ClearingDay

MOST_DAYS: Final = 14
COLUMN_WIDTH: Final = 44
BAR_WIDTH: Final = 24
LEFT: Final = 64
LINES_TOP: Final = 22
LINES_HEIGHT: Final = 84
FEE_TOP: Final = 140
FEE_HEIGHT: Final = 28
LEFT_Y: Final = 198
DAYS_Y: Final = 224
HEIGHT: Final = 234
LEAST_VISIBLE: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One day; heights and places in pixels. `differs_height` stands on top of `matched_height`."""

    day: ClearingDay
    x: int
    middle: int
    matched_y: int
    matched_height: int
    differs_y: int
    differs_height: int
    fee_y: int
    fee_height: int


@dataclass(frozen=True, slots=True)
class Chart:
    channel: str
    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        return LEFT + COLUMN_WIDTH * max(len(self.columns), 6)

    @property
    def first(self) -> date:
        return self.columns[0].day.day

    @property
    def last(self) -> date:
        return self.columns[-1].day.day

    height = HEIGHT
    bar_width = BAR_WIDTH
    lines_base = LINES_TOP + LINES_HEIGHT
    lines_label = LINES_TOP + LINES_HEIGHT // 2
    fee_base = FEE_TOP + FEE_HEIGHT
    fee_label = FEE_TOP + FEE_HEIGHT // 2 + 4
    left_y = LEFT_Y
    left_label = LEFT_Y + 4
    days_y = DAYS_Y


def charts_of(days: Sequence[ClearingDay]) -> list[Chart]:
    """One chart for each channel, the newest days last."""
    by_channel: dict[str, list[ClearingDay]] = {}
    for day in days:
        by_channel.setdefault(day.channel, []).append(day)
    return [_chart(channel, sorted(found, key=_on)[-MOST_DAYS:]) for channel, found in by_channel.items()]


def _on(day: ClearingDay) -> date:
    return day.day


def _chart(channel: str, days: Sequence[ClearingDay]) -> Chart:
    most_lines = max((day.matched + day.differing for day in days), default=0)
    most_fee = max((abs(day.fee_minor) for day in days), default=0)
    return Chart(channel, tuple(_column(n, day, most_lines, most_fee) for n, day in enumerate(days)))


def _column(n: int, day: ClearingDay, most_lines: int, most_fee: int) -> Column:
    x = LEFT + n * COLUMN_WIDTH + (COLUMN_WIDTH - BAR_WIDTH) // 2
    differs = _height(day.differing, most_lines, LINES_HEIGHT)
    matched = min(_height(day.matched, most_lines, LINES_HEIGHT), LINES_HEIGHT - differs)
    fee = _height(abs(day.fee_minor), most_fee, FEE_HEIGHT)
    base = LINES_TOP + LINES_HEIGHT
    return Column(
        day=day,
        x=x,
        middle=x + BAR_WIDTH // 2,
        matched_y=base - matched,
        matched_height=matched,
        differs_y=base - matched - differs,
        differs_height=differs,
        fee_y=FEE_TOP + FEE_HEIGHT - fee,
        fee_height=fee,
    )


def _height(value: int, most: int, full: int) -> int:
    """What is there is seen, however little it is."""
    return max(value * full // most, LEAST_VISIBLE) if value and most else 0
