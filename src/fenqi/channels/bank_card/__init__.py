"""Bank cards by UnionPay's gateway (银联全渠道), ACP version 5.1.0: cards bound to a token, debited in the back."""

from fenqi.channels.bank_card.channel import BankCardChannel
from fenqi.channels.bank_card.config import BankCardConfig

__all__ = ["BankCardChannel", "BankCardConfig"]
