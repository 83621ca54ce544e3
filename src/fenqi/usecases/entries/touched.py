"""Whom a closing touches: counted set-based over all plans that owe, in groups that the rules can tell apart.

The rules of a group stand in the rows as JSON, and mean the same here as in `domain.entries.Group.covers`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fenqi.domain.entries import SELF_SERVICE, Closing, Entry, Group, Reader, boundaries, stays_open
from fenqi.records.models import FinanceProvider
from fenqi.records.scope import across_customers
from fenqi.usecases.entries.catalog import ruling_closings, ruling_pairs

BUCKET: Final = "(('x' || substr(encode(sha256(convert_to(c.id::text, 'UTF8')), 'hex'), 1, 8))::bit(32)::bigint %% 100)"
"""As `domain.entries.bucket_of`."""


def covers(rules: str) -> str:
    """SQL: whether the rules of that JSON cover the customer c, the order o and the plan p."""
    sets = (("languages", "c.language"), ("sales_channels", "o.sales_channel"), ("providers", "p.provider"))
    named = [
        f"(NOT jsonb_exists({rules}, '{name}') OR jsonb_exists({rules}->'{name}', {column}))"
        for name, column in (*sets, ("customers", "c.ref"))
    ]
    share = (
        f"(NOT jsonb_exists({rules}, 'share_from') OR ({BUCKET} >= ({rules}->>'share_from')::int"
        f" AND {BUCKET} < ({rules}->>'share_to')::int))"
    )
    return " AND ".join([*named, share])


TOUCHED_PLANS: Final = f"""
FROM plan p JOIN orders o ON o.customer_id = p.customer_id AND o.id = p.order_id
JOIN customer c ON c.id = p.customer_id
WHERE p.outstanding_minor > 0 AND p.provider <> ALL(%(elsewhere)s)
  AND {covers("%(window_rules)s::jsonb")} AND {covers("%(entry_rules)s::jsonb")}
"""
"""Plans that owe, are repaid here, and are in the group of the closing and of its entry."""

_GROUPS: Final = f"""
SELECT c.language, o.sales_channel, p.provider, {BUCKET} AS bucket,
  CASE WHEN c.ref = ANY(%(listed)s) THEN c.ref ELSE '' END AS listed,
  count(*), count(DISTINCT c.id)
{TOUCHED_PLANS}
GROUP BY 1, 2, 3, 4, 5
"""

_DUE: Final = f"SELECT p.next_due_on, count(*) {TOUCHED_PLANS} GROUP BY 1 ORDER BY 1"
_CUSTOMERS: Final = f"SELECT count(DISTINCT p.customer_id) {TOUCHED_PLANS}"


def plan_groups(entry: Entry, listed: Sequence[str]) -> tuple[list[tuple[Reader, int]], int]:
    """All plans that owe and could be repaid there, in groups that the rules tell apart; and whom it would be for."""
    everybody: dict[str, Any] = {"window_rules": "{}", "listed": listed, "elsewhere": _elsewhere(entry)}
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_GROUPS, everybody | {"entry_rules": "{}"})
        rows = cursor.fetchall()
        cursor.execute(_CUSTOMERS, everybody | {"entry_rules": json.dumps(entry.group.to_mapping())})
        customers = cursor.fetchone()[0]
    groups = [
        (Reader(ref=ref, language=language, sales_channel=channel, provider=provider, bucket=int(bucket)), plans)
        for language, channel, provider, bucket, ref, plans, _ in rows
    ]
    return groups, customers


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Whom a closing touches. `due_in` is plans by their next due day from its first day to a week after its end.

    `stays` is entry to the plans for which it stays open throughout; `shut_out` plans would have no way at some time.
    """

    customers: int
    plans: int
    due_in: tuple[tuple[date, int], ...]
    overdue: int
    stays: tuple[tuple[Entry, int], ...]
    shut_out: int

    def to_mapping(self) -> dict[str, Any]:
        """As it is kept with the closing, for whoever asks later what was known."""
        return {
            "customers": self.customers,
            "plans": self.plans,
            "due": sum(plans for _, plans in self.due_in),
            "overdue": self.overdue,
            "stays": {entry.code: plans for entry, plans in self.stays},
        }


SOON_AFTER_DAYS: Final = 7


def touched_by(window: Closing, entry: Entry) -> Touched:
    """Three passes over the plans that owe; nothing is locked."""
    pairs = ruling_pairs(window.starts_at)
    entries = [each for _, each in pairs]
    closings = (*ruling_closings(after=window.starts_at, but=UUID(window.id)), window)
    groups_asked = [*(one.group for one in entries), *(one.group for one in closings)]
    listed = sorted({ref for group in groups_asked for ref in group.customers})
    params = params_of(window.group, entry) | {"listed": listed}
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_GROUPS, params)
        groups = cursor.fetchall()
        cursor.execute(_DUE, params)
        due = cursor.fetchall()
        cursor.execute(_CUSTOMERS, params)
        customers = cursor.fetchone()[0]
    instants = boundaries(closings, entries, window)
    stays = dict.fromkeys((one.code for one in entries), 0)
    shut_out = 0
    for language, sales_channel, provider, bucket, ref, plans, _ in groups:
        reader = Reader(ref=ref, language=language, sales_channel=sales_channel, provider=provider, bucket=int(bucket))
        open_at = [{one.code for one in entries if stays_open(one, closings, reader, at)} for at in instants]
        shut_out += plans * (not all(open_at))
        for code in set.intersection(*open_at):
            stays[code] += plans
    first, last = window.starts_at.date(), window.ends_at.date()
    return Touched(
        customers=customers,
        plans=sum(row[5] for row in groups),
        due_in=tuple((day, plans) for day, plans in due if first <= day and (day - last).days <= SOON_AFTER_DAYS),
        overdue=sum(plans for day, plans in due if day < first),
        stays=tuple((one, stays[one.code]) for one in entries if stays[one.code]),
        shut_out=shut_out,
    )


def params_of(group: Group, entry: Entry) -> dict[str, Any]:
    """What `TOUCHED_PLANS` asks for."""
    return {
        "window_rules": json.dumps(group.to_mapping()),
        "entry_rules": json.dumps(entry.group.to_mapping()),
        "elsewhere": _elsewhere(entry),
    }


def _elsewhere(entry: Entry) -> list[str]:
    """The lenders that collect their plans themselves, but for the one whose entry it is."""
    collecting = FinanceProvider.objects.filter(repays_here=False).values_list("code", flat=True)
    return [code for code in collecting if entry.group.providers != {code}]


def before_it(pairs: Sequence[tuple[UUID, Entry]], entry: Entry) -> list[UUID]:
    """The rows of the entries that come before it, where one repays by oneself: whoever has one relies on that."""
    return [
        row_id
        for row_id, one in pairs
        if one.kind in SELF_SERVICE and (one.position, one.code) < (entry.position, entry.code)
    ]
