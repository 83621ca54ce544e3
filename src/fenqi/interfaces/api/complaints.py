"""What the schema found wrong with a request, said in the project's own codes and in both languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.money import LARGEST_MINOR, InvalidAmount, UnknownCurrency
from fenqi.domain.reading import MissingField, UnknownField

MOST_COMPLAINTS = 20
_WAYS_OF_BEING_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")

# By the validator's word for what is wrong; the braces are filled from what it says about it.
_WORDS = {
    "string_type": ("text is expected", "应为文字"),
    "string_unicode": ("it holds characters that are not Unicode", "含有无效的 Unicode 字符"),
    "string_too_short": ("it has at least {min_length} characters", "至少 {min_length} 个字符"),
    "string_too_long": ("it has at most {max_length} characters", "最多 {max_length} 个字符"),
    "string_pattern_mismatch": (
        "it holds characters or has a form that is not allowed here",
        "含有不允许的字符或格式不符",
    ),
    "int_type": ("a whole number is expected", "应为整数"),
    "int_from_float": ("a whole number is expected", "应为整数"),
    "int_parsing": ("a whole number is expected", "应为整数"),
    "int_parsing_size": ("the number is too large", "数值过大"),
    "bool_type": ("true or false is expected", "应为 true 或 false"),
    "bool_parsing": ("true or false is expected", "应为 true 或 false"),
    "greater_than_equal": ("it is at least {ge}", "不小于 {ge}"),
    "less_than_equal": ("it is at most {le}", "不大于 {le}"),
    "too_short": ("at least {min_length} are expected", "至少 {min_length} 项"),
    "too_long": ("at most {max_length} are allowed", "最多 {max_length} 项"),
    "list_type": ("a list is expected", "应为列表"),
    "tuple_type": ("a list is expected", "应为列表"),
    "model_type": ("an object is expected", "应为对象"),
    "model_attributes_type": ("an object is expected", "应为对象"),
    "dict_type": ("an object is expected", "应为对象"),
    "enum": ("one of these is expected: {expected}", "应为其中之一：{expected}"),
    "literal_error": ("one of these is expected: {expected}", "应为其中之一：{expected}"),
    "uuid_parsing": ("an id is expected", "应为编号（UUID）"),
    "uuid_type": ("an id is expected", "应为编号（UUID）"),
}
_OTHERWISE = ("it is not valid", "填写有误")


def complaints_of(errors: Iterable[Mapping[str, Any]]) -> tuple[FenqiError, ...]:
    """One refusal for each thing wrong, at most MOST_COMPLAINTS of them."""
    return tuple(_complaint(error) for error in list(errors)[:MOST_COMPLAINTS])


def _complaint(error: Mapping[str, Any]) -> FenqiError:
    where = place(error["loc"])
    kind = error["type"]
    if kind == "missing":
        return MissingField(where=where)
    if kind in _WAYS_OF_BEING_UNKNOWN:
        return UnknownField(where=where)
    if kind == "unknown_currency":
        return UnknownCurrency(where=where, currency=error["ctx"]["currency"])
    en, zh = _said(kind, error.get("ctx", {}))
    if where.endswith(("_minor", "terms.principal")):
        return InvalidAmount(where=where, amount=where, reason=en, reason_zh=zh)
    return InvalidInput(where=where, problem=en, problem_zh=zh)


def _said(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Our own validators raise `problem` with both texts; the library's are looked up."""
    if "problem" in context and "problem_zh" in context:
        return str(context["problem"]), str(context["problem_zh"])
    en, zh = _WORDS.get(kind, _OTHERWISE)
    bounds = {name: _bound(value) for name, value in context.items()}
    return en.format_map(bounds), zh.format_map(bounds)


def _bound(value: object) -> str:
    return "10^15" if value == LARGEST_MINOR else str(value)


def place(loc: Sequence[str | int]) -> str:
    """`("body", "body", "lines", 0, "sku")` is `lines[0].sku`: the path in the document, or the query's field."""
    path = ""
    for step in loc[2:] if loc[0] == "body" else loc[1:]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path[:200] or "body"
