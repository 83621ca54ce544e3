"""The daily bill of a channel, in our words: lines of payments, refunds and fees, as a stream of frames."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import polars as pl

from fenqi.domain.errors import FenqiError


class BillKind(StrEnum):
    """What a line of a daily bill is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    FEE = "fee"
    """A charge of the channel that belongs to no payment."""


BILL_COLUMNS: Mapping[str, pl.DataType] = {
    "kind": pl.String(),  # a BillKind
    "number": pl.String(),  # ours: of the payment, or of the refund
    "channel_no": pl.String(),  # theirs
    "original_no": pl.String(),  # ours, of the payment that a refund belongs to; empty for a payment
    "amount_minor": pl.Int64(),  # above zero
    "fee_minor": pl.Int64(),  # what the channel took for it; below zero where it gave a fee back
    "at": pl.Datetime("us", "UTC"),
    "state": pl.String(),  # succeeded, waiting or failed
}
"""The columns of a bill in our words, in this order."""


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

    def read_bill(self, path: Path, *, day: date) -> Iterator[pl.DataFrame]:
        """The lines in frames with `BILL_COLUMNS`, streamed; amounts by header names, never by position.

        The bill's own summary is compared after the last frame: take nothing before the end. Raises BillRefused.
        """
