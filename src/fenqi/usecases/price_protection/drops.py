"""Which delivered goods were seen cheaper after they were bought: all orders at once, by COPY and one pass over time.

Compared is the unit price of the order line with every price seen of the same product, whether an order taught it (in
any state: a cancelled order was a price, too) or the feed told it. Only later instants count, so neither an order's own
lines nor prices of the same instant do. Memory grows with the lines and prices that are asked about.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import polars as pl
from django.conf import settings
from psycopg import sql

from fenqi.domain.aftersales.cases import TAKES_PIECES
from fenqi.domain.aftersales.policies import Clock
from fenqi.records.models import CaseKind, OrderStatus
from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation import copying

LONGEST_DAY_HOURS: Final = 25
"""Where clocks are set back."""


class By(StrEnum):
    """What makes two prices those of the same thing."""

    PRODUCT = "product"
    PRODUCT_AND_SELLER = "product+seller"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropQuestion:
    """`since`: only of orders placed at or after that instant; None: of all."""

    window_days: int = 7
    by: By = By.PRODUCT
    clock: Clock = Clock.HOURS
    since: datetime | None = None


_LINES: Final = sql.SQL("""
SELECT o.customer_id, l.order_id, o.order_no, l.line_no, l.sku, l.seller, o.currency,
  (extract(epoch FROM o.placed_at) * 1000000)::bigint, (o.placed_at AT TIME ZONE {zone})::date - DATE '1970-01-01',
  l.unit_price_minor, l.quantity - coalesce(gone.pieces, 0)
FROM orders o JOIN order_line l ON l.customer_id = o.customer_id AND l.order_id = o.id
LEFT JOIN (
  SELECT c.customer_id, p.order_id, p.line_no, sum(p.pieces) AS pieces
  FROM aftersales_case c JOIN aftersales_case_line p ON p.customer_id = c.customer_id AND p.case_id = c.id
  WHERE c.kind = ANY({kinds}) AND c.state = ANY({states}) GROUP BY c.customer_id, p.order_id, p.line_no
) gone ON gone.customer_id = l.customer_id AND gone.order_id = l.order_id AND gone.line_no = l.line_no
WHERE o.status = {delivered} AND o.placed_at >= {since} AND l.quantity > coalesce(gone.pieces, 0)
""")
_LINES_SCHEMA: Final = pl.Schema(
    {
        "customer_id": pl.String(),
        "order_id": pl.String(),
        "order_no": pl.String(),
        "line_no": pl.Int64(),
        "sku": pl.String(),
        "seller": pl.String(),
        "currency": pl.String(),
        "at": pl.Int64(),
        "day": pl.Int64(),
        "paid_minor": pl.Int64(),
        "pieces": pl.Int64(),
    }
)

_PRICES: Final = sql.SQL("""
SELECT sku, seller, currency, (extract(epoch FROM observed_at) * 1000000)::bigint,
  (observed_at AT TIME ZONE {zone})::date - DATE '1970-01-01', price_minor, source
