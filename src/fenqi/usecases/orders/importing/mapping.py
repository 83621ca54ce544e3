"""How another program's file is to be read: which column is what, in which units, and which payments make a plan.

`docs/import.md` describes the YAML. Whatever a mapping does not say is as in our own format, which is itself a mapping:
`OWN_FORMAT`.
"""

import codecs
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from fenqi.records.models import FeeBearer, OrderStatus
from fenqi.usecases.orders.importing.refusals import MappingRefused

MOST_MAPPING_BYTES = 64 * 1024
ENCODINGS = ("utf-8", "gb18030", "big5", "latin-1")

ORDER_FIELDS = (
    "order_no",
    "customer_ref",
    "customer_name",
    "customer_phone",
    "currency",
    "status",
    "sales_channel",
    "placed_at",
    "approved_at",
    "delivered_at",
)
LINE_FIELDS = (
    "sku",
    "name",
    "category",
    "quantity",
    "unit_price",
    "discount",
    "freight",
    "tags",
    "seller",
    "no_return_confirmed_at",
    "no_return_text_version",
)
PAYMENT_FIELDS = ("seq", "method", "installments", "amount", "financed")
NEEDED = ("order_no", "customer_ref", "placed_at", "status", "currency")


Word = TypeVar("Word", bound=StrEnum)


class Unit(StrEnum):
    """What an amount of the file counts."""

    MINOR = "minor"  # 1234
    DECIMAL = "decimal"  # 12.34


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field comes from: the first of the columns that is not empty, else the constant."""

    columns: tuple[str, ...] = ()
    constant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsColumn:
    """Several payments in one cell: `fields` joined by `inner`, payments joined by `outer`."""

    column: str
    fields: tuple[str, ...]
    outer: str = "|"
    inner: str = ":"
    unit: Unit = Unit.MINOR


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFromPayments:
    """A plan for an order with a payment of `method` in at least `least_installments`; it bears that payment."""

    method: str
    least_installments: int
    opened: str
    terms: Mapping[str, Any]
    provider: str = "mall"
    fee_bearer: str = FeeBearer.CUSTOMER.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFromColumns:
    """The terms of a plan written out in a cell, as in a scenario file."""

    terms: str
    provider: Source = field(default_factory=lambda: Source(constant="mall"))
    fee_bearer: Source = field(default_factory=lambda: Source(constant=FeeBearer.CUSTOMER.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMapping:
    """A whole mapping. `time_zone` None: the mall's own."""

    order: Mapping[str, Source]
    line: Mapping[str, Source]
    line_present: Source
    payments: PaymentsColumn | None
    plan: PlanFromPayments | PlanFromColumns | None
    status_words: Mapping[str, str]
    unit: Unit = Unit.DECIMAL
    encoding: str = "utf-8"
    delimiter: str = ","
    time_zone: ZoneInfo | None = None
    digest: str = "own"

    def columns(self) -> set[str]:
        """Every column the mapping reads."""
        sources = [*self.order.values(), *self.line.values(), self.line_present]
        named = {column for source in sources for column in source.columns}
        if self.payments:
            named.add(self.payments.column)
        if isinstance(self.plan, PlanFromColumns):
            named |= {self.plan.terms, *self.plan.provider.columns, *self.plan.fee_bearer.columns}
        return named


OWN_STATUS_WORDS = {status.value: status.value for status in OrderStatus}

OWN_FORMAT = FileMapping(
    order={name: Source((name,)) for name in ORDER_FIELDS} | {"sales_channel": Source(("sales_channel",), "OFFICIAL")},
    line={
        "sku": Source(("sku",)),
        "name": Source(("item_name",)),
        "category": Source(("category",)),
        "quantity": Source(("quantity",), "1"),
        "unit_price": Source(("unit_price_minor",)),
        "discount": Source(("discount_minor",), "0"),
        "freight": Source(("freight_minor",), "0"),
        "tags": Source(("tags",)),
        "seller": Source(("seller",)),
        "no_return_confirmed_at": Source(("no_return_confirmed_at",)),
        "no_return_text_version": Source(("no_return_text_version",)),
    },
    line_present=Source(("sku",)),
    payments=PaymentsColumn(column="payments", fields=("method", "installments", "amount", "financed")),
    plan=PlanFromColumns(
        terms="plan_terms",
        provider=Source(("plan_provider",), "mall"),
        fee_bearer=Source(("plan_fee_bearer",), FeeBearer.CUSTOMER.value),
    ),
    status_words=OWN_STATUS_WORDS,
    unit=Unit.MINOR,
)
OWN_OPTIONAL_COLUMNS = frozenset(OWN_FORMAT.columns() - {*NEEDED})
"""A file of our own format may leave these columns out: they are then empty in every row."""


def read_mapping(path: Path) -> FileMapping:
    """A mapping from its YAML file. Raises MappingRefused."""
    with path.open("rb") as file:
        content = file.read(MOST_MAPPING_BYTES + 1)
    if len(content) > MOST_MAPPING_BYTES:
        raise _refusal("", f"it is larger than {MOST_MAPPING_BYTES} bytes", "文件过大")
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _refusal("", "it is not YAML", "不是有效的 YAML") from error
    return parse_mapping(document)


