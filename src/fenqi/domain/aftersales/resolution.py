"""Which published policy rules an order line: product before category before sales channel before all (R023, R027).

The day of the order decides, so that a policy published later changes nothing for what was bought before (R024, R164).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeVar

OFFICIAL: Final = "OFFICIAL"
"""The mall's own shop; every other sales channel took the money itself (R028)."""


class Versioned(Protocol):
    """What resolution reads of a published policy; an empty narrowing covers all, `ruled_until` None is open."""

    @property
    def sku(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def sales_channel(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def ruled_until(self) -> date | None: ...
    @property
    def version(self) -> int: ...


PolicyT = TypeVar("PolicyT", bound=Versioned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What was bought, where and when."""

    sku: str
    category: str
    sales_channel: str
    placed_on: date


def ruling(policies: Iterable[PolicyT], goods: Goods) -> PolicyT | None:
    """The policy that rules them, or None where none does."""
    return max(
        (policy for policy in policies if covers(policy, goods)), key=lambda one: _rank(one, goods), default=None
    )


def covers(policy: Versioned, goods: Goods) -> bool:
    """Whether the policy speaks of such goods bought on that day."""
    is_for_them = (
        policy.sku in ("", goods.sku)
        and policy.category in ("", goods.category)
        and policy.sales_channel in ("", goods.sales_channel)
    )
    return is_for_them and policy.valid_from <= goods.placed_on <= (policy.ruled_until or date.max)


def _rank(policy: Versioned, goods: Goods) -> tuple[bool, bool, bool, bool, int]:
    """The narrower first, of equals the later. Bought elsewhere, what is said of that channel goes before all."""
    for_channel = bool(policy.sales_channel)
    is_elsewhere = goods.sales_channel != OFFICIAL
    return is_elsewhere and for_channel, bool(policy.sku), bool(policy.category), for_channel, policy.version
