"""What a plan looks like on a day: frozen, whole minor units of the terms' one currency."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from fenqi.domain.plans.events import EventKind
from fenqi.domain.plans.terms import Component


class PlanStatus(StrEnum):
    """Rule 13."""

    ACTIVE = "active"
    SETTLED = "settled"
    OVERPAID = "overpaid"
    CANCELLED = "cancelled"
    CHARGED_OFF = "charged_off"


class Components(NamedTuple):
    """One amount, told apart by what it is owed for."""

    principal: int = 0
    interest: int = 0
    fee: int = 0
    late_fee: int = 0

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fee + self.late_fee


class Row(NamedTuple):
    """One installment, the down payment, or the added row; `due`, `paid` and `outstanding` by component."""

    n: int
    due_on: date
    is_down_payment: bool
    due: Components
    paid: Components
    outstanding: Components
    paid_early: int
    paid_late: int
    paid_on: date | None


class Totals(NamedTuple):
    """The sums over all rows."""

    due: Components
    paid: Components
    outstanding: Components
    paid_early: int
    paid_late: int


class Allocation(NamedTuple):
    """Where the money of one standing event went (rule 7); all zero for an event that moves no money.

    For a chargeback or a payout, `principal` is what came to be owed and `balance` is minus what it took from the
    balance. `amount` is the event's amount as it took effect, and `forgone` what it lowered without any payment: by a
    waiver, or by a settlement that does not ask for interest and fees of later days. `component` is the charge that a
    fee refund gives back.
    """

    event: str
    kind: EventKind
    principal: int
    interest: int
    fee: int
    late_fee: int
    balance: int
    amount: int
    forgone: Components
    component: Component | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementQuote:
    """What settles the plan on that day, by component (rule 11)."""

    on: date
    asked: Components

    @property
    def total(self) -> int:
        return self.asked.total


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """The fold of the standing events, as of the end of `on`.

    `opened` is what the schedule asked for on the opening day, before any event.
    """

    on: date
    status: PlanStatus
    balance: int
    rows: tuple[Row, ...]
    totals: Totals
    settlement_quote: int
    days_past_due: int
    allocations: tuple[Allocation, ...]
    opened: Components
