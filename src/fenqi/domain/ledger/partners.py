"""What posts when somebody else lends the money.

The plan's own books stay as they are: what the customer owes, and the price of paying later as it was disclosed. Beside
them stands what of it is the lender's, on `payable.partner`: all that the customer still owes, and what the mall owes
the lender itself. The money between the two goes through the lender's clearing account.
"""

from fenqi.domain.ledger.accounts import Account
from fenqi.domain.ledger.entries import Entry, EntryCode, Line, balanced_entry, credit, debit, entry_of_changes
from fenqi.domain.plans.state import Components


def partner_funded_entry(opened: Components, *, commission: int, subsidy: int, source: str) -> Entry:
    """The lender pays the goods at once, less its commission and the subsidy, and the plan's income is the lender's."""
    entry = entry_of_changes(
        EntryCode.PARTNER_FUNDED,
        {
            source: opened.principal - commission - subsidy,
            str(Account.EXPENSE_CHANNEL_FEE): commission,
            str(Account.EXPENSE_SUBSIDY): subsidy,
            str(Account.INCOME_INTEREST): opened.interest,
            str(Account.INCOME_FEE): opened.fee,
            str(Account.PAYABLE_PARTNER): -opened.total,
        },
    )
    assert entry is not None, "a plan finances something"
    return entry


def partner_refund_entry(
    amount: int, *, dropped: Components, commission_back: int, subsidy_back: int, source: str
) -> Entry:
    """The lender took a return off its plan: it gets the value back, less what it gives back of its own share.

    `dropped` is what it will not ask for any more: income that was its own, and is nobody's now.
    """
    entry = entry_of_changes(
        EntryCode.PARTNER_REFUND,
        {
            str(Account.PAYABLE_PARTNER): amount + dropped.total,
            str(Account.INCOME_INTEREST): -dropped.interest,
            str(Account.INCOME_FEE): -dropped.fee,
            str(Account.EXPENSE_CHANNEL_FEE): -commission_back,
            str(Account.EXPENSE_SUBSIDY): -subsidy_back,
            source: commission_back + subsidy_back - amount,
        },
    )
    assert entry is not None, "a return has a value"
    return entry


def partner_settlement_entry(net: int, *, source: str) -> Entry:
    """The lender pays a day out to the mall's own account (above zero), or is paid."""
    bank = str(Account.BANK_SETTLEMENT)
    if net > 0:
        return balanced_entry(EntryCode.PARTNER_SETTLEMENT, debit(bank, net), credit(source, net))
    return balanced_entry(EntryCode.PARTNER_SETTLEMENT, debit(source, -net), credit(bank, -net))


def plan_moved_entry(owed: int, *, price: int, interest: int, fee: int, giver: str = "", taker: str = "") -> Entry:
    """A plan changes its holder for a price: `giver` and `taker` are clearing accounts, empty for the mall itself.

    owed = price + interest + fee: the interest and fees of installments that are not due yet are the taker's to earn.
    Between two lenders the claim leaves `payable.partner` for the one and stands there again for the other.
    """
    payable = str(Account.PAYABLE_PARTNER)
    lines: list[Line] = []
    if giver:
        lines += _movement({payable: owed, giver: -price})
    if taker:
        lines += _movement({taker: price, payable: -owed})
    if not (giver and taker):
        sign = -1 if giver else 1
        lines += _movement({str(Account.INCOME_INTEREST): sign * interest, str(Account.INCOME_FEE): sign * fee})
    return balanced_entry(EntryCode.PLAN_MOVED, *lines)


def plan_moved_back_entry(
    owed: int, *, price: int, interest: int, fee: int, collected: int, giver: str = "", taker: str = ""
) -> Entry:
    """A move is taken back: `giver` and `taker` are those of the move, `owed` what is owed now.

    What the taker has collected in between it keeps: so much less of the price goes back to it.
    """
    payable = str(Account.PAYABLE_PARTNER)
    lines: list[Line] = []
    if taker:
        lines += _movement({payable: owed, taker: collected - price})
    if giver:
        lines += _movement({giver: price - collected, payable: -owed})
    if not (giver and taker):
        sign = -1 if taker else 1
        lines += _movement({str(Account.INCOME_INTEREST): sign * interest, str(Account.INCOME_FEE): sign * fee})
    return balanced_entry(EntryCode.PLAN_MOVED_BACK, *lines)


def _movement(changes: dict[str, int]) -> list[Line]:
    """One line for each account that moves, a debit counted above zero."""
    return [debit(name, change) if change > 0 else credit(name, -change) for name, change in changes.items() if change]


def repayment_passed_on_entry(amount: int, *, source: str) -> Entry:
    """A repayment that came to the mall for a lender's plan is set off against what the lender owes the mall."""
    return balanced_entry(EntryCode.REPAYMENT_PASSED_ON, debit(Account.PAYABLE_PARTNER, amount), credit(source, amount))
