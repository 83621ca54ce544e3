"""Read a mapping from outside field by field: every wrong type, range or name is a refusal that says where.

Nothing is guessed: `true` is not 1, `12.0` is not an amount, a misspelt field is not ignored.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NoReturn, TypeVar

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.money import LARGEST_MINOR, InvalidAmount

EnumT = TypeVar("EnumT", bound=StrEnum)

EARLIEST_ON = date(1900, 1, 1)
LATEST_ON = date(2199, 12, 31)
_LONGEST_TEXT = 200
_LONGEST_NUMBER = 40
_SHOWN = 60


class UnknownField(FenqiError):
    """A field that the format does not have: most often a slip of the pen that would silently change the meaning."""

    code = "unknown_field"
    status = 422
    zh = "「{where}」不是可用的字段，请检查拼写。"
    en = "{where} is not a field here: check its spelling."


class MissingField(FenqiError):
    """A field that has no default was left out."""

    code = "missing_field"
    status = 422
    zh = "缺少「{where}」。"
    en = "{where} is missing."


class Fields:
    """The fields of one mapping, read once each; a null counts as left out. `where` is its path in the input."""

    def __init__(self, raw: object, *, where: str, allowed: frozenset[str]) -> None:
        if not isinstance(raw, Mapping):
            raise InvalidInput(where=where, problem="it is not a mapping", problem_zh="应为一组字段")
        for name in raw:
            if name not in allowed:
                raise UnknownField(where=f"{where}.{shown(name)}")
        self._raw = raw
        self._where = where

    def path(self, name: str) -> str:
        return f"{self._where}.{name}"

    def refuse(self, name: str, problem: str, problem_zh: str) -> NoReturn:
        raise InvalidInput(where=self.path(name), problem=problem, problem_zh=problem_zh)

    def has(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def value(self, name: str) -> object:
        """Raises MissingField."""
        found = self._raw.get(name)
        if found is None:
            raise MissingField(where=self.path(name))
        return found

    def text(self, name: str) -> str:
        found = self.value(name)
        if isinstance(found, int) and not isinstance(found, bool):  # YAML reads an unquoted 17 as a number
            found = str(found) if abs(found) <= LARGEST_MINOR else ""
        if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_TEXT:
            self.refuse(
                name, f"text of 1 to {_LONGEST_TEXT} characters is expected", f"应为 1 至 {_LONGEST_TEXT} 个字符"
            )
        return found

    def whole(self, name: str, *, least: int, most: int, default: int | None = None) -> int:
        if default is not None and not self.has(name):
            return default
        found = self.value(name)
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
            self.refuse(name, f"a whole number from {least} to {most} is expected", f"应为 {least} 至 {most} 的整数")
        return found

    def amount(self, name: str) -> int:
        """A positive count of minor units. Raises InvalidAmount."""
        found = self.value(name)
        if not isinstance(found, int) or isinstance(found, bool):
            raise InvalidAmount(
                where=self.path(name),
                amount=shown(found),
                reason="a whole number of minor units is expected",
                reason_zh="应为最小货币单位的整数",
            )
        if found <= 0:
            raise InvalidAmount(
                where=self.path(name), amount=shown(found), reason="it is not above zero", reason_zh="必须大于零"
            )
        if found > LARGEST_MINOR:
            raise InvalidAmount(
                where=self.path(name), amount=shown(found), reason="it is too large", reason_zh="数额过大"
            )
        return found

    def percent(self, name: str, *, most: int, default: Decimal | None = None) -> Decimal:
        """A percentage from 0 to `most`, exact: text, a whole number, or a decimal that was never a binary float."""
        if default is not None and not self.has(name):
            return default
        found = self.value(name)
        number = _decimal_of(found)
        if number is None or not 0 <= number <= most:
            self.refuse(name, f"a percentage from 0 to {most} is expected", f"应为 0 至 {most} 的百分数")
        return number

    def day(self, name: str) -> date:
        found = self.value(name)
        day = _day_of(found)
        if day is None or not EARLIEST_ON <= day <= LATEST_ON:
            self.refuse(
                name,
                f"a date such as 2026-01-31, from {EARLIEST_ON} to {LATEST_ON}, is expected",
                f"应为 {EARLIEST_ON} 至 {LATEST_ON} 之间的日期，例如 2026-01-31",
            )
        return day

    def choice(self, name: str, kinds: type[EnumT], default: EnumT | None = None) -> EnumT:
        if default is not None and not self.has(name):
            return default
        found = self.value(name)
        for kind in kinds:
            if found == kind.value:
                return kind
        known = ", ".join(kinds)
        return self.refuse(name, f"one of {known} is expected", f"应为其中之一：{known}")


def shown(value: object) -> str:
    """A hostile value, cut to what may stand in a message."""
    if isinstance(value, int) and abs(value) > LARGEST_MINOR:
        return "a very large number"
    if isinstance(value, str | int | float | Decimal | date | bool):
        text = str(value)
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return type(value).__name__


def _decimal_of(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    if isinstance(value, int):
        return Decimal(value) if abs(value) <= LARGEST_MINOR else None
    text = str(value)
    if len(text) > _LONGEST_NUMBER or "_" in text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # The range comes before any arithmetic: 1e999999 must cost nothing.
    if not number.is_finite() or not -_LONGEST_NUMBER < number.adjusted() < _LONGEST_NUMBER:
        return None
    exponent = number.as_tuple().exponent
    return number if isinstance(exponent, int) and exponent > -_LONGEST_NUMBER else None


def _day_of(value: object) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) != len("2026-01-31") or value[4] != "-" or value[7] != "-":
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
