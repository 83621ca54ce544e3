"""What a mall says when it registers a customer or an order. Amounts are whole minor units of the order's currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import LARGEST_MINOR, exponent_of
from fenqi.records.models import FeeBearer, OrderStatus, SalesChannel
from fenqi.usecases.partners.funding import PartnerFunding

MOST_LINES = 500
MOST_PAYMENTS = 100
MOST_TAGS = 20
MOST_PIECES = 1_000_000
MOST_INSTALLMENTS = 1_000

STATUSES, SALES_CHANNELS, FEE_BEARERS = (
    frozenset(choices.values) for choices in (OrderStatus, SalesChannel, FeeBearer)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerInput:
    ref: str
    name: str = ""
    phone: str = ""
    language: str = "zh-hans"
    email: str = ""
    """Written to once the customer has confirmed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineInput:
    """`no_return_confirmed_at`: when the buyer confirmed, for this line alone, that a return needs a reason (P105).

    `no_return_text_version` names the text that was confirmed.
    """

    sku: str
    name: str
    unit_price_minor: int
    quantity: int = 1
    discount_minor: int = 0
    freight_minor: int = 0
    category: str = ""
    tags: tuple[str, ...] = ()
    seller: str = ""
    no_return_confirmed_at: datetime | None = None
    no_return_text_version: str = ""


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
    partner: PartnerFunding | None = None


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


def check_customer(customer: CustomerInput) -> None:
    """Refuse what cannot be a customer's reference or name. Raises InvalidInput."""
    _text(customer.ref, "ref", most=64)
    _short(customer.name, "name")


def check_order(order: OrderInput) -> None:
    """Refuse what no order can be. Raises InvalidInput and UnknownCurrency."""
    exponent_of(order.currency)
    _text(order.order_no, "order_no", most=64)
    _text(order.customer_ref, "customer_ref", most=64)
    _one_of(order.status, STATUSES, "status")
    _one_of(order.sales_channel, SALES_CHANNELS, "sales_channel")
    if len(order.lines) > MOST_LINES:
        _refuse("lines", f"at most {MOST_LINES} lines", f"最多 {MOST_LINES} 行")
    if len(order.payments) > MOST_PAYMENTS:
        _refuse("payments", f"at most {MOST_PAYMENTS} payments", f"最多 {MOST_PAYMENTS} 笔")
    for n, line in enumerate(order.lines):
        _check_line(line, f"lines[{n}]")
        _check_confirmation(line, f"lines[{n}]", placed_at=order.placed_at)
    for n, payment in enumerate(order.payments):
        _check_payment(payment, f"payments[{n}]")
    if order.plan:
        _one_of(order.plan.fee_bearer, FEE_BEARERS, "plan.fee_bearer")
        _text(order.plan.provider, "plan.provider", most=32)
    for name in ("approved_at", "delivered_at"):
        at = getattr(order, name)
        if at is not None and at < order.placed_at:
            _refuse(name, "it is before the order was placed", "早于下单时间")
    if not 0 <= order.total_minor <= LARGEST_MINOR:
        _refuse("lines", "the total is negative or too large", "总额为负数或过大")


def _check_line(line: LineInput, where: str) -> None:
    _text(line.sku, f"{where}.sku", most=64)
    _text(line.name, f"{where}.name", most=200)
    _short(line.category, f"{where}.category")
    _short(line.seller, f"{where}.seller")
    for name in ("unit_price_minor", "discount_minor", "freight_minor"):
        _amount(getattr(line, name), f"{where}.{name}")
    if not 1 <= line.quantity <= MOST_PIECES:
        _refuse(f"{where}.quantity", f"it is from 1 to {MOST_PIECES}", f"须为 1 到 {MOST_PIECES}")
    if len(line.tags) > MOST_TAGS:
        _refuse(f"{where}.tags", f"at most {MOST_TAGS}", f"最多 {MOST_TAGS} 个")
    for tag in line.tags:
        _short(tag, f"{where}.tags")


def _check_confirmation(line: LineInput, where: str, *, placed_at: datetime) -> None:
    """It was given before the order, and to a text: without either it proves nothing (P105)."""
    _short(line.no_return_text_version, f"{where}.no_return_text_version")
    if bool(line.no_return_text_version) != (line.no_return_confirmed_at is not None):
        _refuse(
            f"{where}.no_return_confirmed_at",
            "the instant and the version of the text are given together",
            "确认时间和文本版本须同时提供",
        )
    if line.no_return_confirmed_at is not None and line.no_return_confirmed_at > placed_at:
        _refuse(f"{where}.no_return_confirmed_at", "it is after the order was placed", "晚于下单时间")


def _check_payment(payment: PaymentInput, where: str) -> None:
    _amount(payment.amount_minor, f"{where}.amount_minor")
    _text(payment.method, f"{where}.method", most=32)
    if not 0 <= payment.installments <= MOST_INSTALLMENTS:
        _refuse(f"{where}.installments", f"it is from 0 to {MOST_INSTALLMENTS}", f"须为 0 到 {MOST_INSTALLMENTS}")


def _amount(minor: int, where: str) -> None:
    if not 0 <= minor <= LARGEST_MINOR:
        _refuse(where, "it is negative or too large", "为负数或数额过大")


def _text(value: str, where: str, *, most: int) -> None:
    if not value.strip() or len(value) > most or "\x00" in value:
        _refuse(where, f"it is from 1 to {most} characters", f"须为 1 到 {most} 个字符")


def _short(value: str, where: str, *, most: int = 64) -> None:
    if len(value) > most or "\x00" in value:
        _refuse(where, f"it is longer than {most} characters or holds NUL", f"超过 {most} 个字符或含 NUL")


def _one_of(word: str, words: frozenset[str], where: str) -> None:
    if word not in words:
        listed = ", ".join(sorted(words))
        _refuse(where, f"it is none of {listed}", f"应为 {listed} 之一")


def _refuse(where: str, problem: str, problem_zh: str) -> None:
    raise InvalidInput(where=where, problem=problem, problem_zh=problem_zh)
