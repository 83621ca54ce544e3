"""JSON of unknown origin: one object, no floats, no tricks."""

import json
from decimal import Decimal
from typing import Any

from fenqi.domain.errors import InvalidInput


def json_object(text: str, where: str) -> dict[str, Any]:
    """The object that `text` is; its fractions are Decimal. Raises InvalidInput."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise InvalidInput(where=where, problem="it is not a JSON object", problem_zh="不是有效的 JSON 对象") from None
    if not isinstance(value, dict):
        raise InvalidInput(where=where, problem="it is not a JSON object", problem_zh="不是有效的 JSON 对象")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a name is given twice")
    return said


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_once)
