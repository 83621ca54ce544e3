"""Laws of the books as plain functions: each looks at the books and names what breaks it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fenqi.domain.ledger.accounts import Account
from fenqi.domain.ledger.entries import Entry
from fenqi.domain.plans.state import PlanState


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The entries of some plans in order of posting, and the states they claim to be in, both by plan."""

    entries: Mapping[str, Sequence[Entry]]
    states: Mapping[str, PlanState] = field(default_factory=dict)

    def standing_on(self, plan: str) -> Counter[str]:
        """What the plan's entries leave on each account, a debit counted above zero."""
        standing: Counter[str] = Counter()
        for entry in self.entries.get(plan, ()):
            for line in entry.lines:
                standing[line.account] += line.debit - line.credit
        return standing


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that does not hold, and for which plan."""

    law: str
    plan: str
    detail: str


Check = Callable[[Books], Iterator[Finding]]

_RECEIVABLES = {
    "principal": Account.RECEIVABLE_PRINCIPAL,
    "interest": Account.RECEIVABLE_INTEREST,
    "fee": Account.RECEIVABLE_FEE,
    "late_fee": Account.RECEIVABLE_LATE_FEE,
}


def entries_balance(books: Books) -> Iterator[Finding]:
    """Every entry has the same sum on both sides."""
    for plan, entries in books.entries.items():
        for place, entry in enumerate(entries, start=1):
            difference = sum(line.debit - line.credit for line in entry.lines)
            if difference:
                yield Finding("entries_balance", plan, f"entry {place} is off by {difference}")


def receivables_match_plans(books: Books) -> Iterator[Finding]:
    """The receivables of a plan are what its rows leave outstanding, component by component."""
    for plan, state in books.states.items():
        standing = books.standing_on(plan)
        for component, account in _RECEIVABLES.items():
            owed = getattr(state.totals.outstanding, component)
            if standing[account] != owed:
                yield Finding("receivables_match_plans", plan, f"{account} has {standing[account]}, the rows {owed}")


def balances_match_plans(books: Books) -> Iterator[Finding]:
    """The customer's balance in the books is the plan's credit balance."""
    for plan, state in books.states.items():
        booked = -books.standing_on(plan)[Account.CUSTOMER_BALANCE]
        if booked != state.balance:
            yield Finding("balances_match_plans", plan, f"the books have {booked}, the plan {state.balance}")


BOOK_CHECKS: tuple[Check, ...] = (entries_balance, receivables_match_plans, balances_match_plans)


def check_books(books: Books) -> list[Finding]:
    """Every finding of every check."""
    return [finding for check in BOOK_CHECKS for finding in check(books)]
