"""Over which payments a sum goes back: the newest first, each up to what is left of it (R057)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[Key]):
    """A payment that money may go back over. `left` minor units of it have not gone back and are not on their way."""

    key: Key
    order: tuple[object, ...]
    """When it was paid, and what tells two of the same instant apart: the greatest is the newest."""
    paid_on: date
    left: int
    refund_days: int
    """For how many days after the payment its channel refunds it."""

    def is_open(self, on: date) -> bool:
        """Whether the channel still takes a refund of it on that day."""
        return on <= self.paid_on + timedelta(days=self.refund_days)


@dataclass(frozen=True, slots=True)
class Part(Generic[Key]):
    key: Key
    amount: int


@dataclass(frozen=True, slots=True)
class Split(Generic[Key]):
    """`parts` in the order they go; `remainder` cannot go back over any payment and is transferred."""

    parts: tuple[Part[Key], ...]
    remainder: int


def split(amount: int, sources: Iterable[Source[Key]], *, on: date) -> Split[Key]:
    """Spread `amount` minor units over the payments. Parts and remainder always sum to the amount."""
    parts: list[Part[Key]] = []
    remainder = amount
    for source in sorted(sources, key=lambda one: one.order, reverse=True):
        share = min(remainder, source.left) if source.is_open(on) else 0
        if share > 0:
            parts.append(Part(source.key, share))
            remainder -= share
    return Split(tuple(parts), remainder)
