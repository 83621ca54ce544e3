"""What is checked before anything is sent."""

from datetime import datetime
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.config import NAME
from fenqi.channels.interface import ChannelRefuses
from fenqi.domain.money import Money

LARGEST_FEN: Final = 999_999_999_999


def check_amount(amount: Money) -> None:
    """Raises ChannelRefuses."""
    if amount.currency != wire.CURRENCY:
        raise ChannelRefuses(channel=NAME, problem="it carries CNY only", problem_zh="仅支持人民币")
    if not 0 < amount.minor <= LARGEST_FEN:
        raise ChannelRefuses(
            channel=NAME, problem="an amount has 1 to 12 digits of fen", problem_zh="金额须为 1 分以上、12 位以内"
        )


def check_token(token: str) -> str:
    """The token, unchanged. Raises ChannelRefuses."""
    if not (token.isascii() and token.isalnum()):
        raise ChannelRefuses(channel=NAME, problem="this is no token of a card", problem_zh="银行卡授权无效")
    return token


def check_original(trade_no: str) -> str:
    """The gateway's number of the trade that another is about, unchanged. Raises ChannelRefuses."""
    if not (trade_no.isascii() and trade_no.isalnum()):
        raise ChannelRefuses(
            channel=NAME,
            problem="the channel's number of the original is not known yet",
            problem_zh="尚不知道原交易的渠道流水号",
        )
    return trade_no


def check_window(expires_at: datetime, *, now: datetime) -> None:
    """Raises ChannelRefuses."""
    if expires_at <= now:
        raise ChannelRefuses(channel=NAME, problem="its window is over", problem_zh="付款时限已过")


def check_sent_at(submitted_at: datetime | None) -> datetime:
    """A trade's time is a part of its key. Raises ChannelRefuses."""
    if submitted_at is None:
        raise ChannelRefuses(
            channel=NAME, problem="when it was sent is a part of its key", problem_zh="须提供原请求的发送时间"
        )
    return submitted_at
