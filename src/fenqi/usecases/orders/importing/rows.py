"""Orders laid out in rows, one row for each item: which rows make an order, and what they say by the mapping."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import exponent_of
from fenqi.usecases.orders.importing.json_text import json_object
from fenqi.usecases.orders.importing.mapping import (
    LINE_FIELDS,
    PAYMENT_FIELDS,
    FileMapping,
    PaymentsColumn,
    PlanFromColumns,
    PlanFromPayments,
    Source,
    Unit,
)
from fenqi.usecases.orders.importing.refusals import FileRefused, ForbiddenCharacter, RowsDisagree, UnknownStatus
from fenqi.usecases.orders.importing.source import Record
from fenqi.usecases.orders.importing.told import Note, ToldOrder, instant, notes_of, optional_instant
from fenqi.usecases.orders.inputs import MOST_LINES, CustomerInput, LineInput, OrderInput, PaymentInput, PlanInput

Cells = Sequence[str]
Getter = Callable[[Cells], str]

_MINOR = re.compile(r"-?[0-9]{1,16}")
_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,6})?")
_WHOLE = re.compile(r"[0-9]{1,9}")
MOST_GROUP_ROWS = MOST_LINES + 1
_YES_OR_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


class Group(NamedTuple):
    """Rows that follow each other and name the same order."""

    order_no: str
    records: list[Record]


def groups_of(records: Iterable[Record], order_no: Getter) -> Iterator[Group]:
    """The orders of a file, row by row. A row that names no order, because it cannot be read, is a group of its own; so
    is what an order has beyond MOST_GROUP_ROWS, so that no file can fill the memory with one order.
    """
    current: Group | None = None
    for record in records:
        named = _named(record, order_no)
        if current and named and named == current.order_no and len(current.records) < MOST_GROUP_ROWS:
            current.records.append(record)
            continue
        if current:
            yield current
        current = Group(named, [record])
    if current:
        yield current


def _named(record: Record, order_no: Getter) -> str:
    try:
        return order_no(record.cells)
    except IndexError:
        return ""


class RowTranslator:
    """A mapping bound to the columns of one file. Raises FileRefused when columns are missing."""

    def __init__(
        self, mapping: FileMapping, header: Sequence[str], *, zone: ZoneInfo, may_lack: frozenset[str] = frozenset()
    ) -> None:
        missing = mapping.columns() - set(header) - may_lack
        if missing:
            names = ", ".join(sorted(missing))
            raise FileRefused(problem=f"it lacks the columns {names}", problem_zh=f"缺少列 {names}")
        self.mapping = mapping
        self.zone = mapping.time_zone or zone
        self._position = {name: number for number, name in enumerate(header)}
        self._order = {name: self._getter(source) for name, source in mapping.order.items()}
        self._line = {name: self._getter(mapping.line.get(name, Source())) for name in LINE_FIELDS}
        self._line_present = self._getter(mapping.line_present)
        self._payments = self._getter(Source((mapping.payments.column,))) if mapping.payments else _empty
        self._payments_reader = PaymentsReader(mapping.payments) if mapping.payments else None
        self._plan = self._plan_getters(mapping)
        self._whole_order = [*self._order.items(), ("payments", self._payments), *self._plan.items()]
        self.order_no = self._order["order_no"]

    def _getter(self, source: Source) -> Getter:
        places = [self._position[column] for column in source.columns if column in self._position]
        if not places:
            return lambda _cells: source.constant
        if len(places) == 1 and not source.constant:
            place = places[0]
            return lambda cells: cells[place].strip()
        return lambda cells: next((text for place in places if (text := cells[place].strip())), source.constant)

    def _plan_getters(self, mapping: FileMapping) -> dict[str, Getter]:
        if not isinstance(mapping.plan, PlanFromColumns):
            return {}
        return {
            "plan_terms": self._getter(Source((mapping.plan.terms,))),
            "plan_provider": self._getter(mapping.plan.provider),
            "plan_fee_bearer": self._getter(mapping.plan.fee_bearer),
        }

    def translate(self, group: Group) -> ToldOrder:
        """What the rows say. Raises the refusal of the first row that cannot be taken: an order is taken whole."""
        for record in group.records:
            if record.fault:
                raise record.fault
            if any("\x00" in cell for cell in record.cells):
                raise ForbiddenCharacter(where=f"line {record.line}")
        rows = [record.cells for record in group.records]
        said = self._said_of_the_order(rows)
        exponent = exponent_of(said["currency"])
        placed_at = instant(said["placed_at"], "placed_at", self.zone)
        approved_at = optional_instant(said.get("approved_at", ""), "approved_at", self.zone)
        payments = self._payments_reader.read(said["payments"], exponent) if self._payments_reader else ()
        order = OrderInput(
            order_no=said["order_no"],
            customer_ref=said["customer_ref"],
            currency=said["currency"],
            placed_at=placed_at,
            approved_at=approved_at,
            delivered_at=optional_instant(said.get("delivered_at", ""), "delivered_at", self.zone),
            status=self._status(said["status"]),
            sales_channel=said["sales_channel"],
            lines=tuple(self._line_of(row, n, exponent) for n, row in enumerate(rows) if self._line_present(row)),
            payments=payments,
            source="import",
        )
        order, notes = self._with_plan(order, said)
        return ToldOrder(
            order=order,
            customer=CustomerInput(
                ref=said["customer_ref"], name=said.get("customer_name", ""), phone=said.get("customer_phone", "")
            ),
            day=placed_at.astimezone(self.zone).date(),
            notes=(*notes_of(order), *notes),
        )

    def _said_of_the_order(self, rows: Sequence[Cells]) -> dict[str, str]:
        said = {name: get(rows[0]) for name, get in self._whole_order}
        for row in rows[1:]:
            for name, get in self._whole_order:
                if get(row) != said[name]:
                    raise RowsDisagree(where=name)
        return said

    def _status(self, word: str) -> str:
        try:
            return self.mapping.status_words[word]
        except KeyError:
            raise UnknownStatus(word=word[:40]) from None

    def _line_of(self, row: Cells, n: int, exponent: int) -> LineInput:
        get, unit = self._line, self.mapping.unit
        tags = get["tags"](row)
        return LineInput(
            sku=get["sku"](row),
            name=get["name"](row),
            category=get["category"](row),
            quantity=_whole(get["quantity"](row) or "1", f"lines[{n}].quantity"),
            unit_price_minor=minor(get["unit_price"](row), unit, exponent, f"lines[{n}].unit_price"),
            discount_minor=minor(get["discount"](row) or "0", unit, exponent, f"lines[{n}].discount"),
            freight_minor=minor(get["freight"](row) or "0", unit, exponent, f"lines[{n}].freight"),
            tags=tuple(tags.split()) if tags else (),
            seller=get["seller"](row),
            no_return_confirmed_at=optional_instant(
                get["no_return_confirmed_at"](row), f"lines[{n}].no_return_confirmed_at", self.zone
            ),
            no_return_text_version=get["no_return_text_version"](row),
        )

    def _with_plan(self, order: OrderInput, said: dict[str, str]) -> tuple[OrderInput, list[Note]]:
        match self.mapping.plan:
            case PlanFromPayments() as rule:
                return _plan_from_payments(order, rule, self.zone)
            case PlanFromColumns() if said["plan_terms"]:
                plan = PlanInput(
                    terms=json_object(said["plan_terms"], "plan_terms"),
                    provider=said["plan_provider"],
                    fee_bearer=said["plan_fee_bearer"],
                )
                return replace(order, plan=plan), []
        return order, []


def _empty(_cells: Cells) -> str:
    return ""


def minor(text: str, unit: Unit, exponent: int, where: str) -> int:
    """An amount in minor units, exact. Raises InvalidInput."""
    if unit is Unit.MINOR and _MINOR.fullmatch(text):
        return int(text)
    if unit is Unit.DECIMAL and _DECIMAL.fullmatch(text):
        scaled = Decimal(text).scaleb(exponent)
        if scaled == (whole := int(scaled)):
            return whole
        raise InvalidInput(where=where, problem="it has a fraction of a minor unit", problem_zh="小于最小货币单位")
    example = "1234" if unit is Unit.MINOR else "12.34"
    raise InvalidInput(where=where, problem=f"it is not an amount such as {example}", problem_zh="不是有效的金额")


def _whole(text: str, where: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise InvalidInput(where=where, problem="it is not a whole number", problem_zh="不是整数")
    return int(text)


class PaymentsReader:
    """The payments of a cell, in the order of their numbers where they have any."""

    def __init__(self, column: PaymentsColumn) -> None:
        self._column = column
        self._place = {name: column.fields.index(name) if name in column.fields else None for name in PAYMENT_FIELDS}

    def read(self, text: str, exponent: int) -> tuple[PaymentInput, ...]:
        if not text:
            return ()
        said = [self._fields(part, n) for n, part in enumerate(text.split(self._column.outer))]
        if self._place["seq"] is not None and len(said) > 1:
            said.sort(key=lambda fields: _whole(self._pick(fields, "seq"), "payments.seq"))
        return tuple(self._payment(fields, n, exponent) for n, fields in enumerate(said))

    def _fields(self, part: str, n: int) -> list[str]:
        fields = part.split(self._column.inner)
        if len(fields) != len(self._column.fields):
            wanted = self._column.inner.join(self._column.fields)
            raise InvalidInput(where=f"payments[{n}]", problem=f"it is not {wanted}", problem_zh=f"应为 {wanted}")
        return fields

    def _pick(self, fields: list[str], name: str) -> str:
        place = self._place[name]
        return "" if place is None else fields[place].strip()

    def _payment(self, fields: list[str], n: int, exponent: int) -> PaymentInput:
        financed = self._pick(fields, "financed").lower()
        if financed not in _YES_OR_NO:
            raise InvalidInput(where=f"payments[{n}].financed", problem="it is yes or no", problem_zh="应为 yes 或 no")
        return PaymentInput(
            method=self._pick(fields, "method"),
            amount_minor=minor(self._pick(fields, "amount"), self._column.unit, exponent, f"payments[{n}].amount"),
            installments=_whole(self._pick(fields, "installments") or "0", f"payments[{n}].installments"),
            financed=_YES_OR_NO[financed],
        )


def _plan_from_payments(order: OrderInput, rule: PlanFromPayments, zone: ZoneInfo) -> tuple[OrderInput, list[Note]]:
    """The plan of the order's payment in installments: of several, the one that runs longest, then the largest, then
    the first. The others stay what they are: paid at ordering.
    """
    notes = []
    of_method = [(n, payment) for n, payment in enumerate(order.payments) if payment.method == rule.method]
    if any(payment.installments == 0 for _, payment in of_method):
        notes.append(Note.INSTALLMENTS_ZERO)
    candidates = [(n, payment) for n, payment in of_method if payment.installments >= rule.least_installments]
    if not candidates:
        return order, notes
    if len(candidates) > 1:
        notes.append(Note.SEVERAL_IN_INSTALLMENTS)
    chosen, payment = max(candidates, key=lambda it: (it[1].installments, it[1].amount_minor, -it[0]))
    opened_at = order.approved_at if rule.opened == "approved_at" else order.placed_at
    if opened_at is None:
        notes.append(Note.OPENED_AT_ORDERING)
        opened_at = order.placed_at
    terms = {
        **rule.terms,
        "principal": payment.amount_minor,
        "currency": order.currency,
        "opened_on": opened_at.astimezone(zone).date().isoformat(),
        "installments": payment.installments,
    }
    payments = tuple(replace(it, financed=True) if n == chosen else it for n, it in enumerate(order.payments))
    plan = PlanInput(terms=terms, provider=rule.provider, fee_bearer=rule.fee_bearer)
    return replace(order, payments=payments, plan=plan), notes