def parse_mapping(document: object) -> FileMapping:
    """A mapping from what its YAML says. Raises MappingRefused."""
    root = _Section(document, "")
    order = _sources(root.section("order"), ORDER_FIELDS)
    for name in NEEDED:
        if name not in order:
            raise _refusal(f"order.{name}", "it is missing", "缺失")
    line_section = root.section("line", required=False)
    present = line_section.take("present")
    line = _sources(line_section, LINE_FIELDS)
    mapping = FileMapping(
        order=order | ({} if "sales_channel" in order else {"sales_channel": Source(constant="OFFICIAL")}),
        line=line,
        line_present=_source(present, "line.present") if present is not None else line.get("sku", Source()),
        payments=_payments(root),
        plan=_plan(root),
        status_words=_words(root),
        unit=root.choice("amounts", Unit, Unit.DECIMAL),
        encoding=_encoding(root),
        delimiter=_delimiter(root),
        time_zone=_zone(root),
        digest=hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest(),
    )
    root.finish()
    if isinstance(mapping.plan, PlanFromPayments) and mapping.payments is None:
        raise _refusal("plan", "it is made from payments, but no payments column is named", "缺少付款列")
    return mapping


class _Section:
    """A mapping inside the YAML, whose keys are taken one by one; one that nobody took is a mistake."""

    def __init__(self, document: object, where: str) -> None:
        if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
            raise _refusal(where, "it is not a list of names and values", "应为键值对")
        self.where = where
        self.rest = dict(document)

    def path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def take(self, name: str) -> Any:
        return self.rest.pop(name, None)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.take(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value:
            raise _refusal(self.path(name), "it is not a text", "应为文本")
        return value

    def count(self, name: str, default: int) -> int:
        value = self.take(name)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _refusal(self.path(name), "it is not a whole number from 1", "应为正整数")
        return value

    def choice(self, name: str, among: type[Word], default: Word) -> Word:
        word = self.text(name, default.value)
        try:
            return among(word)
        except ValueError:
            words = ", ".join(among)
            raise _refusal(self.path(name), f"it is none of {words}", f"应为 {words} 之一") from None

    def section(self, name: str, *, required: bool = True) -> "_Section":
        value = self.take(name)
        if value is None and not required:
            value = {}
        return _Section(value, self.path(name))

    def finish(self) -> None:
        for name in self.rest:
            raise _refusal(self.path(name), "no such setting", "没有这个设置项")


def _refusal(where: str, problem: str, problem_zh: str) -> MappingRefused:
    return MappingRefused(where=where or "the file", problem=problem, problem_zh=problem_zh)


def _sources(section: _Section, names: Sequence[str]) -> dict[str, Source]:
    found = {name: _source(value, section.path(name)) for name in names if (value := section.take(name)) is not None}
    section.finish()
    return found


def _source(value: object, where: str) -> Source:
    match value:
        case str() if value:
            return Source((value,))
        case {"value": str() | int() as constant, **rest} if not rest:
            return Source(constant=str(constant))
        case {"first_of": [*columns], **rest} if not rest and columns and all(isinstance(c, str) for c in columns):
            return Source(tuple(columns))
    raise _refusal(
        where, "it is a column, {value: ...} or {first_of: [...]}", "应为列名、{value: ...} 或 {first_of: [...]}"
    )


def _payments(root: _Section) -> PaymentsColumn | None:
    if "payments" not in root.rest:
        return None
    section = root.section("payments")
    names = section.take("fields")
    if not isinstance(names, list) or not {"method", "amount"} <= set(names) <= set(PAYMENT_FIELDS):
        raise _refusal(section.path("fields"), f"they are some of {', '.join(PAYMENT_FIELDS)}", "字段名不正确")
    payments = PaymentsColumn(
        column=section.text("column"),
        fields=tuple(names),
        outer=section.text("separator", "|"),
        inner=section.text("field_separator", ":"),
        unit=section.choice("amounts", Unit, Unit.MINOR),
    )
    section.finish()
    return payments


def _plan(root: _Section) -> PlanFromPayments | PlanFromColumns | None:
    if "plan" not in root.rest:
        return None
    section = root.section("plan")
    if "terms_column" in section.rest:
        plan: PlanFromPayments | PlanFromColumns = PlanFromColumns(terms=section.text("terms_column"))
    else:
        plan = PlanFromPayments(
            method=section.text("method"),
            least_installments=section.count("least_installments", 2),
            opened=section.text("opened", "approved_at"),
            terms=section.section("terms").rest,
            provider=section.text("provider", "mall"),
            fee_bearer=_fee_bearer(section),
        )
        if plan.opened not in ("approved_at", "placed_at"):
            raise _refusal("plan.opened", "it is approved_at or placed_at", "应为 approved_at 或 placed_at")
    section.finish()
    return plan


def _fee_bearer(section: _Section) -> str:
    word = section.text("fee_bearer", FeeBearer.CUSTOMER.value)
    if word not in FeeBearer.values:
        raise _refusal("plan.fee_bearer", f"it is none of {', '.join(FeeBearer.values)}", "不是已知的承担方")
    return word


def _words(root: _Section) -> Mapping[str, str]:
    if "status_words" not in root.rest:
        return OWN_STATUS_WORDS
    words = root.section("status_words").rest
    for word, meaning in words.items():
        if meaning not in OWN_STATUS_WORDS:
            raise _refusal(f"status_words.{word}", f"it means none of {', '.join(OWN_STATUS_WORDS)}", "不是已知的状态")
    return words


def _encoding(root: _Section) -> str:
    encoding = root.text("encoding", "utf-8").lower()
    if encoding not in ENCODINGS:
        raise _refusal("encoding", f"it is one of {', '.join(ENCODINGS)}", f"应为 {', '.join(ENCODINGS)} 之一")
    return codecs.lookup(encoding).name


def _delimiter(root: _Section) -> str:
    delimiter = root.text("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise _refusal("delimiter", "it is one character", "应为单个字符")
    return delimiter


def _zone(root: _Section) -> ZoneInfo | None:
    name = root.take("time_zone")
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise _refusal("time_zone", "it is not a time zone of the IANA list", "不是有效的时区") from None
