"""What a mall says when it registers a customer or an order. Amounts are whole minor units of the order's currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import LARGEST_MINOR, exponent_of

MOST_LINES = 500
MOST_PAYMENTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerInput:
    ref: str
    name: str = ""
    phone: str = ""
    language: str = "zh-hans"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    sku: str
    name: str
    unit_price_minor: int
    quantity: int = 1
    discount_minor: int = 0
    freight_minor: int = 0
    category: str = ""
    tags: tuple[str, ...] = ()
    seller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInput:
    method: str
    amount_minor: int
    installments: int = 0
    financed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInput:
    """`terms` as in a scenario file; the plan bears the order's financed payments."""

    terms: Mapping[str, Any]
    provider: str = "mall"
    fee_bearer: str = "CUSTOMER"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInput:
    order_no: str
    customer_ref: str
    currency: str
    placed_at: datetime
    status: str
    lines: tuple[LineInput, ...] = ()
    payments: tuple[PaymentInput, ...] = ()
    plan: PlanInput | None = None
    sales_channel: str = "OFFICIAL"
    approved_at: datetime | None = None
    delivered_at: datetime | None = None
    source: str = field(default="api")

    @property
    def total_minor(self) -> int:
        """What the goods and their carriage cost after discounts."""
        return sum(
            line.quantity * line.unit_price_minor - line.discount_minor + line.freight_minor for line in self.lines
        )


def check_order(order: OrderInput) -> None:
    """Refuse what no order can be. Raises InvalidInput and UnknownCurrency."""
    exponent_of(order.currency)
    _text(order.order_no, "order_no", most=64)
    _text(order.customer_ref, "customer_ref", most=64)
    if len(order.lines) > MOST_LINES:
        _refuse("lines", f"at most {MOST_LINES} lines", f"最多 {MOST_LINES} 行")
    if len(order.payments) > MOST_PAYMENTS:
        _refuse("payments", f"at most {MOST_PAYMENTS} payments", f"最多 {MOST_PAYMENTS} 笔")
    for n, line in enumerate(order.lines):
        _check_line(line, f"lines[{n}]")
    for n, payment in enumerate(order.payments):
        _amount(payment.amount_minor, f"payments[{n}].amount_minor")
        _text(payment.method, f"payments[{n}].method", most=32)
    for name in ("approved_at", "delivered_at"):
        at = getattr(order, name)
        if at is not None and at < order.placed_at:
            _refuse(name, "it is before the order was placed", "早于下单时间")
    if order.total_minor < 0:
        _refuse("lines", "the discounts exceed the price", "优惠超过了价格")


def _check_line(line: LineInput, where: str) -> None:
    _text(line.sku, f"{where}.sku", most=64)
    _text(line.name, f"{where}.name", most=200)
    for name in ("unit_price_minor", "discount_minor", "freight_minor"):
        _amount(getattr(line, name), f"{where}.{name}")
    if not 1 <= line.quantity <= 1_000_000:  # noqa: PLR2004  # a bound of sanity, named by the message
        _refuse(f"{where}.quantity", "it is from 1 to 1,000,000", "须为 1 到 1,000,000")


def _amount(minor: int, where: str) -> None:
    if not 0 <= minor <= LARGEST_MINOR:
        _refuse(where, "it is negative or too large", "为负数或数额过大")


def _text(value: str, where: str, *, most: int) -> None:
    if not value.strip() or len(value) > most or "\x00" in value:
        _refuse(where, f"it is from 1 to {most} characters", f"须为 1 到 {most} 个字符")


def _refuse(where: str, problem: str, problem_zh: str) -> None:
    raise InvalidInput(where=where, problem=problem, problem_zh=problem_zh)
