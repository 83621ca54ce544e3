"""Amounts, times and texts as WeChat Pay writes them: whole fen, RFC 3339 with +08:00."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from fenqi.domain.money import LARGEST_MINOR, Money

CURRENCY: Final = "CNY"
BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""WeChat Pay's clock; without daylight saving since 1992."""

Fields = Mapping[str, object]


def text(fields: Fields, name: str) -> str:
    """A field's text; empty when it is absent or no text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def part(fields: Fields, name: str) -> Fields:
    """An object within the object; empty when it is absent or none."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def money(fields: Fields, name: str) -> Money | None:
    """An amount of yuan's fen, `name` of an `amount` object; None for what is none, or is in another currency."""
    value = fields.get(name)
    is_fen = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_MINOR
    return Money(int(str(value)), CURRENCY) if is_fen and fields.get("currency", CURRENCY) == CURRENCY else None


def beijing(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def instant(written: str) -> datetime | None:
    """In UTC; None for what is no time, or names no zone."""
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def shortened(words: str, most: int) -> str:
    """A text for reading, cut to what the channel shows."""
    return words if len(words) <= most else f"{words[: most - 1]}…"
