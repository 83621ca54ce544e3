"""Texts, amounts and times as the gateway writes them: `k=v` pairs, fen without a point, Beijing time."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from fenqi.domain.money import Money

CURRENCY: Final = "CNY"
CURRENCY_NUMBER: Final = "156"
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The gateway's clock; without daylight saving since 1992."""

_TIME_FORMAT: Final = "%Y%m%d%H%M%S"
_TIME: Final = re.compile(r"[0-9]{14}")
_FEN: Final = re.compile(r"[0-9]{1,12}")
_PAIR: Final = re.compile(r"([0-9A-Za-z_]+)=(\{[^}]*\}|[^&]*)(?:&|\Z)")


def fen(amount: Money) -> str:
    return str(amount.minor)


def money(text: str) -> Money | None:
    """None for what is no amount."""
    return Money(int(text), CURRENCY) if _FEN.fullmatch(text) else None


def beijing(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime(_TIME_FORMAT)


def instant(text: str) -> datetime | None:
    """In UTC; None for what is no time."""
    if _TIME.fullmatch(text) is None:
        return None
    try:
        return datetime.strptime(text, _TIME_FORMAT).replace(tzinfo=BEIJING).astimezone(UTC)
    except ValueError:
        return None


def instant_near(text: str, near: datetime) -> datetime | None:
    """An instant written `MMDDhhmmss`, without a year: the one nearest to `near`. None for what is no time."""
    years = (near.astimezone(BEIJING).year + step for step in (-1, 0, 1))
    found = [at for at in (instant(f"{year}{text}") for year in years) if at is not None]
    return min(found, key=lambda at: abs(at - near), default=None)


def read_pairs(text: str) -> dict[str, str]:
    """The pairs of an answer, which is not URL-encoded; a value in braces may hold `&`. Raises ValueError."""
    fields: dict[str, str] = {}
    at = 0
    while at < len(text):
        pair = _PAIR.match(text, at)
        if pair is None or pair[1] in fields:  # a name that comes twice reads two ways
            raise ValueError("not pairs")
        fields[pair[1]] = pair[2]
        at = pair.end()
    return fields


def braced(fields: Mapping[str, str]) -> str:
    """Pairs as one value."""
    return "{" + "&".join(f"{name}={value}" for name, value in fields.items()) + "}"


def read_braced(text: str) -> dict[str, str]:
    """The pairs of a value in braces; empty when it is none."""
    try:
        return read_pairs(text[1:-1]) if text.startswith("{") and text.endswith("}") else {}
    except ValueError:
        return {}
