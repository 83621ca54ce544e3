"""The chart of accounts: few, named, and the same for every customer; a line says whose money it is."""

import re
from enum import StrEnum

from fenqi.domain.errors import InvalidInput


class Account(StrEnum):
    """An account by its name; a channel's clearing account comes from `clearing`."""

    RECEIVABLE_PRINCIPAL = "receivable.principal"
    RECEIVABLE_INTEREST = "receivable.interest"
    RECEIVABLE_FEE = "receivable.fee"
    RECEIVABLE_LATE_FEE = "receivable.late_fee"
    ALLOWANCE_BAD_DEBT = "allowance.bad_debt"  # stands against the receivables of plans charged off
    CUSTOMER_BALANCE = "customer.balance"
    PAYABLE_REFUND = "payable.refund"
    PAYABLE_PARTNER = "payable.partner"
    RESERVE_HELD = "reserve.held"
    RESERVE_OWED = "reserve.owed"
    SALES_CLEARING = "sales.clearing"
    SALES_RETURNS = "sales.returns"
    INCOME_INTEREST = "income.interest"
    INCOME_FEE = "income.fee"
    INCOME_LATE_FEE = "income.late_fee"
    EXPENSE_PRICE_PROTECTION = "expense.price_protection"
    EXPENSE_GOODWILL = "expense.goodwill"
    EXPENSE_WAIVER = "expense.waiver"
    EXPENSE_SUBSIDY = "expense.subsidy"
    EXPENSE_CHANNEL_FEE = "expense.channel_fee"
    EXPENSE_BAD_DEBT = "expense.bad_debt"
    BANK_SETTLEMENT = "bank.settlement"  # the mall's own account, where channels pay out
    SUSPENSE = "suspense"


CLEARING_PREFIX = "clearing."
_CHANNEL_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def clearing(channel: str) -> str:
    """The account of money on its way through a channel: `clearing.alipay`. Raises InvalidInput."""
    if not _CHANNEL_NAME.fullmatch(channel):
        raise InvalidInput(
            where="channel", problem="small letters, digits and _ are expected", problem_zh="应为小写字母、数字和下划线"
        )
    return CLEARING_PREFIX + channel
