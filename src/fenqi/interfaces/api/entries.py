"""Where a plan can be repaid now, and numbers that accounts share."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.interfaces.api import entry_documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.entry_documents import SharedPhoneBody
from fenqi.interfaces.api.fields import IdempotencyKey
from fenqi.interfaces.api.operations import once, operation
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.entries.routing import route
from fenqi.usecases.entries.shared_phone import share_phone
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.signing_in import InvalidPhone

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/plans/{plan_id}/route",
    scope=Scope.PLANS_READ,
    answers={200: entry_documents.PlanRoute},
)
def get_route(customer_id: UUID, plan_id: UUID) -> Any:
    """Read where the plan can be repaid now.

    Every entry of the plan: those that work first, and of each other why it does not, until when, and what to use
    instead. The first way always works.
    """
    return entry_documents.plan_route(route(customer_id, plan_id, now=clock.now()))


@operation(
    router,
    "POST",
    "/customers/{customer_id}/shared-phones",
    scope=Scope.CUSTOMERS_WRITE,
    answers={200: entry_documents.Done},
    refuses=(InvalidPhone,),
    example={"phone": "17000000417"},
)
def share_phone_number(
    request: HttpRequest, customer_id: UUID, body: SharedPhoneBody, key: IdempotencyKey
) -> HttpResponse:
    """Vouch that the account uses a number that another account has bound.

    The finance app then asks whoever verifies the number which account is meant. Again changes nothing.
    """

    def act() -> tuple[UUID, Answer]:
        share_phone(customer_id, body.phone, actor=client_of(request).actor, now=clock.now())
        return customer_id, Answer(200, entry_documents.Done().model_dump(mode="json"))

    return once(request, key, act)
