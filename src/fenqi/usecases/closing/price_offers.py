"""Offers of price differences lapse with their day."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.records.scope import across_customers

_LAPSE: Final = """
UPDATE price_offer SET state = 'expired', closed_at = %(now)s
WHERE customer_id BETWEEN %(first)s AND %(last)s AND state = 'open' AND expires_at <= %(now)s
"""


def on_day(day: date, *, first: UUID, last: UUID, now: datetime) -> int:  # noqa: ARG001 - they end at an instant
    """End the range's offers whose time is over; how many."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_LAPSE, {"first": first, "last": last, "now": now})
        return int(cursor.rowcount)
