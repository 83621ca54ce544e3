"""What a paper says, the code that stands for it, and what a customer's account looks like over a period."""

from fenqi.domain.vouchers.codes import CODE_LENGTH, Said, code_of, normal_code, shown_code
from fenqi.domain.vouchers.period import AccountStatement, Balances, Movement, backwards_period, over_period

__all__ = [
    "CODE_LENGTH",
    "AccountStatement",
    "Balances",
    "Movement",
    "Said",
    "backwards_period",
    "code_of",
    "normal_code",
    "over_period",
    "shown_code",
]
