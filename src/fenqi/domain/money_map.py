"""Who has the money of an order: every movement says from whom to whom, so the positions always sum to zero."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Holder(StrEnum):
    """Who can have money of an order."""

    CUSTOMER = "customer"
    CHANNEL = "channel"
    """A rail that has taken money and not paid it out yet, or has an order to give it back."""
    BANK = "bank"
    """On its way by a transfer from the mall's own account."""
    MALL = "mall"
    LENDER = "lender"
    RESERVE = "reserve"
    """Held as security: still the customer's, or owed to them."""


@dataclass(frozen=True, slots=True)
class Party:
    """A holder; `name` tells one channel or lender from another: `alipay`, `qingrong`."""

    holder: Holder
    name: str = ""


CUSTOMER, MALL, RESERVE, BANK = (
    Party(holder) for holder in (Holder.CUSTOMER, Holder.MALL, Holder.RESERVE, Holder.BANK)
)


class Why(StrEnum):
    """What moved the money."""

    ORDERING = "ordering"
    """Paid when the order was placed."""
    REPAYMENT = "repayment"
    LENDER_PAID = "lender_paid"
    """The lender paid the goods, less its share."""
    PLAN_MOVED = "plan_moved"
    """The price of a plan that changed its holder, or a repayment that was passed on to it."""
    SETTLED = "settled"
    """The channel paid the day out to the mall."""
    REFUND = "refund"
    ARRIVED = "arrived"
    LENDER_REFUND = "lender_refund"
    HELD = "held"
    RELEASED = "released"
    CAPTURED = "captured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """`amount` minor units went from one to another. `number` is what to quote about it."""

    source: Party
    target: Party
    amount: int
    why: Why
    at: datetime
    number: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """What a party has of the others' money: below zero, what it has given away. Minor units."""

    party: Party
    amount: int


def positions(movements: Iterable[Movement]) -> tuple[Position, ...]:
    """The customer first, then by holder and name; whoever has given as much as got is left out. They sum to zero."""
    standing: Counter[Party] = Counter()
    for one in movements:
        standing[one.source] -= one.amount
        standing[one.target] += one.amount
    order = list(Holder)
    parties = sorted(standing, key=lambda party: (order.index(party.holder), party.name))
    found = [Position(party, standing[party]) for party in parties if standing[party]]
    assert sum(position.amount for position in found) == 0
    return tuple(found)


def through(parties: Sequence[Party], *, amount: int, why: Sequence[Why], at: datetime, number: str) -> list[Movement]:
    """The same sum from the first party to the last, over those between; a reason for each step."""
    steps = zip(parties, parties[1:], why, strict=False)
    return [
        Movement(source=source, target=target, amount=amount, why=reason, at=at, number=number)
        for source, target, reason in steps
    ]
