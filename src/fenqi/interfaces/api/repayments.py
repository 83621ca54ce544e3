"""Quote a repayment, start it at a channel, or tell of money that was received elsewhere."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from fenqi.channels.interface import Device, UnknownChannel
from fenqi.domain.money import InvalidAmount, UnknownCurrency
from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import IdempotencyKey
from fenqi.interfaces.api.operations import answered, command_of, once, operation
from fenqi.interfaces.api.schemas import QuoteBody, ReceivedBody, RepaymentBody
from fenqi.usecases import clock
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.entries.guard import EntryClosed
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.repayment.methods import MethodUnavailable
from fenqi.usecases.repayment.quote import Choice, InvalidChoice, NothingOwed, QuoteExpired, quote
from fenqi.usecases.repayment.record import ReceivedRepayment, RepaymentExceedsOwed, record_repayment
from fenqi.usecases.repayment.start import AlreadyPaid, Payer, PaymentUnderWay, start_repayment

router = Router()
PLAN = "/customers/{customer_id}/plans/{plan_id}"


@operation(
    router,
    "POST",
    f"{PLAN}/quotes",
    scope=Scope.REPAYMENTS_WRITE,
    answers={201: documents.Quote},
    refuses=(NothingOwed, InvalidChoice),
    example={"purpose": "settlement"},
)
def make_quote(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: QuoteBody, key: IdempotencyKey
) -> HttpResponse:
    """Quote a repayment: the exact sum, what it is made of, and the plan before and after.

    The token is a promise: confirm it before `valid_until`, and that sum and that effect are what happens. If anything
    else is booked on the plan meanwhile, starting it answers `quote_expired` and nothing is charged.
    """
    choice = Choice(purpose=body.purpose, installments=body.installments, amount_minor=body.amount_minor)

    def act() -> tuple[UUID, Answer]:
        made = documents.quote(quote(customer_id, plan_id, choice, now=clock.now()))
        return customer_id, Answer(201, made.model_dump(mode="json"))

    return once(request, key, act)


@operation(
    router,
    "POST",
    f"{PLAN}/repayments",
    scope=Scope.REPAYMENTS_WRITE,
    answers={201: documents.Started},
    refuses=(
        EntryClosed,
        QuoteExpired,
        NothingOwed,
        InvalidChoice,
        MethodUnavailable,
        PaymentUnderWay,
        AlreadyPaid,
        UnknownChannel,
    ),
    example={"quote_token": "eyJ...", "method": "alipay"},
)
def start(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: RepaymentBody, key: IdempotencyKey
) -> HttpResponse:
    """Start what was quoted by the method that the customer picked; the answer says where to send the customer.

    An earlier payment of the plan that is still open is ended at its channel first. `outcome_unknown` means that this
    could not be done: do not pay again, read that payment until its outcome is known.
    """
    require_customer(customer_id)
    command = command_of(request, key)
    now = clock.now()

    def act() -> Answer:
        started = start_repayment(
            customer_id=customer_id,
            plan_id=plan_id,
            quote_token=body.quote_token,
            method=body.method or body.channel,
            request_key=f"api:{command.client}:{command.key}",
            payer=Payer(device=Device(body.device), address=str(body.payer_ip)),
            now=now,
        )
        return Answer(201, documents.started(started).model_dump(mode="json"))

    return answered(answer_outside(command, customer_id, act, now=now))


@operation(
    router,
    "POST",
    f"{PLAN}/received-repayments",
    scope=Scope.REPAYMENTS_RECORD,
    answers={201: documents.Received},
    refuses=(RepaymentExceedsOwed, InvalidAmount, UnknownCurrency),
    example={"amount_minor": 58325, "currency": "CNY", "received_on": "2026-04-01"},
)
def record_received(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, body: ReceivedBody, key: IdempotencyKey
) -> HttpResponse:
    """Record money that the mall received itself, at a counter or by transfer.

    It is booked on `received_on`, however late it is told. More than is owed is refused with the sum owed, unless
    `surplus` is `credit` and the mall's policy keeps credit.
    """
    received = ReceivedRepayment(
        customer_id=customer_id,
        plan_id=plan_id,
        amount_minor=body.amount_minor,
        currency=body.currency,
        received_on=body.received_on,
        channel=body.channel,
        allow_credit=body.surplus == "credit",
    )
    answer = record_repayment(received, command=command_of(request, key), now=clock.now())
    return answered(_received(answer, plan_id=plan_id, currency=body.currency))


def _received(answer: Answer, *, plan_id: UUID, currency: str) -> Answer:
    """What was recorded, in the API's names."""
    (allocation,) = answer.body["allocations"]
    body: dict[str, Any] = {
        "payment_id": answer.body["payment_id"],
        "event_id": answer.body["event_id"],
        "plan_id": str(plan_id),
        "currency": currency,
        "status": answer.body["status"],
        "outstanding_minor": answer.body["outstanding_minor"],
        "balance_minor": answer.body["balance_minor"],
        "allocated": {
            "event_id": allocation["event"],
            **{f"{part}_minor": allocation[part] for part in ("principal", "interest", "fee", "late_fee", "balance")},
        },
    }
    return Answer(answer.status, body, repeated=answer.repeated)
