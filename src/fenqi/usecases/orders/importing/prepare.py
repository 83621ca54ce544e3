"""Everything about an order that can be decided before the database is asked."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fenqi.domain.errors import InvalidInput
from fenqi.domain.ledger import Entry, opening_entry
from fenqi.domain.money import LARGEST_MINOR
from fenqi.domain.plans import PlanState, Terms, parse_terms, replay
from fenqi.records import personal
from fenqi.records.identifiers import derived_id
from fenqi.records.models import FeeBearer, OrderStatus, SalesChannel
from fenqi.usecases.orders.digest import order_digest
from fenqi.usecases.orders.importing.told import Note, ToldOrder
from fenqi.usecases.orders.inputs import CustomerInput, OrderInput, PlanInput, check_order

STATUSES, SALES_CHANNELS, FEE_BEARERS = (
    frozenset(choices.values) for choices in (OrderStatus, SalesChannel, FeeBearer)
)
MOST_NAME = 64
MOST_TAGS = 20
LARGEST_COUNT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Opening:
    """A plan as it stands when it is opened, and the entry of its opening."""

    terms: Terms
    state: PlanState
    entry: Entry


@dataclass(frozen=True, slots=True)
class PriceSeen:
    """One row of `price_observation`; its key is made from all it says."""

    sku: str
    sales_channel: str
    currency: str
    price_minor: int
    on: date

    @property
    def key(self) -> UUID:
        return derived_id("price", self.sku, self.sales_channel, self.currency, self.price_minor, self.on)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOrder:
    """An order ready to be written. `lines` are those of the file that told of it."""

    lines: tuple[int, ...]
    order: OrderInput
    customer: CustomerInput
    phone: str  # normal, or empty
    digest: bytes
    opening: Opening | None
    prices: tuple[PriceSeen, ...]
    notes: tuple[Note, ...]


def prepare(told: ToldOrder, *, lines: tuple[int, ...]) -> PreparedOrder:
    """Check the order and open its plan. Raises InvalidInput, UnknownCurrency and what `parse_terms` raises."""
    order = told.order
    check_order(order)
    _check_words(order, told.customer)
    return PreparedOrder(
        lines=lines,
        order=order,
        customer=told.customer,
        phone=_phone(told.customer),
        digest=order_digest(order),
        opening=_opening(order, order.plan) if order.plan else None,
        prices=tuple(
            PriceSeen(sku, order.sales_channel, order.currency, price, told.day)
            for sku, price in sorted({(line.sku, line.unit_price_minor) for line in order.lines})
        ),
        notes=told.notes,
    )


def _opening(order: OrderInput, plan: PlanInput) -> Opening:
    terms = parse_terms(plan.terms, where="plan.terms")
    if terms.currency != order.currency:
        raise _refusal("plan.terms.currency", "it is not the order's currency", "与订单币种不一致")
    state = replay(terms, ())
    return Opening(terms, state, opening_entry(state))


def _phone(customer: CustomerInput) -> str:
    if not customer.phone:
        return ""
    phone = personal.normal_phone(customer.phone)
    if phone is None:
        raise _refusal("customer_phone", "it is not a phone number", "不是有效的手机号")
    return phone


def _check_words(order: OrderInput, customer: CustomerInput) -> None:
    """What a file may hold and a column may not."""
    _one_of(order.status, STATUSES, "status")
    _one_of(order.sales_channel, SALES_CHANNELS, "sales_channel")
    _short(customer.name, "customer_name")
    for n, line in enumerate(order.lines):
        _short(line.category, f"lines[{n}].category")
        _short(line.seller, f"lines[{n}].seller")
        if len(line.tags) > MOST_TAGS:
            raise _refusal(f"lines[{n}].tags", f"at most {MOST_TAGS}", f"最多 {MOST_TAGS} 个")
        for tag in line.tags:
            _short(tag, f"lines[{n}].tags")
    for n, payment in enumerate(order.payments):
        if not 0 <= payment.installments <= LARGEST_COUNT:
            raise _refusal(f"payments[{n}].installments", "it is out of range", "超出范围")
    if order.total_minor > LARGEST_MINOR:
        raise _refusal("lines", "the total is too large", "总额过大")
    if order.plan:
        _one_of(order.plan.fee_bearer, FEE_BEARERS, "plan.fee_bearer")
        _short(order.plan.provider, "plan.provider", most=32)


def _one_of(word: str, words: frozenset[str], where: str) -> None:
    if word not in words:
        listed = ", ".join(sorted(words))
        raise _refusal(where, f"it is none of {listed}", f"应为 {listed} 之一")


def _short(text: str, where: str, *, most: int = MOST_NAME) -> None:
    if len(text) > most or "\x00" in text:
        raise _refusal(where, f"it is longer than {most} characters or holds NUL", f"超过 {most} 个字符或含 NUL")


def _refusal(where: str, problem: str, problem_zh: str) -> InvalidInput:
    return InvalidInput(where=where, problem=problem, problem_zh=problem_zh)
