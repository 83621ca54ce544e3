"""The law of a reserve: frozen = released + captured + still held, at every moment (P303).

A prepaid reserve keeps the same sums under other names: paid = refunded + applied + remaining.
"""

from dataclasses import dataclass, replace

from fenqi.domain.reserves.errors import AboveHeld, NothingHeld
from fenqi.domain.reserves.states import MoveKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Whole minor units of one currency; `promised` is what moves under way may still take."""

    frozen: int = 0
    released: int = 0
    captured: int = 0
    promised: int = 0

    def __post_init__(self) -> None:
        assert min(self.frozen, self.released, self.captured, self.promised) >= 0, self
        assert self.released + self.captured + self.promised <= self.frozen, self

    @property
    def held(self) -> int:
        """What is still held."""
        return self.frozen - self.released - self.captured

    @property
    def free(self) -> int:
        """What is held and not promised to a move that is under way."""
        return self.held - self.promised

    def promise(self, amount: int) -> "Sums":
        """With a new move of that amount under way. Raises NothingHeld, AboveHeld."""
        if not self.held:
            raise NothingHeld
        if not 0 < amount <= self.free:
            raise AboveHeld(amount=amount, free=self.free)
        return replace(self, promised=self.promised + amount)

    def forget(self, amount: int) -> "Sums":
        """With a move of that amount ended without effect."""
        return replace(self, promised=self.promised - amount)

    def keep(self, kind: MoveKind, amount: int) -> "Sums":
        """With a promised move done."""
        return self.forget(amount).move(kind, amount)

    def move(self, kind: MoveKind, amount: int) -> "Sums":
        """With a move done that nobody promised. Raises AboveHeld: what the books do not hold cannot leave them."""
        if not 0 < amount <= self.free:
            raise AboveHeld(amount=amount, free=self.free)
        if kind is MoveKind.CAPTURE:
            return replace(self, captured=self.captured + amount)
        return replace(self, released=self.released + amount)
