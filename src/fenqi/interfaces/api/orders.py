"""Orders with their plans, by the mall's order number."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from fenqi.channels.interface import UnknownChannel
from fenqi.domain.money import InvalidAmount, UnknownCurrency
from fenqi.domain.plans.errors import (
    FirstDueBeforeOpening,
    NothingToFinance,
    TermsOutOfCalendar,
)
from fenqi.domain.reading import MissingField
from fenqi.interfaces.api import documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.fields import Cursor, Limit, Number, OptionalKey
from fenqi.interfaces.api.operations import once, operation
from fenqi.interfaces.api.reserves import asked_document, reserve_input
from fenqi.interfaces.api.schemas import OrderBody
from fenqi.usecases import audit, clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.orders.inputs import LineInput, OrderInput, PaymentInput, PlanInput
from fenqi.usecases.orders.queries import find_order, list_orders, order_detail
from fenqi.usecases.orders.register import OrderConflict, RegisteredOrder, UnknownCustomer, register_order
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.partners.errors import UnknownProvider
from fenqi.usecases.partners.funding import PartnerFunding
from fenqi.usecases.reserves.ask import ask_for_reserve
from fenqi.usecases.reserves.errors import ReserveConflict, ReserveNotOffered

router = Router()

_EXAMPLE = {
    "customer_ref": "C-1001",
    "currency": "CNY",
    "placed_at": "2026-03-01T10:00:00+08:00",
    "status": "approved",
    "approved_at": "2026-03-01T10:05:00+08:00",
    "lines": [
        {"sku": "PHONE-15-BLK", "name": "手机 15 Pro 黑色 256G", "unit_price_minor": 699900, "category": "electronics"}
    ],
    "payments": [{"method": "credit_card", "amount_minor": 699900, "installments": 12, "financed": True}],
    "plan": {
        "terms": {
            "principal": 699900,
            "currency": "CNY",
            "opened_on": "2026-03-01",
            "installments": 12,
            "method": "flat_fee",
            "fee_rate": "0.6",
        }
    },
}


@operation(
    router,
    "PUT",
    "/orders/{order_no}",
    scope=Scope.ORDERS_WRITE,
    answers={200: documents.RegisteredOrder, 201: documents.RegisteredOrder},
    refuses=(
        OrderConflict,
        UnknownCustomer,
        UnknownCurrency,
        InvalidAmount,
        MissingField,
        NothingToFinance,
        FirstDueBeforeOpening,
        TermsOutOfCalendar,
        UnknownProvider,
        UnknownChannel,
        ReserveNotOffered,
        ReserveConflict,
    ),
    example=_EXAMPLE,
)
def put_order(request: HttpRequest, order_no: Number, body: OrderBody, key: OptionalKey = None) -> HttpResponse:
    """Register an order with its lines, payments and plan, or move its status on.

    201 when it is taken: its plan is then open and in the books. Sent again it is `unchanged`; of a registered order
    only `status`, `approved_at` and `delivered_at` may differ (`updated`), anything else is an `order_conflict`. With
    `reserve` the customer is asked for one; `reserve.page` of the answer is where.
    """
    data = _order_input(order_no, body)

    def act() -> tuple[UUID, Answer]:
        now = clock.now()
        done = register_order(data, now=now)
        audit.record(
            client_of(request).actor,
            audit.Action.ORDER_REGISTERED,
            customer_id=done.customer_id,
            subject=order_no,
            details={"outcome": done.outcome},
            now=now,
        )
        answer = {
            "customer_id": str(done.customer_id),
            "order_id": str(done.order_id),
            "order_no": order_no,
            "plan_id": str(done.plan_id) if done.plan_id else None,
            "outcome": done.outcome,
            **_reserve(done, body, request, now=now),
        }
        return done.customer_id, Answer(201 if done.outcome == "taken" else 200, answer)

    return once(request, key, act)


def _reserve(
    done: RegisteredOrder, body: OrderBody, request: HttpRequest, *, now: datetime
) -> dict[str, dict[str, str]]:
    """Asked for in the same transaction; told again it is the same."""
    if body.reserve is None:
        return {}
    asked = ask_for_reserve(
        done.customer_id,
        done.order_id,
        reserve_input(body.reserve),
        request_key=f"order:{done.order_id}",
        actor=client_of(request).actor,
        now=now,
    )
    return {"reserve": asked_document(asked)}


def _order_input(order_no: str, body: OrderBody) -> OrderInput:
    return OrderInput(
        order_no=order_no,
        customer_ref=body.customer_ref,
        currency=body.currency,
        placed_at=body.placed_at,
        status=body.status.value,
        sales_channel=body.sales_channel.value,
        approved_at=body.approved_at,
        delivered_at=body.delivered_at,
        lines=tuple(LineInput(**line.model_dump()) for line in body.lines),
        payments=tuple(PaymentInput(**payment.model_dump()) for payment in body.payments),
        plan=PlanInput(
            terms=body.plan.terms.to_mapping(),
            provider=body.plan.provider,
            fee_bearer=body.plan.fee_bearer.value,
            partner=PartnerFunding(**body.plan.partner.model_dump()) if body.plan.partner else None,
        )
        if body.plan
        else None,
    )


@operation(router, "GET", "/orders/{order_no}", scope=Scope.ORDERS_READ, answers={200: documents.Order})
def get_order(order_no: Number) -> Any:
    """Read an order with its lines, payments, plan and repayments."""
    customer_id, order_id = find_order(order_no)
    view = order_detail(customer_id, order_id, today=clock.business_date(clock.now()))
    return documents.order(view, customer_id=customer_id)


@operation(
    router,
    "GET",
    "/customers/{customer_id}/orders",
    scope=Scope.ORDERS_READ,
    answers={200: documents.OrdersPage},
    refuses=(InvalidCursor,),
)
def list_orders_of_customer(
    customer_id: UUID,
    which: Annotated[
        Literal["all", "running", "settled"], Query(description="All orders, or those whose plan is so")
    ] = "all",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Any:
    """List a customer's orders, newest first."""
    require_customer(customer_id)
    page = list_orders(customer_id, which=which, after=cursor, limit=limit)
    return documents.OrdersPage(
        items=[documents.order_in_brief(view) for view in page.items], next_cursor=page.next_cursor
    )
