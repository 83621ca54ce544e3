"""Customers, by the mall's own name for them."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.fields import Number, OptionalKey
from fenqi.interfaces.api.operations import once, operation
from fenqi.interfaces.api.schemas import CustomerBody
from fenqi.usecases import audit, clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import customer_view, find_customer_by_ref
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.orders.inputs import CustomerInput
from fenqi.usecases.orders.register import PhoneTaken, register_customer

router = Router()


@operation(
    router,
    "PUT",
    "/customers/{ref}",
    scope=Scope.CUSTOMERS_WRITE,
    answers={200: documents.RegisteredCustomer, 201: documents.RegisteredCustomer},
    refuses=(PhoneTaken,),
    example={"name": "陈小云", "phone": "13800138000", "language": "zh-hans"},
)
def put_customer(request: HttpRequest, ref: Number, body: CustomerBody, key: OptionalKey = None) -> HttpResponse:
    """Register a customer, or bring name, phone and language up to date.

    201 when the customer is new. The answer's `customer_id` stands in the addresses of everything the customer has.
    """
    data = CustomerInput(ref=ref, **body.model_dump())

    def act() -> tuple[UUID, Answer]:
        now = clock.now()
        done = register_customer(data, now=now)
        audit.record(
            client_of(request).actor,
            audit.Action.CUSTOMER_REGISTERED,
            customer_id=done.customer_id,
            details={"created": done.created},
            now=now,
        )
        outcome = "created" if done.created else "updated"
        answer = {"customer_id": str(done.customer_id), "ref": ref, "outcome": outcome}
        return done.customer_id, Answer(201 if done.created else 200, answer)

    return once(request, key, act)


@operation(router, "GET", "/customers/{ref}", scope=Scope.CUSTOMERS_READ, answers={200: documents.Customer})
def get_customer(request: HttpRequest, ref: Number) -> Any:
    """Read who a customer is, in clear.

    Every look is kept in the audit record under the key's client.
    """
    with transaction.atomic():
        view = customer_view(find_customer_by_ref(ref))
        audit.record(
            client_of(request).actor,
            audit.Action.PERSONAL_DATA_REVEALED,
            customer_id=view.customer_id,
            subject="name, phone",
            now=clock.now(),
        )
    return documents.customer(view)
