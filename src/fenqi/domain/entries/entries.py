"""Repayment entries as dated data: for whom each is, when it opens, and what closes it (R143-R145).

Instants handed in are aware and in the mall's time zone: opening hours and dates are read on that clock.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final

BUCKETS: Final = 100


class EntryKind(StrEnum):
    MALL_PAGE = "mall_page"
    FINANCE_APP = "finance_app"
    MESSAGE_LINK = "message_link"
    AGENT = "agent"
    HOTLINE = "hotline"


SELF_SERVICE: Final = frozenset({EntryKind.MALL_PAGE, EntryKind.FINANCE_APP, EntryKind.MESSAGE_LINK})
PEOPLE: Final = frozenset({EntryKind.AGENT, EntryKind.HOTLINE})


class EntryState(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom an entry is asked for: one customer and one plan. `provider` arranged the plan; `bucket` is 0 to 99."""

    ref: str
    language: str
    sales_channel: str
    provider: str
    bucket: int


def bucket_of(customer_id: object) -> int:
    """Which hundredth of the customers one belongs to, for good: the same in SQL (`usecases/entries/touched.py`)."""
    return int.from_bytes(hashlib.sha256(str(customer_id).encode()).digest()[:4], "big") % BUCKETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group by stated rule; every rule that is set must hold, and an empty one means everybody.

    `customers` are the mall's own names of customers; the share is the hundredths from `share_from` to before
    `share_to`.
    """

    languages: frozenset[str] = frozenset()
    sales_channels: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    share_from: int = 0
    share_to: int = BUCKETS

    def covers(self, reader: Reader) -> bool:
        return (
            (not self.languages or reader.language in self.languages)
            and (not self.sales_channels or reader.sales_channel in self.sales_channels)
            and (not self.providers or reader.provider in self.providers)
            and (not self.customers or reader.ref in self.customers)
            and self.share_from <= reader.bucket < self.share_to
        )

    def to_mapping(self) -> dict[str, Any]:
        """As it is stored; what is left out means everybody."""
        sets = {name: sorted(getattr(self, name)) for name in _SETS if getattr(self, name)}
        whole = (self.share_from, self.share_to) == (0, BUCKETS)
        return sets if whole else {**sets, "share_from": self.share_from, "share_to": self.share_to}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Group":
        return cls(
            **{name: frozenset(mapping.get(name, ())) for name in _SETS},
            share_from=mapping.get("share_from", 0),
            share_to=mapping.get("share_to", BUCKETS),
        )


_SETS: Final = ("languages", "sales_channels", "providers", "customers")
EVERYBODY: Final = Group()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as its ruling version says. `address` is where it is elsewhere: an app's address, a telephone number.

    Open every day from `opens_at` to `closes_at` (both None: all day; they may cross midnight), from the day `opens_on`
    through the day `closes_on`. From `moved_at` on, `successor` stands in its place.
    """

    code: str
    kind: EntryKind
    position: int
    name_zh: str
    name_en: str
    howto_zh: str = ""
    howto_en: str = ""
    address: str = ""
    group: Group = EVERYBODY
    opens_at: time | None = None
    closes_at: time | None = None
    opens_on: date | None = None
    closes_on: date | None = None
    moved_at: datetime | None = None
    successor: str = ""
    version: int = 1

    def in_hours(self, at: datetime) -> bool:
        if self.opens_at is None or self.closes_at is None or self.opens_at == self.closes_at:
            return True
        clock = at.time()
        if self.opens_at < self.closes_at:
            return self.opens_at <= clock < self.closes_at
        return clock >= self.opens_at or clock < self.closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """An entry closed for a group from `starts_at` until before `ends_at`, and what to use instead."""

    id: str
    entry: str
    starts_at: datetime
    ends_at: datetime
    notice_zh: str
    notice_en: str
    successor: str
    group: Group = field(default=EVERYBODY)

    def stands(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


LAST_RESORT: Final = Entry(
    code="customer_service",
    kind=EntryKind.AGENT,
    position=1_000,
    name_zh="人工客服",
    name_en="Customer service",
    howto_zh="给客服留言，说明要还哪一笔；我们会帮你还上，期间不收滞纳金。",
    howto_en="Write to customer service which bill you want to repay: we help, and take no late fee meanwhile.",
)
"""What is left when nothing else is: people can always be written to."""
