"""Amounts and times as Alipay writes them: yuan with two decimals, Beijing time."""

import re
from datetime import UTC, datetime

from fenqi.channels.alipay.gateway import BEIJING, TIME_FORMAT
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome

CURRENCY = "CNY"

_YUAN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def yuan(amount: Money) -> str:
    return f"{amount.as_decimal():.2f}"


def money(text: str) -> Money | None:
    """None for what is no amount."""
    return Money.from_decimal(text, CURRENCY) if _YUAN.fullmatch(text) else None


def beijing(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime(TIME_FORMAT)


def instant(text: str) -> datetime | None:
    """In UTC; None for what is no time. Some fields carry milliseconds, which nothing needs."""
    try:
        local = datetime.strptime(text[:19], TIME_FORMAT).replace(tzinfo=BEIJING)
    except ValueError:
        return None
    return local.astimezone(UTC)


def outcome_of(trade_status: str, *, was_paid: bool) -> Outcome:
    """A trade's state in our words. TRADE_CLOSED is "never paid" or "refunded in full"; UNKNOWN for any other word."""
    match trade_status:
        case "WAIT_BUYER_PAY":
            return Outcome.WAITING
        case "TRADE_SUCCESS" | "TRADE_FINISHED":
            return Outcome.SUCCEEDED
        case "TRADE_CLOSED":
            return Outcome.SUCCEEDED if was_paid else Outcome.CLOSED
        case _:
            return Outcome.UNKNOWN
