"""Which entries work now for one plan of one customer, and for each that does not: why, until when, what instead.

Never an error: where everything else is closed, people can be written to (P1008).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from fenqi.domain.entries.entries import LAST_RESORT, PEOPLE, Closing, Entry, EntryKind, EntryState, Reader

_OURS: Final = frozenset({EntryKind.MALL_PAGE, EntryKind.FINANCE_APP, EntryKind.MESSAGE_LINK})


class Reason(StrEnum):
    """Why an entry does not work now."""

    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    OUTSIDE_HOURS = "outside_hours"
    MOVED = "moved"
    ENDED = "ended"
    LENDER_COLLECTS = "lender_collects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Who collects the plan's installments elsewhere, and where."""

    code: str
    name_zh: str
    name_en: str
    contact_zh: str = ""
    contact_en: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One entry for this plan now. `reason` None: it works. `instead` is the code of the entry to use in its place.

    `answered_from` is when people answer at an entry that takes messages at any time; `closing` is what closed it.
    """

    entry: Entry
    state: EntryState
    reason: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None
    notice_zh: str = ""
    notice_en: str = ""
    instead: str = ""
    answered_from: datetime | None = None
    closing: str = ""

    @property
    def works(self) -> bool:
        return self.reason is None

    @property
    def code(self) -> str:
        return self.entry.code

    @property
    def kind(self) -> EntryKind:
        return self.entry.kind


def ways_for(
    entries: Iterable[Entry],
    closings: Iterable[Closing],
    reader: Reader,
    *,
    lender: Lender | None = None,
    at: datetime,
) -> tuple[Way, ...]:
    """Those that work first, each part in the order of the entries; the first one always works.

    `lender` is set when it collects the plan's installments itself: then its own entry leads, and ours say so.
    """
    mine = entries_for(entries, reader)
    known = [one for one in closings if one.group.covers(reader)]
    ways = [_led_to_lender(one, lender) or _way(one, known, at) for one in mine]
    if lender is not None and not any(_is_of(way.entry, lender) for way in ways):
        ways.append(Way(entry=_entry_of(lender), state=EntryState.OPEN))
    if not any(way.works for way in ways):
        ways.append(Way(entry=LAST_RESORT, state=EntryState.OPEN))
    ordered = sorted(ways, key=lambda way: (not way.works, way.entry.position, way.code))
    return tuple(_with_instead(way, ordered) for way in ordered)


def entries_for(entries: Iterable[Entry], reader: Reader) -> tuple[Entry, ...]:
    """Those that are for this customer and plan, in their order."""
    found = (one for one in entries if one.group.covers(reader))
    return tuple(sorted(found, key=lambda one: (one.position, one.code)))


def usual(entries: Iterable[Entry], reader: Reader) -> Entry | None:
    """The entry that a customer relies on for the plan: the first where one repays by oneself."""
    return next((one for one in entries_for(entries, reader) if one.kind in _OURS), None)


def stays_open(entry: Entry, closings: Iterable[Closing], reader: Reader, at: datetime) -> bool:
    """Whether nothing but opening hours keeps one from it then: hours come round again by themselves."""
    if not entry.group.covers(reader):
        return False
    way = _way(entry, [one for one in closings if one.group.covers(reader)], at)
    return way.reason in (None, Reason.OUTSIDE_HOURS)


def leaves_at(entry: Entry, zone: tzinfo) -> datetime | None:
    """When the entry takes no more for good: it moves, or its last day is over on the clock of the zone."""
    over = datetime.combine(entry.closes_on + timedelta(days=1), time(), zone) if entry.closes_on else None
    return min((at for at in (entry.moved_at, over) if at is not None), default=None)


def boundaries(closings: Iterable[Closing], entries: Iterable[Entry], window: Closing) -> tuple[datetime, ...]:
    """The instants of a closing at which what is open may change: between two of them nothing does."""
    inside = {window.starts_at}
    for one in closings:
        inside |= {at for at in (one.starts_at, one.ends_at) if window.stands(at)}
    for entry in entries:
        midnights = [
            *([datetime.combine(entry.opens_on, time(), window.starts_at.tzinfo)] if entry.opens_on else []),
            *([_midnight_after(entry.closes_on, window)] if entry.closes_on else []),
            *([entry.moved_at] if entry.moved_at else []),
        ]
        inside |= {at for at in midnights if window.stands(at)}
    return tuple(sorted(inside))


def _way(entry: Entry, closings: Sequence[Closing], at: datetime) -> Way:
    """Of an entry that is for the reader; `closings` are the reader's, of all entries."""
    return _gone(entry, at) or _closed(entry, closings, at) or _by_hours(entry, at)


