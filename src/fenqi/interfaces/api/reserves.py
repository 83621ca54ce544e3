"""The reserve of an order: the mall asks for one, and reads what became of it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Router

from fenqi.channels.interface import UnknownChannel
from fenqi.interfaces.api import documents, reserve_documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.fields import IdempotencyKey, Number
from fenqi.interfaces.api.operations import once, operation
from fenqi.interfaces.api.schemas import ReserveBody
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.orders.queries import find_order
from fenqi.usecases.reserves.ask import AskedReserve, ReserveInput, ask_for_reserve
from fenqi.usecases.reserves.errors import ReserveConflict, ReserveNotOffered
from fenqi.usecases.reserves.queries import reserves_of

router = Router()


@operation(
    router,
    "POST",
    "/orders/{order_no}/reserve",
    scope=Scope.ORDERS_WRITE,
    answers={201: documents.AskedReserve},
    refuses=(UnknownChannel, ReserveNotOffered, ReserveConflict),
    example={"amount_minor": 30_000},
)
def ask_for_order_reserve(
    request: HttpRequest, order_no: Number, body: ReserveBody, key: IdempotencyKey
) -> HttpResponse:
    """Ask the customer for a reserve: a sum held as security, never a loan.

    Nothing is held until the customer agrees on `page` and allows it at the channel. It goes back by itself once the
    order's refund is complete or its plan is settled. An order has at most one at a time.
    """

    def act() -> tuple[UUID, Answer]:
        customer_id, order_id = find_order(order_no)
        asked = ask_for_reserve(
            customer_id,
            order_id,
            reserve_input(body),
            request_key=f"api:{client_of(request).name}:{key}",
            actor=client_of(request).actor,
            now=clock.now(),
        )
        return customer_id, Answer(201, asked_document(asked))

    return once(request, key, act)


@operation(
    router,
    "GET",
    "/orders/{order_no}/reserve",
    scope=Scope.PAYMENTS_READ,
    answers={200: reserve_documents.Reserves},
)
def get_order_reserve(order_no: Number) -> Any:
    """Read an order's reserves, newest first: what is held, released and captured, and every move."""
    customer_id, order_id = find_order(order_no)
    found = reserves_of(customer_id, order_id=order_id, now=clock.now())
    return reserve_documents.Reserves(items=[reserve_documents.reserve(view) for view in found])


def reserve_input(body: ReserveBody) -> ReserveInput:
    return ReserveInput(
        amount_minor=body.amount_minor,
        kind=body.kind,
        channel=body.channel,
        release_rule=body.release_rule,
        may_advance=body.may_advance,
    )


def asked_document(asked: AskedReserve) -> dict[str, str]:
    """Where the customer agrees to it."""
    return {
        "hold_id": str(asked.hold_id),
        "reserve_no": asked.reserve_no,
        "page": reverse("portal:reserve", args=[asked.hold_id]),
    }
