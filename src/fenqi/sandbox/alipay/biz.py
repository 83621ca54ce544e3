"""The values of this protocol: yuan with two decimals, Beijing time, the JSON of a call. What is none is refused."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.faults import Fault, Kind
from fenqi.sandbox.town import town

BEIJING: Final = timezone(timedelta(hours=8))
LARGEST_FEN: Final = 100_000_000_00
INVALID: Final = "ACQ.INVALID_PARAMETER"

_YUAN: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
_TITLE: Final = re.compile(r"[^/=&]{1,256}")
_NUMBER: Final = re.compile(r"[0-9A-Za-z_]{1,64}")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_SPAN_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400}

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One call whose signature holds."""

    app_id: str
    biz: Fields
    notify_url: str
    return_url: str
    origin: str
    """Of the town, as the caller sees it."""
    fault: Fault | None

    def suffers(self, kind: Kind) -> bool:
        return self.fault is not None and self.fault.kind is kind


def read_biz(text: str) -> Fields:
    try:
        biz = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise Refusal(INVALID) from None
    if not isinstance(biz, dict):
        raise Refusal(INVALID)
    return biz


def number_of(biz: Mapping[str, object], name: str) -> str:
    """A number that the merchant chose."""
    return _matched(_NUMBER, biz.get(name))


def title_of(biz: Mapping[str, object], name: str) -> str:
    return _matched(_TITLE, biz.get(name))


def fen_of(text: object) -> int:
    """Fen of a yuan text."""
    whole, _, part = _matched(_YUAN, text).partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def part_of(biz: Mapping[str, object], name: str) -> Fields:
    """A JSON object inside; empty when there is none."""
    part = biz.get(name) or {}
    if not isinstance(part, dict):
        raise Refusal(INVALID)
    return part


def span_seconds(text: object) -> int:
    """Of a span such as 90m, 2h or 15d."""
    match = _SPAN.fullmatch(_matched(_SPAN, text))
    assert match is not None
    return int(match[1]) * _SPAN_SECONDS[match[2]]


def instant_of(text: object) -> float:
    try:
        naive = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - Beijing time, on the next line
    except ValueError:
        raise Refusal(INVALID) from None
    return naive.replace(tzinfo=BEIJING).timestamp()


def day_of(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise Refusal(INVALID) from None


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def beijing(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def today() -> date:
    return datetime.fromtimestamp(town().now(), BEIJING).date()


def new_number(infix: str) -> str:
    """One of Alipay's own numbers, of 28 digits."""
    return f"{today():%Y%m%d}{infix}{secrets.randbelow(10**15):015}"


def _matched(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise Refusal(INVALID)
    return value
