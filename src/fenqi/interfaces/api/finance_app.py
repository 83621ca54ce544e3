"""The finance app's side: recognise its user by the bound phone, show the bills, and guide through a repayment."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router

from fenqi.channels.interface import Device, UnknownChannel
from fenqi.domain.entries import EntryKind
from fenqi.domain.payments import AttemptState
from fenqi.interfaces.api import documents, entry_documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.entry_documents import CodeBody, PhoneBody, ProofBody
from fenqi.interfaces.api.fields import IdempotencyKey
from fenqi.interfaces.api.operations import answered, command_of, operation
from fenqi.interfaces.api.problems import MalformedBody
from fenqi.interfaces.api.schemas import QuoteBody, RepaymentBody
from fenqi.usecases import clock
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.entries.app_code import CodeNotSent, send_app_code
from fenqi.usecases.entries.app_recognition import (
    AppSessionEnded,
    PhoneChanged,
    PhoneNotBound,
    ProofRefused,
    check_app_code,
    end_session,
    prove_account,
    session_customer,
)
from fenqi.usecases.entries.guard import EntryClosed
from fenqi.usecases.entries.routing import route
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.partners.errors import RepaidElsewhere
from fenqi.usecases.rate_limits import TooManyRequests
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.methods import MethodUnavailable, methods
from fenqi.usecases.repayment.queries import bills, payment_view, plan_view
from fenqi.usecases.repayment.quote import Choice, InvalidChoice, NothingOwed, PartOutOfRange, QuoteExpired, quote
from fenqi.usecases.repayment.start import AlreadyPaid, Payer, PaymentUnderWay, start_repayment
from fenqi.usecases.signing_in import CodeRefused, InvalidPhone

router = Router()
SCOPE = Scope.FINANCE_APP
AppSession = Annotated[
    str,
    Header(
        alias="Fenqi-App-Session",
        description="The session of the customer whom the app had recognised",
    ),
]
_OF_A_SESSION = (MalformedBody, AppSessionEnded, PhoneChanged)
_STILL_OPEN = {AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value}


@operation(
    router,
    "POST",
    "/finance-app/codes",
    scope=SCOPE,
    answers={201: entry_documents.AskedCode},
    refuses=(InvalidPhone, TooManyRequests, CodeNotSent),
    example={"phone": "17000000417"},
)
def ask_app_code(request: HttpRequest, body: PhoneBody) -> Any:
    """Send a code to the phone that the app's user typed.

    The answer is the same whether the number is bound or not. A number takes a code a minute, and four in ten.
    """
    sent = send_app_code(client_of(request).name, body.phone, language=body.language, now=clock.now())
    return 201, entry_documents.asked_code(sent)


@operation(
    router,
    "POST",
    "/finance-app/codes/{recognition_id}/check",
    scope=SCOPE,
    answers={200: entry_documents.Recognition},
    refuses=(CodeRefused, PhoneNotBound),
    example={"code": "123456"},
)
def check_code(request: HttpRequest, recognition_id: UUID, body: CodeBody) -> Any:
    """Give back the code: proof that the app's user holds the phone.

    `phone_not_bound` says how to bind the number. `which_account` means that several accounts share it: ask the user
    for an order number or the safe word, and prove the account with it; the accounts are never listed.
    """
    found = check_app_code(client_of(request).name, recognition_id, body.code, now=clock.now())
    return entry_documents.recognition(found)


@operation(
    router,
    "POST",
    "/finance-app/codes/{recognition_id}/account",
    scope=SCOPE,
    answers={200: entry_documents.Recognition},
    refuses=(CodeRefused, ProofRefused, TooManyRequests),
    example={"proof": "MM-4471"},
)
def prove_which_account(request: HttpRequest, recognition_id: UUID, body: ProofBody) -> Any:
    """Say which of the accounts that share the number it is, by what only its owner knows. Five tries."""
    found = prove_account(client_of(request).name, recognition_id, body.proof, now=clock.now())
    return entry_documents.recognition(found)


@operation(
    router,
    "POST",
    "/finance-app/sign-out",
    scope=SCOPE,
    answers={200: entry_documents.Done},
    refuses=(MalformedBody,),
)
def sign_out_of_app(request: HttpRequest, session: AppSession = "") -> Any:
    """End the session. Again changes nothing."""
    end_session(client_of(request).name, session, now=clock.now())
    return entry_documents.Done()


@operation(
    router,
    "GET",
    "/finance-app/bills",
    scope=SCOPE,
    answers={200: documents.Bills},
    refuses=_OF_A_SESSION,
)
def app_bills(request: HttpRequest, session: AppSession = "") -> Any:
    """Read all that the recognised customer owes, and when (R006, R152)."""
    customer_id = _customer(request, session)
    today = clock.business_date(clock.now())
    return documents.bills(bills(customer_id, today=today), on=today)


@operation(
    router,
    "GET",
    "/finance-app/plans/{plan_id}",
    scope=SCOPE,
    answers={200: documents.Plan},
    refuses=_OF_A_SESSION,
)
def app_plan(request: HttpRequest, plan_id: UUID, session: AppSession = "") -> Any:
    """Read one plan with every installment (R152)."""
    customer_id = _customer(request, session)
    return documents.plan(plan_view(customer_id, plan_id, today=clock.business_date(clock.now())))


@operation(
    router,
    "GET",
    "/finance-app/plans/{plan_id}/route",
    scope=SCOPE,
    answers={200: entry_documents.PlanRoute},
    refuses=_OF_A_SESSION,
)
def app_route(request: HttpRequest, plan_id: UUID, session: AppSession = "") -> Any:
    """Read where the plan can be repaid now, and of each entry that is closed why, until when and what instead."""
    return entry_documents.plan_route(route(_customer(request, session), plan_id, now=clock.now()))


@operation(
    router,
    "POST",
    "/finance-app/plans/{plan_id}/quotes",
    scope=SCOPE,
    answers={200: entry_documents.AppQuote},
    refuses=(*_OF_A_SESSION, NothingOwed, InvalidChoice, PartOutOfRange, RepaidElsewhere),
    example={"purpose": "due"},
)
def app_make_quote(request: HttpRequest, plan_id: UUID, body: QuoteBody, session: AppSession = "") -> Any:
    """Quote a repayment, with the ways to pay it. Nothing is stored."""
    customer_id = _customer(request, session)
    now = clock.now()
    choice = Choice(purpose=body.purpose, installments=body.installments, amount_minor=body.amount_minor)
    made = quote(customer_id, plan_id, choice, now=now)
    return entry_documents.app_quote(made, methods(customer_id, made, now=now))


@operation(
    router,
    "POST",
    "/finance-app/plans/{plan_id}/repayments",
    scope=SCOPE,
    answers={201: documents.Started},
    refuses=(
        *_OF_A_SESSION,
        EntryClosed,
        QuoteExpired,
        NothingOwed,
        InvalidChoice,
        MethodUnavailable,
        PaymentUnderWay,
        AlreadyPaid,
        UnknownChannel,
        RepaidElsewhere,
    ),
    example={"quote_token": "eyJ...", "method": "alipay"},
)
def app_start(
    request: HttpRequest, plan_id: UUID, body: RepaymentBody, key: IdempotencyKey, session: AppSession = ""
) -> HttpResponse:
    """Start what was quoted; the cashier leads back to the app. The same key starts it once."""
    customer_id = _customer(request, session)
    command = command_of(request, key)
    now = clock.now()

    def act() -> Answer:
        started = start_repayment(
            customer_id=customer_id,
            plan_id=plan_id,
            quote_token=body.quote_token,
            method=body.method or body.channel,
            request_key=f"api:{command.client}:{command.key}",
            payer=Payer(device=Device(body.device), address=str(body.payer_ip), in_app=True),
            via=EntryKind.FINANCE_APP,
            now=now,
        )
        return Answer(201, documents.started(started).model_dump(mode="json"))

    return answered(answer_outside(command, customer_id, act, now=now))


@operation(
    router,
    "POST",
    "/finance-app/repayments/{payment_id}/follow",
    scope=SCOPE,
    answers={200: documents.Payment},
    refuses=_OF_A_SESSION,
)
def app_follow(request: HttpRequest, payment_id: UUID, session: AppSession = "") -> Any:
    """Read where a repayment stands; of one that is still open its channel is asked first."""
    customer_id = _customer(request, session)
    now = clock.now()
    attempt = payment_view(customer_id, payment_id).latest_attempt
    if attempt is not None and attempt.state in _STILL_OPEN:
        resolve.ask_channel(customer_id, attempt.attempt_id, now=now)
    return documents.payment(payment_view(customer_id, payment_id))


def _customer(request: HttpRequest, session: str) -> UUID:
    """Raises AppSessionEnded, PhoneChanged."""
    return session_customer(client_of(request).name, session, now=clock.now())
