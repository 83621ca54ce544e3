"""What a reserve posts, in two phases: a hold, and entries that end it in part or in full and name it.

A frozen sum is the customer's own money at the customer's own account: the books keep it as a pair of memo accounts,
`reserve.held` against `reserve.owed`. A prepaid one is money that came in and is owed: `reserve.owed` stands against
the channel's clearing account. On `reserve.owed` stands what is still held, of either kind.
"""

from fenqi.domain.ledger.accounts import Account
from fenqi.domain.ledger.entries import Entry, EntryCode, balanced_entry, credit, debit


def reserve_frozen_entry(amount: int) -> Entry:
    """A sum was frozen at the customer's: post the hold."""
    return balanced_entry(
        EntryCode.RESERVE_HELD, debit(Account.RESERVE_HELD, amount), credit(Account.RESERVE_OWED, amount)
    )


def reserve_paid_entry(amount: int, *, source: str) -> Entry:
    """A sum was paid beforehand over the channel `source`: it is owed."""
    return balanced_entry(EntryCode.RESERVE_HELD, debit(source, amount), credit(Account.RESERVE_OWED, amount))


def reserve_unfrozen_entry(amount: int) -> Entry:
    """Part or all was unfrozen, or the channel let go of it: void so much of the hold."""
    return _void(EntryCode.RESERVE_RELEASED, amount, to=Account.RESERVE_HELD)


def reserve_refunded_entry(amount: int) -> Entry:
    """Part or all of a prepaid one is owed back now, and leaves by a refund."""
    return _void(EntryCode.RESERVE_RELEASED, amount, to=Account.PAYABLE_REFUND)


def reserve_captured_entry(amount: int) -> Entry:
    """Part or all of a frozen one became a payment, which has an entry of its own: so much of the hold is over."""
    return _void(EntryCode.RESERVE_CAPTURED, amount, to=Account.RESERVE_HELD)


def _void(code: EntryCode, amount: int, *, to: Account) -> Entry:
    return balanced_entry(code, debit(Account.RESERVE_OWED, amount), credit(to, amount))
