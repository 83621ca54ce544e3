"""Entries and their lines. Direction comes from the side a line stands on, never from a sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class EntryCode(StrEnum):
    """Which business event an entry books: the event kinds of a plan, its opening, and what happens beside a plan."""

    OPENED = "opened"
    REPAYMENT = "repayment"
    REFUND = "refund"
    PRICE_ADJUSTMENT = "price_adjustment"
    CREDIT = "credit"
    FEE_REFUND = "fee_refund"
    FEE = "fee"
    LATE_FEE = "late_fee"
    WAIVER = "waiver"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"
    SETTLEMENT = "settlement"
    BALANCE_PAYOUT = "balance_payout"
    EXTENSION = "extension"
    RESCHEDULE = "reschedule"
    CHARGE_OFF = "charge_off"
    LOOK = "look"
    DUPLICATE_PAYMENT = "duplicate_payment"
    RETURN_AT_ORDERING = "return_at_ordering"
    PRICE_DIFFERENCE = "price_difference"
    REFUND_PAID = "refund_paid"
    REFUND_RETURNED = "refund_returned"
    TRANSFER_PAID = "transfer_paid"
    CHANNEL_SETTLEMENT = "channel_settlement"
    PARTNER_FUNDED = "partner_funded"
    PARTNER_REFUND = "partner_refund"
    PARTNER_SETTLEMENT = "partner_settlement"
    PLAN_MOVED = "plan_moved"
    PLAN_MOVED_BACK = "plan_moved_back"
    REPAYMENT_PASSED_ON = "repayment_passed_on"
    SUSPENSE = "suspense"
    RESERVE_HELD = "reserve_held"
    RESERVE_RELEASED = "reserve_released"
    RESERVE_CAPTURED = "reserve_captured"


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: minor units on the debit or on the credit of an account; the other side is zero."""

    account: str
    debit: int
    credit: int

    def __post_init__(self) -> None:
        assert min(self.debit, self.credit) == 0 < max(self.debit, self.credit), self


@dataclass(frozen=True, slots=True)
class Entry:
    """Balanced lines, debits first, each account at most once a side."""

    code: EntryCode
    lines: tuple[Line, ...]


def debit(account: str, amount: int) -> Line:
    return Line(str(account), amount, 0)


def credit(account: str, amount: int) -> Line:
    return Line(str(account), 0, amount)


def balanced_entry(code: EntryCode, *lines: Line) -> Entry:
    """An entry of these lines, which sum to the same on both sides: a recipe that does not is a mistake of ours."""
    assert lines, "an entry says something"
    assert sum(line.debit for line in lines) == sum(line.credit for line in lines), lines
    return Entry(code, tuple(sorted(lines, key=lambda line: line.credit > 0)))


def entry_of_changes(code: EntryCode, changes: Mapping[str, int]) -> Entry | None:
    """The entry that moves each account by its change, a debit counted above zero; None when nothing moves."""
    lines = [debit(name, change) if change > 0 else credit(name, -change) for name, change in changes.items() if change]
    return balanced_entry(code, *lines) if lines else None
