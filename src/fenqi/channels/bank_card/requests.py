"""What a request about a token's trade carries."""

from datetime import datetime, timedelta
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.checks import check_token
from fenqi.channels.bank_card.config import NAME, BankCardConfig
from fenqi.channels.bank_card.gateway import Gateway
from fenqi.channels.interface import check_number
from fenqi.domain.money import Money

WINDOW: Final = timedelta(minutes=15)
"""No trade is given longer than this (`payTimeout`); after it, "no such trade" is final."""

TOKENS: Final = "000902"
"""The business type of everything that is done by token."""


class Requests:
    """Requests of one merchant, not signed yet. Each raises ChannelRefuses for what no gateway would take."""

    def __init__(self, gateway: Gateway, config: BankCardConfig) -> None:
        self._gateway = gateway
        self._requestor = config.token_requestor

    def about(self, trade: tuple[str, str], number: str, submitted_at: datetime, **fields: str) -> dict[str, str]:
        """One of type and sub type `trade`; its number and `submitted_at` are its key."""
        txn_type, sub_type = trade
        return self._gateway.request(
            txnType=txn_type,
            txnSubType=sub_type,
            bizType=TOKENS,
            orderId=check_number(number, channel=NAME),
            txnTime=wire.beijing(submitted_at),
            **fields,
        )

    def question(self, number: str, submitted_at: datetime) -> dict[str, str]:
        return self.about(("00", "00"), number, submitted_at)

    def token(self, token: str) -> str:
        return wire.braced({"token": check_token(token), "trId": self._requestor})

    def new_token(self) -> str:
        """What asks for one."""
        return wire.braced({"trId": self._requestor, "tokenType": "01"})


def sum_of(amount: Money) -> dict[str, str]:
    return {"txnAmt": wire.fen(amount), "currencyCode": wire.CURRENCY_NUMBER}
