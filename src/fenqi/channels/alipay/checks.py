"""What Alipay would refuse is refused before anything is signed. Everything here raises ChannelRefuses."""

from datetime import datetime
from typing import Final

from fenqi.channels.alipay.wire import CURRENCY, NAME
from fenqi.channels.interface import ChannelRefuses, check_number
from fenqi.domain.money import Money

LARGEST_FEN: Final = 100_000_000_00
LONGEST_TEXT: Final = 256


def check_numbers(*numbers: str) -> None:
    for number in numbers:
        check_number(number, channel=NAME)


def check_amount(amount: Money) -> None:
    if amount.currency != CURRENCY:
        raise ChannelRefuses(channel=NAME, problem="it carries CNY only", problem_zh="仅支持人民币")
    if not 0 < amount.minor <= LARGEST_FEN:
        raise ChannelRefuses(
            channel=NAME,
            problem="an amount must be from 0.01 to 100,000,000 yuan",
            problem_zh="金额须在 0.01 元至 1 亿元之间",
        )


def check_text(text: str) -> None:
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ChannelRefuses(
            channel=NAME,
            problem=f"a subject or a reason has 1 to {LONGEST_TEXT} characters",
            problem_zh=f"标题和退款原因须为 1 至 {LONGEST_TEXT} 个字符",
        )


def check_window(expires_at: datetime, *, now: datetime) -> None:
    if expires_at <= now:
        raise ChannelRefuses(channel=NAME, problem="its window is over", problem_zh="付款时限已过")
