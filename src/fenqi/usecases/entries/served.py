"""Whom a version of an entry would serve, counted over all plans that owe, beside the version that rules now."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from fenqi.domain.entries import EVERYBODY, Closing, Entry, Reader, boundaries, leaves_at, stays_open
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import ruling_closings, ruling_entries
from fenqi.usecases.entries.touched import plan_groups

LOOKED_AHEAD: Final = timedelta(days=60)
"""As long as a closing may last: what changes later is looked at when it is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Plans that owe. `gained` were not served by the version before, `lost` are no more.

    `shut_out` would have no way at some time at which they have one now; for `not_led_on` it is closed at some time at
    which the successor is, too.
    """

    customers: int
    plans: int
    gained: int
    lost: int
    shut_out: int
    not_led_on: int


def served_by(entry: Entry, *, now: datetime) -> Served:
    """Two passes over the plans that owe; nothing is locked."""
    before = {one.code: one for one in ruling_entries(now)}
    after = {**before, entry.code: entry}
    closings = ruling_closings(after=now)
    listed = {ref for one in (*before.values(), entry) for ref in one.group.customers}
    listed |= {ref for one in closings for ref in one.group.customers}
    groups, customers = plan_groups(entry, sorted(listed))
    window = _window(entry, now)
    instants = boundaries(closings, [*before.values(), entry], window)
    counted = dict.fromkeys(("plans", "gained", "lost", "shut_out", "not_led_on"), 0)
    old = before.get(entry.code)
    for reader, plans in groups:
        serves, served = entry.group.covers(reader), old is not None and old.group.covers(reader)
        gone = [at for at in instants if serves and not stays_open(entry, (), reader, at)]
        counted["plans"] += plans * serves
        counted["gained"] += plans * (serves and not served)
        counted["lost"] += plans * (served and not serves)
        counted["shut_out"] += plans * any(
            _has_way(before, closings, reader, at) and not _has_way(after, closings, reader, at) for at in instants
        )
        counted["not_led_on"] += plans * (bool(gone) and not _leads_on(after, entry, closings, reader, gone))
    return Served(customers=customers, **counted)


def _window(entry: Entry, now: datetime) -> Closing:
    """From now until some time after its last change."""
    starts_at = now.astimezone(clock.mall_zone())
    ends_at = max(starts_at, leaves_at(entry, clock.mall_zone()) or starts_at) + LOOKED_AHEAD
    return Closing(
        id=str(UUID(int=0)),
        entry=entry.code,
        starts_at=starts_at,
        ends_at=ends_at,
        notice_zh="",
        notice_en="",
        successor="",
        group=EVERYBODY,
    )


def _has_way(entries: dict[str, Entry], closings: tuple[Closing, ...], reader: Reader, at: datetime) -> bool:
    return any(stays_open(one, closings, reader, at) for one in entries.values())


def _leads_on(
    entries: dict[str, Entry], entry: Entry, closings: tuple[Closing, ...], reader: Reader, gone: list[datetime]
) -> bool:
    """Of a version without successor nothing is promised: customers are led to the first entry that works."""
    if not entry.successor:
        return True
    successor = entries.get(entry.successor)
    return successor is not None and all(stays_open(successor, closings, reader, at) for at in gone)
