"""Everything about an order that can be decided before the database is asked, down to the text of its rows."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from fenqi.domain.errors import InvalidInput
from fenqi.domain.ledger import Entry, opening_entry
from fenqi.domain.plans import parse_terms, replay
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    Installment,
    Order,
    OrderLine,
    OrderPayment,
    Plan,
)
from fenqi.usecases.orders.digest import order_digest
from fenqi.usecases.orders.importing.copying import Table
from fenqi.usecases.orders.importing.told import Note, ToldOrder
from fenqi.usecases.orders.inputs import CustomerInput, OrderInput, PlanInput, check_customer, check_order
from fenqi.usecases.orders.prices import observation_id
from fenqi.usecases.projection import changed_installments, plan_columns

ORDERS, ORDER_LINES, ORDER_PAYMENTS = Table(Order), Table(OrderLine), Table(OrderPayment)
PLANS, INSTALLMENTS = Table(Plan), Table(Installment)
PREPARED_TABLES = (ORDERS, ORDER_LINES, ORDER_PAYMENTS, PLANS, INSTALLMENTS)  # parents first

NO_TAGS = "[]"


class Opening(NamedTuple):
    """What the books need to know of a plan that is opened."""

    plan_id: UUID
    entry: Entry
    on: date
    currency: str


class PriceSeen(NamedTuple):
    """One row of `price_observation`, its columns in order; its key is made from all it says."""

    sku: str
    key: UUID
    sales_channel: str
    currency: str
    price_minor: int
    on: date
    at: datetime
    seller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOrder:
    """An order ready to be written. `lines` are those of the file that told of it."""

    lines: tuple[int, ...]
    order_id: UUID
    order_no: str
    customer: CustomerInput
    phone: str  # normal, or empty
    digest: bytes
    progress: tuple[object, ...]  # status, approved at, delivered at
    opening: Opening | None
    rows: dict[str, list[str]]  # by table, the texts of the rows without their customer
    prices: tuple[PriceSeen, ...]
    notes: tuple[Note, ...]


def prepare(told: ToldOrder, *, lines: tuple[int, ...], now: datetime) -> PreparedOrder:
    """Check the order and open its plan. Raises InvalidInput, UnknownCurrency and what `parse_terms` raises."""
    order = told.order
    check_order(order)
    check_customer(told.customer)
    order_id, digest = new_id(), order_digest(order)
    rows = {
        ORDERS.name: [ORDERS.text(_order_columns(order, order_id, digest, now))],
        ORDER_LINES.name: [ORDER_LINES.text(columns) for columns in _line_columns(order, order_id)],
        ORDER_PAYMENTS.name: [ORDER_PAYMENTS.text(columns) for columns in _payment_columns(order, order_id)],
    }
    return PreparedOrder(
        lines=lines,
        order_id=order_id,
        order_no=order.order_no,
        customer=told.customer,
        phone=_phone(told.customer),
        digest=digest,
        progress=(order.status, order.approved_at, order.delivered_at),
        opening=_open_plan(order, order.plan, order_id, rows, now=now) if order.plan else None,
        rows=rows,
        prices=tuple(_prices(order, told.day)),
        notes=told.notes,
    )


def _order_columns(order: OrderInput, order_id: UUID, digest: bytes, now: datetime) -> dict[str, Any]:
    return {
        "id": order_id,
        "order_no": order.order_no,
        "sales_channel": order.sales_channel,
        "status": order.status,
        "currency": order.currency,
        "total_minor": order.total_minor,
        "placed_at": order.placed_at,
        "approved_at": order.approved_at,
        "delivered_at": order.delivered_at,
        "source": order.source,
        "digest": digest,
        "created_at": now,
        "updated_at": now,
    }


def _line_columns(order: OrderInput, order_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "order_id": order_id,
            "line_no": n,
            "sku": line.sku,
            "name": line.name,
            "category": line.category,
            "tags": json.dumps(line.tags, ensure_ascii=False) if line.tags else NO_TAGS,
            "quantity": line.quantity,
            "unit_price_minor": line.unit_price_minor,
            "discount_minor": line.discount_minor,
            "freight_minor": line.freight_minor,
            "seller": line.seller,
            "no_return_confirmed_at": line.no_return_confirmed_at,
            "no_return_text_version": line.no_return_text_version,
        }
        for n, line in enumerate(order.lines, 1)
    ]


def _payment_columns(order: OrderInput, order_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "order_id": order_id,
            "seq": n,
            "method": payment.method,
            "amount_minor": payment.amount_minor,
            "installments": payment.installments,
            "financed": payment.financed,
        }
        for n, payment in enumerate(order.payments, 1)
    ]


def _open_plan(
    order: OrderInput, plan: PlanInput, order_id: UUID, rows: dict[str, list[str]], *, now: datetime
) -> Opening:
    """Put the rows of the plan beside those of its order."""
    terms = parse_terms(plan.terms, where="plan.terms")
    if terms.currency != order.currency:
        raise _refusal("plan.terms.currency", "it is not the order's currency", "与订单币种不一致")
    state = replay(terms, ())
    plan_id = new_id()
    columns = {
        "id": plan_id,
        "order_id": order_id,
        "currency": terms.currency,
        "terms": json.dumps(terms.to_mapping()),
        "provider": plan.provider,
        "fee_bearer": plan.fee_bearer,
        "opened_on": terms.opened_on,
        "version": 0,
        "principal_minor": terms.principal,
        "frozen_until": None,
        "updated_at": now,
        **plan_columns(state),
    }
    rows[PLANS.name] = [PLANS.text(columns)]
    rows[INSTALLMENTS.name] = [INSTALLMENTS.text(row) for row in changed_installments(plan_id, None, state)]
    return Opening(plan_id, opening_entry(state), terms.opened_on, terms.currency)


def _prices(order: OrderInput, day: date) -> list[PriceSeen]:
    """What was sold when; the key is the one that registering the order makes."""
    channel, currency, at = order.sales_channel, order.currency, order.placed_at
    return [
        PriceSeen(
            sku, observation_id(sku, channel, currency, price, seller, at), channel, currency, price, day, at, seller
        )
        for sku, price, seller in sorted({(line.sku, line.unit_price_minor, line.seller) for line in order.lines})
    ]


def _phone(customer: CustomerInput) -> str:
    if not customer.phone:
        return ""
    phone = personal.normal_phone(customer.phone)
    if phone is None:
        raise _refusal("customer_phone", "it is not a phone number", "不是有效的手机号")
    return phone


def _refusal(where: str, problem: str, problem_zh: str) -> InvalidInput:
    return InvalidInput(where=where, problem=problem, problem_zh=problem_zh)
