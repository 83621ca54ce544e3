"""The types of fields that come from outside. Nothing is guessed: `true` is not 1, `12.0` is no amount, `9` no date."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from ninja import Header, Query
from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from fenqi.domain.money import EXPONENTS, LARGEST_MINOR
from fenqi.domain.reading import EARLIEST_ON, LATEST_ON, shown
from fenqi.usecases.idempotency import KEY_CHARACTERS
from fenqi.usecases.paging import LARGEST_PAGE

_EARLIEST_AT = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_AT = datetime(2199, 12, 31, tzinfo=UTC)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def refuse(problem: str, problem_zh: str) -> PydanticCustomError:
    """A complaint of ours in both languages, as the validator wants it."""
    return PydanticCustomError("refused", "not valid", {"problem": problem, "problem_zh": problem_zh})


def _instant(value: object) -> datetime:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise refuse("an instant with its zone such as 2026-01-31T08:00:00+08:00 is expected", "应为带时区的时间")
    try:
        at = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise refuse("there is no such instant", "没有这个时间") from None
    if not _EARLIEST_AT <= at <= _LATEST_AT:
        raise refuse("an instant from 1970 to 2199 is expected", "应为 1970 至 2199 年之间的时间")
    return at


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise refuse("a date such as 2026-01-31 is expected", "应为日期，例如 2026-01-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise refuse("there is no such day", "没有这一天") from None
    if not EARLIEST_ON <= day <= LATEST_ON:
        raise refuse(
            f"a date from {EARLIEST_ON} to {LATEST_ON} is expected", f"应为 {EARLIEST_ON} 至 {LATEST_ON} 的日期"
        )
    return day


def _known_currency(code: str) -> str:
    if code not in EXPONENTS:
        raise PydanticCustomError("unknown_currency", "unknown currency", {"currency": shown(code)})
    return code


def described(example: Any, description: str) -> Any:
    """What the OpenAPI document says about a field."""
    return Field(description=description, examples=[example])


# Printable: no control characters, so no NUL, no line breaks and no escapes for terminals.
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
# Names that stand in an address: what needs no escaping there.
_NUMBER = r"^[A-Za-z0-9][A-Za-z0-9._:@+~-]{0,63}$"

Instant = Annotated[
    datetime, BeforeValidator(_instant), described("2026-03-01T10:00:00+08:00", "RFC 3339, zone required")
]
Day = Annotated[date, BeforeValidator(_day), described("2026-03-01", "A business date of the mall")]
Flag = StrictBool
Count = Annotated[StrictInt, Field(ge=0, le=1200)]

Minor = Annotated[StrictInt, Field(ge=0, le=LARGEST_MINOR)]
PositiveMinor = Annotated[StrictInt, Field(ge=1, le=LARGEST_MINOR)]
Currency = Annotated[
    StrictStr,
    AfterValidator(_known_currency),
    Field(description="ISO 4217", examples=["CNY"], json_schema_extra={"pattern": "^[A-Z]{3}$"}),
]
Percent = Annotated[
    StrictStr,
    Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,34})?$", description="A percentage as decimal text", examples=["12.5"]),
]

Number = Annotated[StrictStr, Field(pattern=_NUMBER)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Word = Annotated[StrictStr, Field(max_length=64, pattern=PRINTABLE)]
Code = Annotated[StrictStr, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Phone = Annotated[StrictStr, Field(max_length=24, pattern=r"^[0-9+() -]*$", examples=["13800138000"])]

_KEY = {
    "alias": "Idempotency-Key",
    "pattern": rf"^[!-~]{{1,{KEY_CHARACTERS}}}$",
    "description": "Names this request for good: the same key and body get the same answer, nothing is done twice",
    "examples": ["018f2f6e-0c7a-7b1e-9d3a-0d6a4a6b7a10"],
}
IdempotencyKey = Annotated[str, Header(**_KEY)]
OptionalKey = Annotated[str | None, Header(**_KEY)]
WordAsked = Annotated[str, Query(max_length=64, pattern=PRINTABLE)]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="How many a page holds at most")]
Cursor = Annotated[
    str | None, Query(max_length=300, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before")
]
