"""Which closings of entries touched a customer, and will: for the story that staff read of the customer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import Closing, Entry, Reader, bucket_of
from fenqi.records.models import EntryWindow, RepaymentEntry
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import closing_of, entry_of, ruling_windows

MOST: Final = 500
"""Versions of closings that are looked at, the newest."""

_READ: Final = """
SELECT c.ref, c.language, o.sales_channel, p.provider, p.opened_on, p.outstanding_minor > 0, p.updated_at
FROM plan p JOIN orders o ON o.customer_id = p.customer_id AND o.id = p.order_id
JOIN customer c ON c.id = p.customer_id
WHERE p.customer_id = %s AND o.customer_id = %s AND c.id = %s
"""


class _Plan(NamedTuple):
    """`owed_until` is None while it owes; one that owes nothing any more owed until it last changed."""

    reader: Reader
    opened_on: date
    owed_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingMoment:
    """One closing as it stands now, with the entries by the names they have now."""

    closing: Closing
    entry: Entry
    successor: Entry | None


def closings_touching(customer_id: UUID) -> tuple[ClosingMoment, ...]:
    """Those in force while a plan of the customer owed, in no order. Three statements, whatever there is."""
    rows = EntryWindow.objects.order_by("-starts_at", "closing_id", "version")[:MOST]
    plans, entries = _plans(customer_id), _newest_entries()
    return tuple(
        ClosingMoment(closing=window, entry=entries[window.entry], successor=entries.get(window.successor))
        for window in (closing_of(row) for row in ruling_windows(rows))
        if window.entry in entries and any(_touches(window, entries[window.entry], plan) for plan in plans)
    )


def _plans(customer_id: UUID) -> list[_Plan]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [customer_id] * 3)
        rows = cursor.fetchall()
    bucket = bucket_of(customer_id)
    return [
        _Plan(
            Reader(ref=ref, language=language, sales_channel=channel, provider=provider, bucket=bucket),
            opened_on,
            None if owes else updated_at,
        )
        for ref, language, channel, provider, opened_on, owes, updated_at in rows
    ]


def _newest_entries() -> dict[str, Entry]:
    rows = RepaymentEntry.objects.order_by("code", "version")
    return {row.code: entry for row in rows if (entry := entry_of(row)) is not None}


def _touches(window: Closing, entry: Entry, plan: _Plan) -> bool:
    owed = plan.opened_on <= clock.business_date(window.ends_at) and (
        plan.owed_until is None or plan.owed_until > window.starts_at
    )
    return owed and window.group.covers(plan.reader) and entry.group.covers(plan.reader)