def _gone(entry: Entry, at: datetime) -> Way | None:
    """Not open yet, moved, or ended."""
    if entry.opens_on is not None and at.date() < entry.opens_on:
        opens = datetime.combine(entry.opens_on, entry.opens_at or time(), at.tzinfo)
        return Way(entry=entry, state=EntryState.PLANNED, reason=Reason.NOT_OPEN_YET, until=opens)
    if entry.moved_at is not None and at >= entry.moved_at:
        return Way(
            entry=entry, state=EntryState.MOVED, reason=Reason.MOVED, since=entry.moved_at, instead=entry.successor
        )
    if entry.closes_on is not None and at.date() > entry.closes_on:
        since = datetime.combine(entry.closes_on + timedelta(days=1), time(), at.tzinfo)
        return Way(entry=entry, state=EntryState.CLOSED, reason=Reason.ENDED, since=since, instead=entry.successor)
    return None


def _by_hours(entry: Entry, at: datetime) -> Way:
    """People who are written to take messages at any time, and say when they answer."""
    if entry.in_hours(at):
        return Way(entry=entry, state=EntryState.OPEN)
    opens = _next(entry.opens_at or time(), at)
    if entry.kind is EntryKind.AGENT:
        return Way(entry=entry, state=EntryState.OPEN, answered_from=opens)
    return Way(entry=entry, state=EntryState.OPEN, reason=Reason.OUTSIDE_HOURS, until=opens)


def _closed(entry: Entry, closings: Sequence[Closing], at: datetime) -> Way | None:
    """Closings that overlap or follow each other are one: since the first, until the end of the last."""
    mine = [one for one in closings if one.entry == entry.code]
    standing = [one for one in mine if one.stands(at)]
    if not standing:
        return None
    last = max(standing, key=lambda one: (one.ends_at, one.id))
    until = at
    while joined := [one.ends_at for one in mine if one.stands(until)]:
        until = max(joined)
    return Way(
        entry=entry,
        state=EntryState.CLOSED,
        reason=Reason.CLOSED,
        since=min(one.starts_at for one in standing),
        until=until,
        notice_zh=last.notice_zh,
        notice_en=last.notice_en,
        instead=last.successor,
        closing=last.id,
    )


def _led_to_lender(entry: Entry, lender: Lender | None) -> Way | None:
    """Nothing of ours takes a repayment that the lender collects; people help all the same."""
    if lender is None or entry.kind in PEOPLE or _is_of(entry, lender):
        return None
    return Way(entry=entry, state=EntryState.OPEN, reason=Reason.LENDER_COLLECTS, instead=_entry_of(lender).code)


def _is_of(entry: Entry, lender: Lender) -> bool:
    """An entry set up for the lender's plans alone, in an app."""
    return entry.kind is EntryKind.FINANCE_APP and entry.group.providers == {lender.code}


def _entry_of(lender: Lender) -> Entry:
    """The lender's own app, when staff set up none for it."""
    return Entry(
        code=f"lender:{lender.code}",
        kind=EntryKind.FINANCE_APP,
        position=-1,
        name_zh=f"{lender.name_zh} App",
        name_en=f"The app of {lender.name_en}",
        howto_zh=lender.contact_zh or f"这笔分期由{lender.name_zh}收取，请在它的 App 里还款。",
        howto_en=lender.contact_en or f"{lender.name_en} collects this plan: repay it in its app.",
        address=lender.phone,
    )


def _with_instead(way: Way, ordered: Sequence[Way]) -> Way:
    """What is named instead works now: the successor if it does, else the first that does."""
    if way.works:
        return way
    working = [one.code for one in ordered if one.works]
    instead = way.instead if way.instead in working else working[0]
    return replace(way, instead=instead)


def _next(clock: time, after: datetime) -> datetime:
    on = after.date() if after.time() < clock else after.date() + timedelta(days=1)
    return datetime.combine(on, clock, tzinfo=after.tzinfo)


def _midnight_after(on: date, window: Closing) -> datetime:
    return datetime.combine(on + timedelta(days=1), time(), window.starts_at.tzinfo)
