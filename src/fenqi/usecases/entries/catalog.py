"""The entries and closings that rule, read from their versions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from fenqi.domain.entries import PEOPLE, Closing, Entry, EntryKind, Group
from fenqi.records.models import EntryWindow, RepaymentEntry
from fenqi.usecases import clock

ELSEWHERE: Final = frozenset({EntryKind.FINANCE_APP, EntryKind.HOTLINE})
"""Entries that have an address of their own: an app, a telephone."""


def ruling_entries(now: datetime) -> tuple[Entry, ...]:
    """The latest version of each that has begun; people keep the hours of the service desk. One statement."""
    return tuple(entry for _, entry in ruling_pairs(now))


def ruling_pairs(now: datetime) -> list[tuple[UUID, Entry]]:
    """The same, each with the key of its row, in their order."""
    begun: dict[str, RepaymentEntry] = {}
    for row in RepaymentEntry.objects.filter(valid_from__lte=now).order_by("code", "version"):
        begun[row.code] = row
    pairs = [(row.id, entry) for row in begun.values() if (entry := entry_of(row)) is not None]
    return sorted(pairs, key=lambda pair: (pair[1].position, pair[1].code))


def entry_of(row: RepaymentEntry) -> Entry | None:
    """As the rules read it; None of an app or a hotline that this house does not have."""
    entry = as_published(row)
    address = row.address or _address_of(entry.kind)
    if entry.kind in ELSEWHERE and not address:
        return None
    if entry.kind in PEOPLE and entry.opens_at is None:
        opens_at, closes_at = settings.FENQI_SERVICE_HOURS
        entry = replace(entry, opens_at=opens_at, closes_at=closes_at)
    return replace(entry, address=address)


def newest_versions() -> dict[str, Entry]:
    """Of every entry the newest version as it was published, also of those that this house does not have."""
    rows = RepaymentEntry.objects.order_by("code", "version")
    return {row.code: as_published(row) for row in rows}


def as_published(row: RepaymentEntry) -> Entry:
    """Without what the settings of the house say where it says nothing."""
    return Entry(
        code=row.code,
        version=row.version,
        kind=EntryKind(row.kind),
        position=row.position,
        name_zh=row.name_zh,
        name_en=row.name_en,
        howto_zh=row.howto_zh,
        howto_en=row.howto_en,
        address=row.address,
        group=Group.from_mapping(row.rules),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        opens_on=row.opens_on,
        closes_on=row.closes_on,
        moved_at=row.moved_at.astimezone(clock.mall_zone()) if row.moved_at else None,
        successor=row.successor,
    )


def _address_of(kind: EntryKind) -> str:
    if kind is EntryKind.FINANCE_APP:
        return str(settings.FENQI_FINANCE_APP_URL)
    return str(settings.FENQI_HOTLINE) if kind is EntryKind.HOTLINE else ""


def ruling_closings(*, after: datetime, but: UUID | None = None) -> tuple[Closing, ...]:
    """Those in force that end after that instant; without one of them, if named. One statement."""
    found = ruling_windows(EntryWindow.objects.filter(~Q(approved_by="")))
    return tuple(closing_of(row) for row in found if row.ends_at > after and row.closing_id != but)


def ruling_windows(rows: Iterable[EntryWindow]) -> list[EntryWindow]:
    """Of each closing the latest version that was approved, unless that took the closing back."""
    latest: dict[UUID, EntryWindow] = {}
    for row in rows:
        kept = latest.get(row.closing_id)
        if row.approved_by and (kept is None or row.version > kept.version):
            latest[row.closing_id] = row
    return sorted(
        (row for row in latest.values() if not row.is_cancelled), key=lambda row: (row.starts_at, row.closing_id)
    )


def closing_of(row: EntryWindow) -> Closing:
    """As the rules read it, its instants on the mall's clock."""
    zone = clock.mall_zone()
    return Closing(
        id=str(row.closing_id),
        entry=row.entry,
        starts_at=row.starts_at.astimezone(zone),
        ends_at=row.ends_at.astimezone(zone),
        notice_zh=row.notice_zh,
        notice_en=row.notice_en,
        successor=row.successor,
        group=Group.from_mapping(row.rules),
    )
