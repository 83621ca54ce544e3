"""Which closings of entries touched a customer, and will: for the story that staff read of the customer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import Closing, Entry, Reader, bucket_of
from fenqi.records.models import EntryWindow, RepaymentEntry
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import closing_of, entry_of, ruling_windows

MOST: Final = 500
"""Versions of closings that are looked at, the newest."""

_PLANS: Final = """
SELECT c.ref, c.language, o.sales_channel, p.provider, p.opened_on, p.outstanding_minor > 0, p.updated_at
FROM plan p JOIN orders o ON o.customer_id = p.customer_id AND o.id = p.order_id
JOIN customer c ON c.id = p.customer_id
WHERE p.customer_id = %s AND o.customer_id = %s AND c.id = %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingMoment:
    """One closing as it stands now, with the entries by the names they have now."""

    closing: Closing
    entry: Entry
    successor: Entry | None


def closings_touching(customer_id: UUID) -> tuple[ClosingMoment, ...]:
    """Those in force while a plan of the customer owed, in no order. Three statements, whatever there is.

    A plan that owes nothing any more owed until it last changed.
    """
    rows = EntryWindow.objects.order_by("-starts_at", "closing_id", "version")[:MOST]
    windows = [closing_of(row) for row in ruling_windows(rows)]
    with connection.cursor() as cursor:
        cursor.execute(_PLANS, [customer_id] * 3)
        plans = cursor.fetchall()
    entries = _newest_entries()
    return tuple(
        ClosingMoment(closing=window, entry=entries[window.entry], successor=entries.get(window.successor))
        for window in windows
        if window.entry in entries and any(_touches(window, entries[window.entry], customer_id, plan) for plan in plans)
    )


def _newest_entries() -> dict[str, Entry]:
    rows = RepaymentEntry.objects.order_by("code", "version")
    return {entry.code: entry for row in rows if (entry := entry_of(row)) is not None}


def _touches(window: Closing, entry: Entry, customer_id: UUID, plan: tuple[object, ...]) -> bool:
    ref, language, sales_channel, provider, opened_on, owes, updated_at = plan
    reader = Reader(
        ref=str(ref),
        language=str(language),
        sales_channel=str(sales_channel),
        provider=str(provider),
        bucket=bucket_of(customer_id),
    )
    assert isinstance(updated_at, datetime)
    owed = clock.business_date(window.ends_at) >= opened_on and (owes or updated_at > window.starts_at)  # type: ignore[operator]
    return bool(owed) and window.group.covers(reader) and entry.group.covers(reader)
