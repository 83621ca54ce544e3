"""The books: chart of accounts, posting recipes, the hash chain, and the laws that every set of books obeys."""

from fenqi.domain.ledger.accounts import Account, clearing
from fenqi.domain.ledger.chain import canonical_text, entry_hash
from fenqi.domain.ledger.checks import BOOK_CHECKS, Books, Finding, check_books
from fenqi.domain.ledger.entries import Entry, EntryCode, Line, balanced_entry, credit, debit
from fenqi.domain.ledger.money_out import (
    price_difference_entry,
    refund_paid_entry,
    refund_returned_entry,
    return_at_ordering_entry,
    settlement_entry,
    suspense_entry,
    transfer_paid_entry,
)
from fenqi.domain.ledger.partners import (
    partner_funded_entry,
    partner_refund_entry,
    partner_settlement_entry,
    plan_moved_back_entry,
    plan_moved_entry,
    repayment_passed_on_entry,
)
from fenqi.domain.ledger.recipes import books_of, duplicate_payment_entry, entry_for, opening_entry
from fenqi.domain.ledger.reserves import (
    reserve_captured_entry,
    reserve_frozen_entry,
    reserve_paid_entry,
    reserve_refunded_entry,
    reserve_unfrozen_entry,
)

__all__ = [
    "BOOK_CHECKS",
    "Account",
    "Books",
    "Entry",
    "EntryCode",
    "Finding",
    "Line",
    "balanced_entry",
    "books_of",
    "canonical_text",
    "check_books",
    "clearing",
    "credit",
    "debit",
    "duplicate_payment_entry",
    "entry_for",
    "entry_hash",
    "opening_entry",
    "partner_funded_entry",
    "partner_refund_entry",
    "partner_settlement_entry",
    "plan_moved_back_entry",
    "plan_moved_entry",
    "price_difference_entry",
    "refund_paid_entry",
    "refund_returned_entry",
    "repayment_passed_on_entry",
    "reserve_captured_entry",
    "reserve_frozen_entry",
    "reserve_paid_entry",
    "reserve_refunded_entry",
    "reserve_unfrozen_entry",
    "return_at_ordering_entry",
    "settlement_entry",
    "suspense_entry",
    "transfer_paid_entry",
]
