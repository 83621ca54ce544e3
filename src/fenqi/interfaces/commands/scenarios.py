"""Scenario files: read one at a time from JSON, JSON lines or YAML, so that a long file never has to fit in memory."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TextIO

import yaml

from fenqi.domain.errors import FenqiError

_LINES = {".jsonl", ".ndjson"}
_YAML = {".yaml", ".yml"}
_BLANK = "\ufeff \t\r\n"


class UnreadableScenario(FenqiError):
    """The text is not JSON or YAML. Details: `where`, `problem`."""

    code = "unreadable_scenario"
    status = 422
    zh = "「{where}」无法解析：{problem}"
    en = "{where} cannot be read: {problem}"


class Scenarios(NamedTuple):
    """The scenarios of a file, each a value or the refusal that stands in its place, and whether they are a list."""

    items: Iterator[object]
    are_many: bool


def read_scenarios(stream: TextIO, *, name: str) -> Scenarios:
    """Raises UnreadableScenario where the file as a whole makes no sense."""
    suffix = Path(name).suffix.lower()
    if suffix in _LINES:
        return Scenarios(_lines(stream), are_many=True)
    if suffix in _YAML:
        return _yaml(stream, name)
    opening = _first_line_with_text(stream)
    if opening.strip(_BLANK).startswith(("{", "[")):
        return _json(opening, stream, name)
    return _yaml(_Rest(opening, stream), name)


def _first_line_with_text(stream: TextIO) -> str:
    return next((line for line in iter(stream.readline, "") if line.strip(_BLANK)), "")


def _json(opening: str, stream: TextIO, name: str) -> Scenarios:
    """One value, or JSON lines: no line but the first of a single value is an object by itself."""
    following = ""
    if opening.strip(_BLANK).startswith("{"):
        first = _loaded(opening, "line 1")
        following = _first_line_with_text(stream)
        if not following and not isinstance(first, FenqiError):
            return Scenarios(iter([first]), are_many=False)
        if not isinstance(first, FenqiError) or isinstance(_loaded(following, "line 2"), dict):
            return Scenarios(chain([first], _lines(chain([following], stream), start=2)), are_many=True)
    value = _loaded(opening + following + stream.read(), name)
    if isinstance(value, FenqiError):
        raise value
    return (
        Scenarios(iter(value), are_many=True) if isinstance(value, list) else Scenarios(iter([value]), are_many=False)
    )


def _lines(lines: Iterator[str] | TextIO, *, start: int = 1) -> Iterator[object]:
    for number, line in enumerate(lines, start=start):
        if line.strip(_BLANK):
            yield _loaded(line, f"line {number}")


def _loaded(text: str, where: str) -> object:
    """The value, or the refusal to give in its place. Numbers with a point stay decimal, never binary."""
    try:
        return json.loads(text.lstrip("\ufeff"), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, ArithmeticError) as error:
        return UnreadableScenario(where=where, problem=_short(error))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


class _Rest:
    """A stream whose first line was read already."""

    def __init__(self, opening: str, stream: TextIO) -> None:
        self._opening = opening
        self._stream = stream

    def read(self, size: int = -1) -> str:
        opening, self._opening = self._opening, ""
        return opening + self._stream.read(max(0, size - len(opening)) if size >= 0 else size)


class _YamlLoader(yaml.CSafeLoader):
    """YAML as the format means it: `on` is a field and not the truth, as YAML 1.1 would have it."""


_YamlLoader.yaml_implicit_resolvers = {
    "<": [("tag:yaml.org,2002:merge", re.compile(r"<<$"))],
    **{first: [("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"))] for first in ["~", "n", "N", ""]},
    **{first: [("tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)$"))] for first in "-+0123456789"},
}
"""Nulls and plain whole numbers; all else stays text for the format to read: 2023-02-30 is a date that is refused in
its own scenario, 0.05 an exact decimal, 1:30 not ninety."""


def _yaml(stream: "TextIO | _Rest", name: str) -> Scenarios:
    """One document, a list of scenarios, or several documents."""
    try:
        documents = list(yaml.load_all(stream, Loader=_YamlLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UnreadableScenario(where=name, problem=_short(error)) from None
    if len(documents) == 1 and not isinstance(documents[0], list):
        return Scenarios(iter(documents), are_many=False)
    return Scenarios(iter(_flat(documents)), are_many=True)


def _flat(documents: list[Any]) -> Iterator[object]:
    for document in documents:
        if isinstance(document, list):
            yield from document
        else:
            yield document
