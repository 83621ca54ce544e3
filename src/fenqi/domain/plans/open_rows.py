"""The rows and shares of a fold in progress: the only mutable values of the engine, never seen outside a replay."""

from collections.abc import Sequence
from datetime import date

from fenqi.domain.plans.events import EventKind
from fenqi.domain.plans.state import Allocation, Components, Row
from fenqi.domain.plans.terms import Component

PRINCIPAL, INTEREST, FEE, LATE_FEE = range(4)
INDEX = {
    Component.PRINCIPAL: PRINCIPAL,
    Component.INTEREST: INTEREST,
    Component.FEE: FEE,
    Component.LATE_FEE: LATE_FEE,
}


_NOTHING = Components()


class Share:
    """What one event did; `available` is the part of its balance that nothing has used or taken yet."""

    __slots__ = ("amount", "available", "balance", "component", "event", "forgone", "kind", "parts")

    def __init__(self, event: str, kind: EventKind, amount: int) -> None:
        self.event = event
        self.kind = kind
        self.amount = amount
        self.parts = [0, 0, 0, 0]
        self.balance = 0
        self.available = 0
        self.forgone = [0, 0, 0, 0]
        self.component: Component | None = None

    def frozen(self) -> Allocation:
        principal, interest, fee, late_fee = self.parts
        forgone = Components(*self.forgone) if any(self.forgone) else _NOTHING
        return Allocation(
            self.event,
            self.kind,
            principal,
            interest,
            fee,
            late_fee,
            self.balance,
            self.amount,
            forgone,
            self.component,
        )


class OpenRow:
    """One row: `due` and `paid` by component index; `outstanding` is kept as their difference.

    `flat_fee` is the part of the fee due that the schedule put there, which an early settlement need not ask for.
    `interest` is what the schedule put there as interest: it accrues evenly over the row's days, whatever of it was
    forgiven since.
    """

    __slots__ = (
        "due",
        "due_on",
        "flat_fee",
        "interest",
        "is_added",
        "is_down_payment",
        "outstanding",
        "paid",
        "paid_early",
        "paid_late",
        "paid_on",
    )

    def __init__(self, due_on: date, due: list[int], *, flat_fee: int = 0, is_down_payment: bool = False) -> None:
        self.due_on = due_on
        self.due = due
        self.paid = [0, 0, 0, 0]
        self.outstanding = sum(due)
        self.flat_fee = flat_fee
        self.interest = due[INTEREST]
        self.paid_early = 0
        self.paid_late = 0
        self.paid_on: date | None = None
        self.is_down_payment = is_down_payment
        self.is_added = False

    def pay(self, amount: int, *, order: Sequence[int], on: date, parts: list[int]) -> int:
        """Take up to `amount`, component by component in `order`; add it to `parts` and return what was taken."""
        left = amount
        due, paid = self.due, self.paid
        for component in order:
            owed = due[component] - paid[component]
            if owed > 0:
                part = min(owed, left)
                paid[component] += part
                parts[component] += part
                left -= part
                if not left:
                    break
        taken = amount - left
        if taken:
            self._lower_outstanding(taken, on)
            if on < self.due_on:
                self.paid_early += taken
            elif on > self.due_on:
                self.paid_late += taken
        return taken

    def owe(self, component: int, amount: int) -> None:
        """More comes to be owed: the row is not fully paid any more (rule 6)."""
        self.due[component] += amount
        self.outstanding += amount
        self.paid_on = None

    def forgive(self, component: int, amount: int, on: date) -> int:
        """Less is owed than before, without a payment; the caller never goes below what was paid. Returns `amount`.

        A charged fee is forgiven before the scheduled one, so a later settlement asks for less, not for more.
        """
        if amount:
            self.due[component] -= amount
            self.flat_fee = min(self.flat_fee, self.due[FEE])
            self._lower_outstanding(amount, on)
        return amount

    def _lower_outstanding(self, amount: int, on: date) -> None:
        self.outstanding -= amount
        if not self.outstanding:
            self.paid_on = on

    def owed(self, component: int) -> int:
        return self.due[component] - self.paid[component]

    def frozen(self, n: int) -> Row:
        """Most rows are paid in full or not at all: then two of the three amounts are one and the same value."""
        due = Components(*self.due)
        if not self.outstanding:
            paid, outstanding = due, _NOTHING
        elif not any(self.paid):
            paid, outstanding = _NOTHING, due
        else:
            paid = Components(*self.paid)
            outstanding = Components(due[0] - paid[0], due[1] - paid[1], due[2] - paid[2], due[3] - paid[3])
        return Row(
            n,
            self.due_on,
            self.is_down_payment,
            due,
            paid,
            outstanding,
            self.paid_early,
            self.paid_late,
            self.paid_on,
        )
