"""A customer's account over a period: what stood at its beginning, what moved, and what stands at its end.

Three sums are told apart. `owed` is what the customer owes on plans, `credit` what the mall owes the customer (refunds
that have not left, and credit), `reserve` what is held as security.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, Self
from uuid import UUID

from fenqi.domain.ledger.accounts import Account

OWED: Final = frozenset(
    {
        Account.RECEIVABLE_PRINCIPAL,
        Account.RECEIVABLE_INTEREST,
        Account.RECEIVABLE_FEE,
        Account.RECEIVABLE_LATE_FEE,
    }
)
CREDIT: Final = frozenset({Account.CUSTOMER_BALANCE, Account.PAYABLE_REFUND})


class Balances(NamedTuple):
    """Minor units. What is owed grows with debits, credit and reserve with credits."""

    owed: int = 0
    credit: int = 0
    reserve: int = 0

    def plus(self, other: Self) -> "Balances":
        return Balances(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def change_of(account: str, debit: int, credit: int) -> Balances:
    """What a line of an entry changes for the customer."""
    if account in OWED:
        return Balances(owed=debit - credit)
    if account in CREDIT:
        return Balances(credit=credit - debit)
    if account == Account.RESERVE_OWED:
        return Balances(reserve=credit - debit)
    return Balances()


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """An entry as the customer's account sees it; `on` is its value date, `proof` the hash in hexadecimal."""

    entry_id: UUID
    seq: int
    code: str
    on: date
    posted_at: datetime
    change: Balances
    proof: str = ""
    plan_id: UUID | None = None
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """Both days included; `movements` are (movement, what stands after it) by value date."""

    first: date
    last: date
    opening: Balances
    movements: tuple[tuple[Movement, Balances], ...]

    @property
    def closing(self) -> Balances:
        return self.movements[-1][1] if self.movements else self.opening


def backwards_period(first: date, last: date) -> bool:
    return first > last


def over_period(movements: Iterable[Movement], first: date, last: date) -> AccountStatement:
    """Fold all movements of an account; those that changed nothing for the customer are left out."""
    ordered = sorted(
        (one for one in movements if any(one.change) and one.on <= last), key=lambda one: (one.on, one.seq)
    )
    opening = Balances()
    for one in ordered:
        if one.on < first:
            opening = opening.plus(one.change)
    inside = (one for one in ordered if one.on >= first)
    return AccountStatement(first=first, last=last, opening=opening, movements=tuple(_running(opening, inside)))


def _running(balance: Balances, movements: Iterable[Movement]) -> Iterator[tuple[Movement, Balances]]:
    for one in movements:
        balance = balance.plus(one.change)
        yield one, balance
