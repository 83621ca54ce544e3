"""Pages by cursor: stable while rows are added, and never a count over a large table."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload
from uuid import UUID

from fenqi.domain.errors import FenqiError

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    Record = TypeVar("Record", bound=Model)

Item = TypeVar("Item")
LARGEST_PAGE = 100


class InvalidCursor(FenqiError):
    code = "invalid_cursor"
    status = 422
    zh = "翻页标记无效，请从第一页重新开始。"
    en = "The page cursor is not valid: start again from the first page."


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    items: tuple[Item, ...]
    next_cursor: str | None


def to_cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode().rstrip("=")


def from_cursor(cursor: str, *, parts: int) -> list[str]:
    """The values that `to_cursor` was given. Raises InvalidCursor."""
    try:
        values: Any = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise InvalidCursor from None
    if not isinstance(values, list) or len(values) != parts or not all(isinstance(value, str) for value in values):
        raise InvalidCursor
    return values


def from_time_cursor(cursor: str) -> tuple[datetime, UUID]:
    """The instant and the id of the last row shown, where pages go by time. Raises InvalidCursor."""
    at, row_id = from_cursor(cursor, parts=2)
    try:
        return datetime.fromisoformat(at), UUID(row_id)
    except ValueError:
        raise InvalidCursor from None


def page_of(rows: list[Item], *, limit: int, cursor_of: Any) -> Page[Item]:
    """A page from one row more than it holds: the surplus row only tells that there is a next page."""
    shown = tuple(rows[:limit])
    return Page(items=shown, next_cursor=cursor_of(shown[-1]) if len(rows) > limit else None)


@overload
def newest(rows: "QuerySet[Record]", most: int) -> "tuple[list[Record], bool]": ...
@overload
def newest(rows: Sequence[Item], most: int) -> tuple[list[Item], bool]: ...
def newest(rows: Any, most: int) -> tuple[list[Any], bool]:
    """As many as are shown, and whether there are more: one more is read. `rows` have the newest first."""
    found = list(rows[: most + 1])
    return found[:most], len(found) > most
