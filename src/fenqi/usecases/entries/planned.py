"""What is going to change of the entries, told beforehand to the customers whose plans it touches (R143, R182)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fenqi.domain.entries import Entry, Reason, Way, leaves_at
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import ruling_closings, ruling_entries
from fenqi.usecases.entries.routing import Route, routes

SHOWN_AHEAD: Final = timedelta(days=7)
"""How long before it begins a change stands on the customer's pages."""

MOST_SHOWN: Final = 3
_GOES: Final = frozenset({Reason.CLOSED, Reason.MOVED, Reason.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """An entry is going to be closed until `until`, or for good (None), for these plans of one customer.

    `instead` are the entries that lead on when it begins.
    """

    entry: Entry
    starts_at: datetime
    until: datetime | None
    notice_zh: str
    notice_en: str
    instead: tuple[Entry, ...]
    plan_ids: tuple[UUID, ...]


def planned_changes(customer_id: UUID, plan_ids: Iterable[UUID], *, now: datetime) -> tuple[PlannedChange, ...]:
    """Those of the next days that touch any of these plans, the soonest first; none of plans that owe nothing.

    Two statements while nothing is planned.
    """
    soon = sorted({(at, code) for at, code in _ahead(now) if now < at <= now + SHOWN_AHEAD})[:MOST_SHOWN]
    wanted = list(plan_ids)
    told = (_planned(code, at, routes(customer_id, wanted, now=at).values()) for at, code in soon)
    return tuple(one for one in told if one is not None)


def change_when_left(
    customer_id: UUID, plan_ids: Iterable[UUID], entry: Entry, *, now: datetime
) -> PlannedChange | None:
    """What it means for these plans that the entry leaves for good; None where it changes nothing for them."""
    at = leaves_at(entry, clock.mall_zone())
    if at is None:
        return None
    return _planned(entry.code, at, routes(customer_id, plan_ids, now=max(now, at)).values())


def _ahead(now: datetime) -> Iterator[tuple[datetime, str]]:
    """When an entry is closed or left, and its code."""
    for closing in ruling_closings(after=now):
        yield closing.starts_at, closing.entry
    for entry in ruling_entries(now):
        if (at := leaves_at(entry, clock.mall_zone())) is not None:
            yield at, entry.code


def _planned(code: str, at: datetime, found: Iterable[Route]) -> PlannedChange | None:
    touched = [(route, way) for route in found if (way := _shut(route, code, at)) is not None]
    if not touched:
        return None
    instead = {way.instead: other.entry for route, way in touched if (other := route.way(way.instead)) is not None}
    first = touched[0][1]
    ends = [way.until for _, way in touched if way.until is not None]
    return PlannedChange(
        entry=first.entry,
        starts_at=at,
        until=max(ends) if ends else None,
        notice_zh=first.notice_zh,
        notice_en=first.notice_en,
        instead=tuple(instead.values()),
        plan_ids=tuple(route.plan_id for route, _ in touched),
    )


def _shut(route: Route, code: str, at: datetime) -> Way | None:
    """The entry as the change leaves it for the plan; None where it changes nothing, or only goes on what stands."""
    way = route.way(code)
    if way is None or way.reason not in _GOES or way.since != at or not route.owes or route.lender is not None:
        return None
    return way
