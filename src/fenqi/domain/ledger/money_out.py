"""What posts outside a plan: money going back over a channel, a channel's settlement, and what is not explained yet."""

from fenqi.domain.ledger.accounts import Account
from fenqi.domain.ledger.entries import Entry, EntryCode, balanced_entry, credit, debit


def return_at_ordering_entry(amount: int) -> Entry:
    """Goods went back, and what was paid for them at ordering, outside the plan, is owed to the customer."""
    return balanced_entry(
        EntryCode.RETURN_AT_ORDERING, debit(Account.SALES_RETURNS, amount), credit(Account.PAYABLE_REFUND, amount)
    )


def price_difference_entry(amount: int) -> Entry:
    """A price fell after the purchase, and the difference is owed to the customer beside the plan (P409)."""
    return balanced_entry(
        EntryCode.PRICE_DIFFERENCE,
        debit(Account.EXPENSE_PRICE_PROTECTION, amount),
        credit(Account.PAYABLE_REFUND, amount),
    )


def refund_paid_entry(amount: int, *, source: str) -> Entry:
    """What was owed back has left over the channel `source`."""
    return balanced_entry(EntryCode.REFUND_PAID, debit(Account.PAYABLE_REFUND, amount), credit(source, amount))


def refund_returned_entry(amount: int, *, source: str) -> Entry:
    """What had left came back to `source`: the mirror of `refund_paid_entry` or, from `bank.settlement`, of
    `transfer_paid_entry`; it is owed again.
    """
    return balanced_entry(EntryCode.REFUND_RETURNED, debit(source, amount), credit(Account.PAYABLE_REFUND, amount))


def transfer_paid_entry(amount: int) -> Entry:
    """What was owed back has left the mall's own account."""
    return balanced_entry(
        EntryCode.TRANSFER_PAID, debit(Account.PAYABLE_REFUND, amount), credit(Account.BANK_SETTLEMENT, amount)
    )


def settlement_entry(*, paid: int, refunded: int, fee: int, source: str) -> Entry | None:
    """A channel settles a day: what came in, less what went back, less its fee; all of it leaves `source`.

    `fee` is below zero on a day when the channel gave back more than it took. None when nothing moves.
    """
    gross = paid - refunded
    changes = {str(Account.BANK_SETTLEMENT): gross - fee, str(Account.EXPENSE_CHANNEL_FEE): fee, source: -gross}
    lines = [debit(name, change) if change > 0 else credit(name, -change) for name, change in changes.items() if change]
    return balanced_entry(EntryCode.CHANNEL_SETTLEMENT, *lines) if lines else None


def suspense_entry(amount: int, *, source: str) -> Entry:
    """Money on `source` (above zero: it came in) that nobody has explained yet, until it is; zero is no entry."""
    if amount > 0:
        return balanced_entry(EntryCode.SUSPENSE, debit(source, amount), credit(Account.SUSPENSE, amount))
    return balanced_entry(EntryCode.SUSPENSE, debit(Account.SUSPENSE, -amount), credit(source, -amount))
