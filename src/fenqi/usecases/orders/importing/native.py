"""Orders of our own format as JSON lines: one object for each order, as docs/import.md and the API describe it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from fenqi.domain.errors import InvalidInput
from fenqi.usecases.orders.importing.told import ToldOrder, instant, notes_of, optional_instant
from fenqi.usecases.orders.inputs import CustomerInput, LineInput, OrderInput, PaymentInput, PlanInput

Part = TypeVar("Part")


class Fields:
    """An object whose names are taken one by one; a name nobody takes, or a value of another type, is refused."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, Mapping):
            raise _refusal(where, "it is not an object", "应为对象")
        self.rest = dict(value)
        self.where = where

    def path(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    def text(self, name: str, default: str | None = None) -> str:
        value = self.rest.pop(name, default)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise _refusal(self.path(name), "it is not a text", "应为文本")
        if not _can_be_stored(value):
            raise _refusal(self.path(name), "it holds a character that cannot be stored", "含有无法存储的字符")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        value = self.rest.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _refusal(self.path(name), "it is not a whole number", "应为整数")
        return value

    def flag(self, name: str) -> bool:
        value = self.rest.pop(name, False)
        if not isinstance(value, bool):
            raise _refusal(self.path(name), "it is true or false", "应为 true 或 false")
        return value

    def parts(self, name: str, build: Callable[["Fields"], Part]) -> tuple[Part, ...]:
        value = self.rest.pop(name, [])
        if not isinstance(value, list):
            raise _refusal(self.path(name), "it is not a list", "应为列表")
        return tuple(build(Fields(part, f"{self.path(name)}[{n}]")) for n, part in enumerate(value))

    def words(self, name: str) -> tuple[str, ...]:
        value = self.rest.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and _can_be_stored(word) for word in value):
            raise _refusal(self.path(name), "it is not a list of words", "应为词语列表")
        return tuple(value)

    def finish(self) -> None:
        for name in self.rest:
            raise _refusal(self.path(name), "no such field", "没有这个字段")


def native_order(document: Mapping[str, Any], *, zone: ZoneInfo) -> ToldOrder:
    """What one JSON object says about one order. Raises InvalidInput."""
    fields = Fields(document, "")
    ref = fields.text("customer_ref")
    customer = CustomerInput(ref=ref, name=fields.text("customer_name", ""), phone=fields.text("customer_phone", ""))
    placed_at = instant(fields.text("placed_at"), "placed_at", zone)
    order = OrderInput(
        order_no=fields.text("order_no"),
        customer_ref=ref,
        currency=fields.text("currency"),
        placed_at=placed_at,
        approved_at=optional_instant(fields.text("approved_at", ""), "approved_at", zone),
        delivered_at=optional_instant(fields.text("delivered_at", ""), "delivered_at", zone),
        status=fields.text("status"),
        sales_channel=fields.text("sales_channel", "OFFICIAL"),
        lines=fields.parts("lines", lambda line: _line(line, zone)),
        payments=fields.parts("payments", _payment),
        plan=_plan(fields.rest.pop("plan", None)),
        source="import",
    )
    fields.finish()
    return ToldOrder(
        order=order, customer=customer, day=placed_at.astimezone(zone).date(), notes=tuple(notes_of(order))
    )


def _line(fields: Fields, zone: ZoneInfo) -> LineInput:
    line = LineInput(
        sku=fields.text("sku"),
        name=fields.text("name"),
        category=fields.text("category", ""),
        quantity=fields.whole("quantity", 1),
        unit_price_minor=fields.whole("unit_price_minor"),
        discount_minor=fields.whole("discount_minor", 0),
        freight_minor=fields.whole("freight_minor", 0),
        tags=fields.words("tags"),
        seller=fields.text("seller", ""),
        no_return_confirmed_at=optional_instant(
            fields.text("no_return_confirmed_at", ""), fields.path("no_return_confirmed_at"), zone
        ),
        no_return_text_version=fields.text("no_return_text_version", ""),
    )
    fields.finish()
    return line


def _payment(fields: Fields) -> PaymentInput:
    payment = PaymentInput(
        method=fields.text("method"),
        amount_minor=fields.whole("amount_minor"),
        installments=fields.whole("installments", 0),
        financed=fields.flag("financed"),
    )
    fields.finish()
    return payment


def _plan(value: object) -> PlanInput | None:
    if value is None:
        return None
    fields = Fields(value, "plan")
    terms = fields.rest.pop("terms", None)
    if not isinstance(terms, dict):
        raise _refusal("plan.terms", "it is not an object", "应为对象")
    plan = PlanInput(
        terms=terms, provider=fields.text("provider", "mall"), fee_bearer=fields.text("fee_bearer", "CUSTOMER")
    )
    fields.finish()
    return plan


def _can_be_stored(text: str) -> bool:
    """PostgreSQL takes neither NUL nor half a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _refusal(where: str, problem: str, problem_zh: str) -> InvalidInput:
    return InvalidInput(where=where, problem=problem, problem_zh=problem_zh)
