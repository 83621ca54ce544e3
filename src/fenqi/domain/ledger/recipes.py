"""What each event posts: one named recipe per kind.

The books of a plan are a linear function of its state: the receivables are what its rows leave outstanding, the
customer's balance is its credit balance, and each standing event has brought or taken its own other side, which its
recipe names. The entry of an event is the difference between these books after it became known and before. So one
balanced entry carries a backdated fact with everything it moves, and a reversal is the exact mirror of what it undoes.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from fenqi.domain.ledger.accounts import Account
from fenqi.domain.ledger.entries import Entry, EntryCode, balanced_entry, credit, debit, entry_of_changes
from fenqi.domain.plans.events import Event, EventKind
from fenqi.domain.plans.state import Allocation, PlanState, PlanStatus
from fenqi.domain.plans.terms import Component

Side = tuple[str, int]
"""An account and what stands on it, a debit counted above zero."""

_INCOME_OF = {
    Component.INTEREST: Account.INCOME_INTEREST,
    Component.FEE: Account.INCOME_FEE,
    Component.LATE_FEE: Account.INCOME_LATE_FEE,
}


def opened(state: PlanState) -> Iterator[Side]:
    """The goods sold, and the price of paying later as the schedule disclosed it."""
    yield Account.SALES_CLEARING, -state.opened.principal
    yield Account.INCOME_INTEREST, -state.opened.interest
    yield Account.INCOME_FEE, -state.opened.fee


def repayment(done: Allocation, source: str) -> Iterator[Side]:
    """Money came in over a channel."""
    yield source, done.amount


def refund(done: Allocation, _source: str) -> Iterator[Side]:
    """Goods went back."""
    yield Account.SALES_RETURNS, done.amount


def price_adjustment(done: Allocation, _source: str) -> Iterator[Side]:
    """The mall kept its promise of price protection."""
    yield Account.EXPENSE_PRICE_PROTECTION, done.amount


def goodwill(done: Allocation, _source: str) -> Iterator[Side]:
    """The mall gave a credit."""
    yield Account.EXPENSE_GOODWILL, done.amount


def fee_refund(done: Allocation, _source: str) -> Iterator[Side]:
    """A charge was given back: it is income no more."""
    yield _INCOME_OF[done.component or Component.FEE], done.amount


def settlement(done: Allocation, source: str) -> Iterator[Side]:
    """Money came in, and the interest and fees of later days are income no more."""
    yield source, done.amount
    yield Account.INCOME_INTEREST, done.forgone.interest
    yield Account.INCOME_FEE, done.forgone.fee


def fee(done: Allocation, _source: str) -> Iterator[Side]:
    yield Account.INCOME_FEE, -done.amount


def late_fee(done: Allocation, _source: str) -> Iterator[Side]:
    yield Account.INCOME_LATE_FEE, -done.amount


def waiver(done: Allocation, _source: str) -> Iterator[Side]:
    """What was waived in effect; the income stays visible beside its cost."""
    yield Account.EXPENSE_WAIVER, done.forgone.total


def money_out(done: Allocation, source: str) -> Iterator[Side]:
    """A chargeback, or the balance paid out: money left over a channel."""
    yield source, -done.amount


def nothing(_done: Allocation, _source: str) -> Iterator[Side]:
    """Dates moved, or a fact was noted: no money did."""
    return iter(())


RECIPES: dict[EventKind, Callable[[Allocation, str], Iterator[Side]]] = {
    EventKind.REPAYMENT: repayment,
    EventKind.REFUND: refund,
    EventKind.PRICE_ADJUSTMENT: price_adjustment,
    EventKind.CREDIT: goodwill,
    EventKind.FEE_REFUND: fee_refund,
    EventKind.SETTLEMENT: settlement,
    EventKind.FEE: fee,
    EventKind.LATE_FEE: late_fee,
    EventKind.WAIVER: waiver,
    EventKind.CHARGEBACK: money_out,
    EventKind.BALANCE_PAYOUT: money_out,
    EventKind.REVERSAL: nothing,
    EventKind.EXTENSION: nothing,
    EventKind.RESCHEDULE: nothing,
    EventKind.CHARGE_OFF: nothing,
    EventKind.LOOK: nothing,
}


def owed_side(state: PlanState) -> Iterator[Side]:
    """What the customer owes and is owed; a plan charged off is expected to bring nothing more (rule 13)."""
    outstanding = state.totals.outstanding
    yield Account.RECEIVABLE_PRINCIPAL, outstanding.principal
    yield Account.RECEIVABLE_INTEREST, outstanding.interest
    yield Account.RECEIVABLE_FEE, outstanding.fee
    yield Account.RECEIVABLE_LATE_FEE, outstanding.late_fee
    yield Account.CUSTOMER_BALANCE, -state.balance
    if state.status is PlanStatus.CHARGED_OFF:
        yield Account.EXPENSE_BAD_DEBT, outstanding.total
        yield Account.ALLOWANCE_BAD_DEBT, -outstanding.total


def books_of(state: PlanState, *, source: str) -> Counter[str]:
    """What the plan has put on each account so far, all its channel money counted on `source`; sums to zero."""
    books: Counter[str] = Counter()
    for account, amount in owed_side(state):
        books[str(account)] += amount
    for account, amount in opened(state):
        books[str(account)] += amount
    for done in state.allocations:
        for account, amount in RECIPES[done.kind](done, source):
            books[str(account)] += amount
    return books


def entry_for(before: PlanState | None, after: PlanState, event: Event | None, *, source: str) -> Entry | None:
    """The entry that `event` posts, given the states before and after it became known; None when nothing moves.

    `source` is the account that the event's channel money came from or went to (`clearing.alipay`); for a reversal,
    the one of the event that it undoes. Without an event it is the opening entry. A settlement stored without its
    amount pays what its quote comes to, so a backdated fact moves its side too, on this same `source`.
    """
    books = books_of(after, source=source)
    if before is not None:
        books.subtract(books_of(before, source=source))
    return entry_of_changes(EntryCode(event.kind.value) if event else EntryCode.OPENED, books)


def opening_entry(state: PlanState) -> Entry:
    """The entry of a plan just opened, which always finances something."""
    entry = entry_for(None, state, None, source=Account.SUSPENSE)
    assert entry is not None
    return entry


def duplicate_payment_entry(amount: int, *, source: str) -> Entry:
    """Paid twice: the second payment is the customer's money, owed back and never kept as credit (P1006)."""
    return balanced_entry(EntryCode.DUPLICATE_PAYMENT, debit(source, amount), credit(Account.PAYABLE_REFUND, amount))