FROM price_observation WHERE observed_at >= {since}
""")
_PRICES_SCHEMA: Final = pl.Schema(
    {
        "sku": pl.String(),
        "seller": pl.String(),
        "currency": pl.String(),
        "at": pl.Int64(),
        "day": pl.Int64(),
        "lowest_minor": pl.Int64(),
        "seen_source": pl.String(),
    }
)

_KEYS: Final = {By.PRODUCT: ["currency", "sku"], By.PRODUCT_AND_SELLER: ["currency", "sku", "seller"]}

ROW: Final = (
    *("order_no", "line_no", "customer_id", "order_id", "sku", "seller", "currency", "placed_at", "pieces"),
    *("paid_minor", "lowest_minor", "difference_minor", "seen_at", "seen_source", "seen_seller"),
)
"""The columns of what is found. Amounts are minor units: what a piece cost and was seen for, and the difference of all
pieces that are kept. Instants are UTC.
"""


def find_drops(question: DropQuestion) -> pl.DataFrame:
    """Every line of a delivered order whose product was seen strictly cheaper in time, with the columns of `ROW`."""
    with across_customers():
        lines = _read(_LINES, _LINES_SCHEMA, question)
        prices = _read(_PRICES, _PRICES_SCHEMA, question)
    return drops_among(lines, prices, question)


def drops_among(lines: pl.DataFrame, prices: pl.DataFrame, question: DropQuestion) -> pl.DataFrame:
    """The same of any lines and prices, with the columns of the queries above."""
    keys = _KEYS[question.by]
    ranked = prices.sort("lowest_minor", "at").with_row_index("rank").with_columns(pl.col("rank").cast(pl.Int64))
    lowest = _lowest_rank(lines, ranked, keys, question)
    seen = ranked.select(
        "rank", "lowest_minor", "seen_source", pl.col("at").alias("seen_us"), pl.col("seller").alias("seen_seller")
    )
    return (
        lines.with_columns(lowest)
        .drop_nulls("rank")
        .join(seen, on="rank", how="left")
        .filter(pl.col("lowest_minor") < pl.col("paid_minor"))
        .with_columns(
            difference_minor=(pl.col("paid_minor") - pl.col("lowest_minor")) * pl.col("pieces"),
            placed_at=pl.col("at").cast(pl.Datetime("us", "UTC")),
            seen_at=pl.col("seen_us").cast(pl.Datetime("us", "UTC")),
        )
        .select(ROW)
        .sort("placed_at", "order_no", "line_no")
    )


def rows_of(found: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The drops one by one, as they are in the frame."""
    return found.iter_rows(named=True)


def totals_of(found: pl.DataFrame) -> dict[str, int]:
    """Minor units by currency."""
    sums = found.group_by("currency").agg(pl.col("difference_minor").sum()).sort("currency")
    return dict(sums.iter_rows())


def _read(query: sql.SQL, schema: pl.Schema, question: DropQuestion) -> pl.DataFrame:
    composed = query.format(
        zone=sql.Literal(settings.FENQI_TIME_ZONE),
        kinds=sql.Literal([CaseKind.RETURN.value, CaseKind.REFUND_ONLY.value]),
        states=sql.Literal(sorted(TAKES_PIECES)),
        delivered=sql.Literal(OrderStatus.DELIVERED.value),
        since=sql.Literal(question.since.isoformat() if question.since else "-infinity"),
    )
    frames = list(copying.frames(composed, schema))
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)


def _lowest_rank(lines: pl.DataFrame, prices: pl.DataFrame, keys: Sequence[str], question: DropQuestion) -> pl.Series:
    """For each line the rank of the lowest price in its window, or null."""
    by_hour = timedelta(days=question.window_days) // timedelta(microseconds=1)
    if question.clock is Clock.HOURS:
        return _lowest_after(lines, prices, [*keys], index="at", upto=by_hour)
    rest_of_day = timedelta(hours=LONGEST_DAY_HOURS) // timedelta(microseconds=1)
    same_day = _lowest_after(lines, prices, [*keys, "day"], index="at", upto=rest_of_day)
    later_days = _lowest_after(lines, prices, [*keys], index="day", upto=question.window_days)
    return pl.DataFrame({"same": same_day, "later": later_days}).select(rank=pl.min_horizontal("same", "later"))["rank"]


def _lowest_after(lines: pl.DataFrame, prices: pl.DataFrame, keys: list[str], *, index: str, upto: int) -> pl.Series:
    """The lowest rank among the prices of the same keys whose `index` is above the line's by at most `upto`.

    Lines and prices become one sequence for each key. Time is read backwards, for the library looks back from each
    row: what lies in [-index - upto, -index) backwards is in (index, index + upto].
    """
    nothing = pl.lit(None, pl.Int64)
    both = pl.concat(
        [
            prices.select(*keys, pl.col("rank"), (-pl.col(index)).alias("back"), nothing.alias("line")),
            lines.select(
                *keys,
                nothing.alias("rank"),
                (-pl.col(index)).alias("back"),
                pl.int_range(pl.len(), dtype=pl.Int64).alias("line"),
            ),
        ]
    )
    lowest = pl.col("rank").rolling_min_by("back", window_size=f"{upto}i", closed="left").over(keys)
    found = both.sort("back").with_columns(lowest.alias("rank")).drop_nulls("line").sort("line")
    return found["rank"]
