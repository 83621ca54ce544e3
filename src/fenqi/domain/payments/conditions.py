"""When a rail, or one bank behind it, can carry a sum: limits, opening hours, announced maintenance (R138-R140).

Instants handed in are aware and in the mall's time zone: opening hours are read on that clock, and a day's limit is
renewed at its midnight.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum


class ConditionKind(StrEnum):
    LIMIT_PER_PAYMENT = "limit_per_payment"
    LIMIT_PER_DAY = "limit_per_day"
    HOURS = "hours"
    MAINTENANCE = "maintenance"


class UnavailableReason(StrEnum):
    """Why a method cannot carry a sum now, the most telling first."""

    MAINTENANCE = "maintenance"
    CLOSED_HOURS = "closed_hours"
    LIMIT_PER_PAYMENT = "limit_per_payment"
    LIMIT_PER_DAY = "limit_per_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that staff know of a rail; `bank` empty: of the whole rail. Each kind uses its own fields.

    A limit counts minor units of its currency. Hours are open from `opens_at` to `closes_at` each day and may cross
    midnight; both equal is open all day. Maintenance is from `starts_at` until before `ends_at`.
    """

    id: str
    channel: str
    bank: str
    kind: ConditionKind
    amount_minor: int = 0
    currency: str = ""
    opens_at: time | None = None
    closes_at: time | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note_zh: str = ""
    note_en: str = ""

    def concerns(self, channel: str, bank: str) -> bool:
        return self.channel == channel and self.bank in ("", bank)

    def closed_until(self, at: datetime) -> datetime | None:
        """When this closing ends, if it is closed at that instant."""
        if self.starts_at and self.ends_at:
            return self.ends_at if self.starts_at <= at < self.ends_at else None
        if self.opens_at is not None and self.closes_at is not None:
            return None if _is_open(self.opens_at, self.closes_at, at.time()) else _next(self.opens_at, at)
        return None


def _is_open(opens_at: time, closes_at: time, clock: time) -> bool:
    if opens_at == closes_at:
        return True
    if opens_at < closes_at:
        return opens_at <= clock < closes_at
    return clock >= opens_at or clock < closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailability:
    """Why a sum does not go now. `until`: when it is open again, or the day's limit is renewed; None: not by waiting.

    `left_minor` is what would still go now; None while it is closed. `conditions`: the ids of what stands against it.
    """

    reason: UnavailableReason
    until: datetime | None
    left_minor: int | None
    note_zh: str
    note_en: str
    conditions: tuple[str, ...]


def unavailable(  # what a sum, a method and a moment are
    conditions: Iterable[Condition],
    *,
    channel: str,
    bank: str,
    amount_minor: int,
    currency: str,
    spent_today: Mapping[str, int],
    now: datetime,
) -> Unavailability | None:
    """What keeps the sum from being paid this way now, or None. A closing is told before a limit.

    `spent_today` is minor units of the currency by bank, the whole rail's under the empty name.
    """
    known = [one for one in conditions if one.concerns(channel, bank)]
    return _closed(known, now) or _over_limit(
        known, amount_minor=amount_minor, currency=currency, spent_today=spent_today, now=now
    )


def _closed(known: list[Condition], now: datetime) -> Unavailability | None:
    shut = [one for one in known if one.closed_until(now) is not None]
    if not shut:
        return None
    first = min(shut, key=lambda one: one.kind is not ConditionKind.MAINTENANCE)
    in_maintenance = first.kind is ConditionKind.MAINTENANCE
    return Unavailability(
        reason=UnavailableReason.MAINTENANCE if in_maintenance else UnavailableReason.CLOSED_HOURS,
        until=_opens_again(known, now),
        left_minor=None,
        note_zh=first.note_zh,
        note_en=first.note_en,
        conditions=tuple(one.id for one in shut),
    )


def _opens_again(known: list[Condition], now: datetime) -> datetime | None:
    """The end of the last of the closings that follow each other; None when hours never leave it open at all."""
    at = now
    for _ in range(2 * len(known) + 2):
        ends = [end for one in known if (end := one.closed_until(at)) is not None]
        if not ends:
            return at
        at = max(ends)
    return None


def _over_limit(
    known: list[Condition], *, amount_minor: int, currency: str, spent_today: Mapping[str, int], now: datetime
) -> Unavailability | None:
    limits = [one for one in known if one.currency == currency]
    left = {one: max(0, left) for one, left in _left(limits, spent_today)}
    passed = [one for one, rest in left.items() if rest < amount_minor]
    if not passed:
        return None
    for_good = [one for one in passed if one.amount_minor < amount_minor]
    tightest = min(for_good or passed, key=lambda one: left[one])
    per_payment = tightest.kind is ConditionKind.LIMIT_PER_PAYMENT
    return Unavailability(
        reason=UnavailableReason.LIMIT_PER_PAYMENT if per_payment else UnavailableReason.LIMIT_PER_DAY,
        until=None if for_good else _next(time(), now),
        left_minor=min(left.values()),
        note_zh=tightest.note_zh,
        note_en=tightest.note_en,
        conditions=tuple(one.id for one in passed),
    )


def _left(limits: Iterable[Condition], spent_today: Mapping[str, int]) -> Iterator[tuple[Condition, int]]:
    for one in limits:
        if one.kind is ConditionKind.LIMIT_PER_PAYMENT:
            yield one, one.amount_minor
        elif one.kind is ConditionKind.LIMIT_PER_DAY:
            yield one, one.amount_minor - spent_today.get(one.bank, 0)


def upcoming_maintenance(
    conditions: Iterable[Condition], *, channel: str, bank: str, now: datetime, within: timedelta
) -> Condition | None:
    """The next maintenance that begins within that time, to be told beforehand."""
    ahead = (one for one in maintenance_ahead(conditions, now=now, within=within) if one.concerns(channel, bank))
    return next(ahead, None)


def maintenance_ahead(conditions: Iterable[Condition], *, now: datetime, within: timedelta) -> tuple[Condition, ...]:
    """All maintenance that begins within that time, the earliest first."""
    ahead = [(one.starts_at, one) for one in conditions if one.starts_at and now < one.starts_at <= now + within]
    return tuple(one for _, one in sorted(ahead, key=lambda pair: pair[0]))


def _next(clock: time, after: datetime) -> datetime:
    """The next time that the mall's clock shows it."""
    on = after.date() if after.time() < clock else after.date() + timedelta(days=1)
    return datetime.combine(on, clock, tzinfo=after.tzinfo)
