"""What helps a customer who cannot pay in time: the ways that are open on a plan, and its credit record."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.domain.hardship.extension import (
    ExtensionNothingOwed,
    ExtensionNotOffered,
    ExtensionTooLate,
    ExtensionTooLong,
    ExtensionTooOften,
    ExtensionWhileReturning,
    ExtensionWhileUnknown,
)
from fenqi.domain.hardship.promises import PromiseOutOfRange, PromiseStands, PromiseTooFar
from fenqi.interfaces.api import hardship_documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.fields import IdempotencyKey
from fenqi.interfaces.api.operations import answered, command_of, operation
from fenqi.interfaces.api.schemas import ExtensionBody, ExtensionQuoteBody, PromiseBody
from fenqi.usecases import clock
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.hardship.errors import ExtensionQuoteExpired, LendersPlan
from fenqi.usecases.hardship.extension import confirm_extension, quote_extension
from fenqi.usecases.hardship.promises import Promised, find_promise, make_promise
from fenqi.usecases.hardship.queries import help_view
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.partners.errors import RepaidElsewhere
from fenqi.usecases.repayment.quote import NothingOwed

router = Router()
PLAN = "/customers/{customer_id}/plans/{plan_id}"
_RULES = (
    LendersPlan,
    ExtensionNothingOwed,
    ExtensionNotOffered,
    ExtensionTooOften,
    ExtensionTooLong,
    ExtensionTooLate,
    ExtensionWhileReturning,
    ExtensionWhileUnknown,
)


@operation(
    router,
    "GET",
    f"{PLAN}/help",
    scope=Scope.PLANS_READ,
    answers={200: hardship_documents.Help},
    refuses=(RepaidElsewhere,),
)
def get_help(customer_id: UUID, plan_id: UUID) -> Any:
    """Read what may be done about a plan that cannot be paid in time, and where its credit record stands.

    Reminders of a mall's own wait while a `promise` stands. The customer objects to a credit mark on the
    pages of the portal.
    """
    return hardship_documents.help_document(help_view(customer_id, plan_id, now=clock.now()))


@operation(
    router,
    "POST",
    f"{PLAN}/promises",
    scope=Scope.REPAYMENTS_WRITE,
    answers={201: hardship_documents.Promise},
    refuses=(RepaidElsewhere, NothingOwed, PromiseOutOfRange, PromiseTooFar, PromiseStands),
    example={"amount_minor": 10000, "pay_by": "2026-04-10"},
)
def post_promise(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: PromiseBody, key: IdempotencyKey
) -> HttpResponse:
    """Promise a sum by the end of a day for the customer: reminders of the plan wait for it.

    It moves no due date, and fees are charged as the terms say. One promise of a plan stands at a time.
    """
    require_customer(customer_id)
    command, now = command_of(request, key), clock.now()

    def act() -> Answer:
        promise_id = make_promise(
            customer_id,
            plan_id,
            Promised(amount_minor=body.amount_minor, pay_by=body.pay_by),
            request_key=f"api:{command.client}:{command.key}",
            via="api",
            actor=client_of(request).actor,
            now=now,
        )
        made = hardship_documents.promise(find_promise(customer_id, promise_id))
        return Answer(201, made.model_dump(mode="json"))

    return answered(answer_outside(command, customer_id, act, now=now))


@operation(
    router,
    "POST",
    f"{PLAN}/extension-quotes",
    scope=Scope.REPAYMENTS_WRITE,
    answers={201: hardship_documents.ExtensionQuote},
    refuses=_RULES,
    example={"days": 10},
)
def post_extension_quote(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: ExtensionQuoteBody, key: IdempotencyKey
) -> HttpResponse:
    """Quote an extension: the new due dates and the fee. Nothing changes before it is confirmed."""
    require_customer(customer_id)
    now = clock.now()

    def act() -> Answer:
        quoted = quote_extension(customer_id, plan_id, days=body.days, now=now)
        return Answer(201, hardship_documents.extension_quote(quoted).model_dump(mode="json"))

    return answered(answer_outside(command_of(request, key), customer_id, act, now=now))


@operation(
    router,
    "POST",
    f"{PLAN}/extensions",
    scope=Scope.REPAYMENTS_WRITE,
    answers={201: hardship_documents.ExtensionDone},
    refuses=(ExtensionQuoteExpired, *_RULES),
    example={"quote_token": "eyJ..."},
)
def post_extension(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: ExtensionBody, key: IdempotencyKey
) -> HttpResponse:
    """Do what was quoted once the customer has agreed to it; the customer is told."""
    require_customer(customer_id)
    command, now = command_of(request, key), clock.now()

    def act() -> Answer:
        change_id = confirm_extension(
            customer_id,
            plan_id,
            token=body.quote_token,
            request_key=f"api:{command.client}:{command.key}",
            via="api",
            actor=client_of(request).actor,
            now=now,
        )
        done = hardship_documents.ExtensionDone(change_id=change_id, plan_id=plan_id)
        return Answer(201, done.model_dump(mode="json"))

    return answered(answer_outside(command, customer_id, act, now=now))
