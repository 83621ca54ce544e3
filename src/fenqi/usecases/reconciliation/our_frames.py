"""What was booked over a channel around a day, as frames to join a bill with."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import polars as pl
from django.conf import settings
from psycopg import sql

from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation import copying
from fenqi.usecases.reconciliation.our_records import BOOKED_ATTEMPTS, BOOKED_LEGS, CURRENCY, start_of

OUR_SCHEMA: Final = pl.Schema(
    {
        "customer_id": pl.String(),
        "our_id": pl.String(),
        "kind": pl.String(),
        "key": pl.String(),
        "our_minor": pl.Int64(),
        "booked_on": pl.Date(),
    }
)

_BOOKED = sql.SQL("""
SELECT customer_id, id, 'payment', out_trade_no, amount_minor, (paid_at AT TIME ZONE {zone})::date
FROM payment_attempt
WHERE channel = {channel} AND state = ANY({attempts}) AND currency = {currency}
  AND paid_at >= {low} AND paid_at < {high}
UNION ALL
SELECT customer_id, id, 'refund', out_refund_no, amount_minor, (submitted_at AT TIME ZONE {zone})::date
FROM refund_leg
WHERE channel = {channel} AND state = ANY({legs}) AND currency = {currency} AND route = 'original'
  AND submitted_at >= {low} AND submitted_at < {high}
""")


def booked_around(channel: str, day: date) -> Iterator[pl.DataFrame]:
    """What was booked over the channel on the day, the day before and the day after, in frames of `OUR_SCHEMA`."""
    query = _BOOKED.format(
        zone=sql.Literal(settings.FENQI_TIME_ZONE),
        channel=sql.Literal(channel),
        attempts=sql.Literal(sorted(BOOKED_ATTEMPTS)),
        legs=sql.Literal(sorted(BOOKED_LEGS)),
        currency=sql.Literal(CURRENCY),
        low=sql.Literal(start_of(day - timedelta(days=1))),
        high=sql.Literal(start_of(day + timedelta(days=2))),
    )
    with across_customers():
        yield from copying.frames(query, OUR_SCHEMA)
