"""Agreements to auto-debit: what stands for a plan, and ending one by the customer's word to the mall."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import IdempotencyKey
from fenqi.interfaces.api.operations import answered, command_of, operation
from fenqi.usecases import clock
from fenqi.usecases.agreements.end import end_agreement
from fenqi.usecases.agreements.queries import agreement_view, agreements_of
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.repayment.queries import require_plan

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/plans/{plan_id}/agreements",
    scope=Scope.PLANS_READ,
    answers={200: list[documents.Agreement]},
)
def list_agreements(customer_id: UUID, plan_id: UUID) -> Any:
    """List the agreements to auto-debit of a plan, newest first, with the tries under each."""
    require_plan(customer_id, plan_id)
    return [documents.agreement(view) for view in agreements_of(customer_id, plan_id=plan_id, now=clock.now())]


@operation(
    router,
    "DELETE",
    "/customers/{customer_id}/agreements/{agreement_id}",
    scope=Scope.REPAYMENTS_WRITE,
    answers={200: documents.Agreement},
)
def end(request: HttpRequest, customer_id: UUID, agreement_id: UUID, key: IdempotencyKey) -> HttpResponse:
    """End an agreement: from now on nothing is debited under it.

    It is ended here at once and at the channel as soon as the channel answers; a debit that is under way can no longer
    be called back. One that is ended already stays as it is.
    """
    now = clock.now()
    agreement_view(customer_id, agreement_id, now=now)
    command = command_of(request, key)

    def act() -> Answer:
        end_agreement(customer_id, agreement_id, by=f"api:{command.client}", reason="by_mall", now=now)
        view = agreement_view(customer_id, agreement_id, now=now)
        return Answer(200, documents.agreement(view).model_dump(mode="json"))

    return answered(answer_outside(command, customer_id, act, now=now))
