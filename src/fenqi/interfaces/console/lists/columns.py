"""What a list knows of each row: one value for each column, to filter and sort by, and to write into a sheet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from fenqi.domain.money import Money
from fenqi.interfaces.shared import formats
from fenqi.usecases.clock import mall_zone

Row = TypeVar("Row")
Value = str | int | Decimal | Money | date | datetime | None


class Kind(StrEnum):
    """How values are compared and written."""

    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """`value` of a row has the type that `kind` says: str, int or Decimal, Money, date, aware datetime; None for none.

    `is_shown`: the page's table has it; a sheet has all. `has_choices`: the list is narrowed by its values.
    `unit` of numbers stands in the title of a sheet; a page writes it beside each.
    """

    key: str
    title: Any
    value: Callable[[Row], Value]
    kind: Kind = Kind.TEXT
    is_shown: bool = True
    has_choices: bool = False
    unit: Any = ""

    @property
    def is_right(self) -> bool:
        return self.kind in (Kind.NUMBER, Kind.AMOUNT)

    def written(self, row: Row) -> str:
        """The value as a person would type it, to search in."""
        match value := self.value(row):
            case None:
                return ""
            case Money():
                return formats.money(value.minor, value.currency)
            case datetime():
                return value.astimezone(mall_zone()).strftime("%Y-%m-%d %H:%M")
        return str(value)

    def order(self, row: Row) -> tuple[bool, Any]:
        """Rows without a value come first."""
        match value := self.value(row):
            case None:
                return (False, 0)
            case Money():
                return (True, (value.currency, value.minor))
            case str():
                return (True, value.casefold())
        return (True, value)


def worded(
    key: str,
    title: Any,
    words: Mapping[str, Any],
    stored: Callable[[Row], str],
    *,
    is_shown: bool = True,
    has_choices: bool = True,
) -> Column[Row]:
    """A column of stored words, in the words of staff; the list is narrowed by it."""

    def value(row: Row) -> str:
        word = stored(row)
        return str(words.get(word, word))

    return Column(key=key, title=title, value=value, is_shown=is_shown, has_choices=has_choices)


def amount(
    key: str,
    title: Any,
    minor: Callable[[Row], int | None],
    currency: Callable[[Row], str],
    *,
    is_shown: bool = True,
) -> Column[Row]:
    """A column of minor units in a currency."""

    def value(row: Row) -> Money | None:
        found = minor(row)
        return None if found is None else Money(found, currency(row))

    return Column(key=key, title=title, value=value, kind=Kind.AMOUNT, is_shown=is_shown)
