"""The frames that a daily bill is read into."""

from collections.abc import Mapping

import polars as pl

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
