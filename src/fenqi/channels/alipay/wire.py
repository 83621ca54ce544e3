"""Amounts and times as Alipay writes them: yuan with two decimals, Beijing time."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from fenqi.channels.alipay.gateway import BEIJING, TIME_FORMAT
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome

NAME: Final = "alipay"
CURRENCY: Final = "CNY"

_FITTING_MARKS: Final = str.maketrans("/=&", "／＝＆")
"""Alipay takes none of the three in a subject, but names of goods hold them: their wide forms read the same."""

_YUAN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def yuan(amount: Money) -> str:
    return f"{amount.as_decimal():.2f}"


def money(text: str) -> Money | None:
    """None for what is no amount."""
    return Money.from_decimal(text, CURRENCY) if _YUAN.fullmatch(text) else None


def subject(text: str) -> str:
    return text.translate(_FITTING_MARKS)


def texts(fields: Mapping[str, object]) -> dict[str, str]:
    """The fields of an answer that are texts."""
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def beijing_day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


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
