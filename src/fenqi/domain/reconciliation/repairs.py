"""What can be done about a finding, and what each repair posts: as data.

What stands on suspense for a finding is above zero when the channel holds money that nobody has explained, and below
zero when our books have money that the channel does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fenqi.domain.errors import FenqiError
from fenqi.domain.ledger import Account, Entry, EntryCode, balanced_entry, credit, debit
from fenqi.domain.reconciliation.causes import Cause


class Repair(StrEnum):
    SETTLED_BY_BILL = "settled_by_bill"
    """By itself: the bill proved it, and it was booked."""
    AGREES_NOW = "agrees_now"
    """By itself: a later bill, or what was booked since, explains it."""
    BOOK_LATE = "book_late"
    SENT_BACK = "sent_back"
    RECEIVED_AT_BANK = "received_at_bank"
    CHANNEL_CHARGE = "channel_charge"


class RepairNotFitting(FenqiError):
    """The finding is closed already, or this repair is not for it."""

    code = "repair_not_fitting"
    status = 409
    zh = "这个处理方式不适合这条差异，或差异已经关闭。请刷新页面再看。"
    en = "This repair does not fit the finding, or the finding is closed. Reload the page."


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRule:
    """`causes`: only these, or all when empty. `sign`: of what must stand on suspense; zero is either."""

    causes: frozenset[Cause] = frozenset()
    sign: int = 0
    account: Account | None = None
    """Where the money on suspense goes; None for a repair that books the item itself."""


REPAIRS: Mapping[Repair, RepairRule] = {
    Repair.BOOK_LATE: RepairRule(causes=frozenset({Cause.OUTCOME_UNKNOWN, Cause.CLOSED_HERE}), sign=1),
    Repair.SENT_BACK: RepairRule(sign=1, account=Account.BANK_SETTLEMENT),
    Repair.RECEIVED_AT_BANK: RepairRule(sign=-1, account=Account.BANK_SETTLEMENT),
    Repair.CHANNEL_CHARGE: RepairRule(account=Account.EXPENSE_CHANNEL_FEE),
}
"""What a member of staff may choose from."""


def fitting_repairs(cause: Cause, *, standing: int) -> tuple[Repair, ...]:
    """What may be done about a finding with `standing` on suspense; nothing where nothing stands there."""
    return tuple(
        repair
        for repair, rule in REPAIRS.items()
        if standing and (not rule.causes or cause in rule.causes) and rule.sign * standing >= 0
    )


def suspense_repair_entry(repair: Repair, *, standing: int) -> Entry:
    """The entry that takes `standing` off suspense. Raises RepairNotFitting for what posts nothing here."""
    rule = REPAIRS.get(repair)
    if rule is None or rule.account is None or rule.sign * standing < 0 or not standing:
        raise RepairNotFitting
    if standing > 0:
        lines = debit(Account.SUSPENSE, standing), credit(rule.account, standing)
    else:
        lines = debit(rule.account, -standing), credit(Account.SUSPENSE, -standing)
    return balanced_entry(EntryCode.SUSPENSE, *lines)
