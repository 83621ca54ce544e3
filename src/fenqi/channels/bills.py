"""The daily bill of a channel, in our words: where it comes from, and what is said when it cannot be had.

What its frames look like is in `bill_frames`, which loads Polars: few processes need that.
"""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from fenqi.domain.errors import FenqiError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


class BillKind(StrEnum):
    """What a line of a daily bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    """A charge of the channel that belongs to no payment."""


class BillNotReady(FenqiError):
    """The channel has not made the bill yet. Details: `channel`, `day`."""

    code = "bill_not_ready"
    status = 409
    zh = "「{channel}」{day} 的账单还没有生成，请稍后再试。"
    en = "The bill of {channel} for {day} is not ready yet: try again later."


class BillRefused(FenqiError):
    """The bill is torn, of another day or of another merchant: nothing is taken from it.

    Details: `channel`, `day`, `problem`, `problem_zh`.
    """

    code = "bill_refused"
    status = 422
    zh = "「{channel}」{day} 的账单不能用：{problem_zh}。没有入账任何内容。"
    en = "The bill of {channel} for {day} cannot be used: {problem}. Nothing was taken from it."


@runtime_checkable
class BillSource(Protocol):
    """Where the bills of one rail come from and how they are read. Apart from the rail: few processes need it."""

    def fetch_bill(self, day: date, *, folder: Path) -> Path | None:
        """Fetch the day's bill into `folder`, as the channel gives it; None for a day without any line.

        Raises BillNotReady, BillRefused (its digest does not hold), NoAnswer.
        """

    def read_bill(self, path: Path, *, day: date) -> "Iterator[pl.DataFrame]":
        """The lines in frames with `BILL_COLUMNS`, streamed; amounts by header names, never by position.

        The bill's own summary is compared after the last frame: take nothing before the end. Raises BillRefused.
        """
