"""The mall received a repayment outside our rails (at a counter, by transfer) and tells us of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.ledger import clearing
from fenqi.domain.money import LARGEST_MINOR, InvalidAmount, Money
from fenqi.domain.plans import Event, EventKind, PlanState, settlement_quote
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import PaymentPurpose, PaymentState
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox, plan_file
from fenqi.usecases.idempotency import (
    Answer,
    Command,
    IdempotencyConflict,
    earlier_answer,
    is_key_taken,
    keep_answer,
)
from fenqi.usecases.partners.passing_on import note_repayment
from fenqi.usecases.plan_file import PlanFile

RECEIVED_BY = ("mall", "cash")


class RepaymentExceedsOwed(FenqiError):
    """More was received than is owed. Details: `owed`, `currency`."""

    code = "repayment_exceeds_owed"
    status = 422
    zh = (
        "金额超过应还。现在一共欠 {owed} {currency}，请按此金额登记；政策允许时可将多出部分记为余额（surplus=credit）。"
    )
    en = (
        "The amount exceeds what is owed: {owed} {currency} in all. Record that amount, or, where the mall's policy "
        "allows it, ask for the surplus to be kept as credit (surplus=credit)."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRepayment:
    """What the mall says it received. `received_on` is the value date; `allow_credit` keeps a surplus as credit."""

    customer_id: UUID
    plan_id: UUID
    amount_minor: int
    currency: str
    received_on: date
    channel: str = "mall"
    allow_credit: bool = False


def record_repayment(received: ReceivedRepayment, *, command: Command, now: datetime) -> Answer:
    """Book it once under the command's key and answer with what it did.

    Four statements: lock, earlier answer, plan with its events, and the one that writes.
    Raises NotFound, InvalidInput, InvalidAmount, RepaymentExceedsOwed, IdempotencyConflict.
    """
    _check(received, now)
    try:
        with transaction.atomic(durable=True):
            locked = locks.customer(received.customer_id)
            earlier = earlier_answer(received.customer_id, command)
            if earlier is not None:
                return earlier
            return _record(received, locked, command=command, now=now)
    except IntegrityError as error:
        if is_key_taken(error):
            raise IdempotencyConflict from error
        raise


def _check(received: ReceivedRepayment, now: datetime) -> None:
    if not 0 < received.amount_minor <= LARGEST_MINOR:
        raise InvalidAmount(
            amount=received.amount_minor, reason="it must be positive and in range", reason_zh="须为正数且不超限"
        )
    if received.channel not in RECEIVED_BY:
        raise InvalidInput(where="channel", problem="it is mall or cash", problem_zh="须为 mall 或 cash")
    if received.received_on > clock.business_date(now):
        raise InvalidInput(where="received_on", problem="it is in the future", problem_zh="晚于今天")


def _record(received: ReceivedRepayment, locked: locks.LockedCustomer, *, command: Command, now: datetime) -> Answer:
    file = plan_file.read(received.customer_id, received.plan_id)
    if received.currency != file.terms.currency:
        raise InvalidInput(
            where="currency",
            problem=f"the plan is in {file.terms.currency}",
            problem_zh=f"分期币种为 {file.terms.currency}",
        )
    if received.received_on < file.terms.opened_on:
        raise InvalidInput(where="received_on", problem="the plan was not open yet", problem_zh="早于分期开始日")
    payment_id, event_id = new_id(), new_id()
    event = money_received(file, received, event_id)
    decision = Decision(received.customer_id)
    recorded = plan_file.add_event(
        decision,
        file,
        event,
        source=clearing(received.channel),
        head=locked,
        payment_id=payment_id,
        actor=f"api:{command.client}",
        now=now,
    )
    _refuse_surplus(received, recorded.before, recorded.after)
    decision.add(
        "payment",
        {
            "id": payment_id,
            "plan_id": received.plan_id,
            "purpose": PaymentPurpose.RECORDED.value,
            "installments": [],
            "amount_minor": received.amount_minor,
            "currency": received.currency,
            "state": PaymentState.SUCCEEDED.value,
            "channel": received.channel,
            "quoted_on": received.received_on,
            "expires_at": None,
            "event_id": event_id,
            "request_key": f"{command.client}:{command.key}",
            "created_at": now,
            "succeeded_at": now,
            "updated_at": now,
        },
    )
    outbox.tell_succeeded(decision, payment_id, now=now)
    answer = Answer(201, _body(payment_id, event_id, recorded.after))
    keep_answer(decision, command, answer, now=now)
    write(decision)
    note_repayment(file, payment_id, amount_minor=received.amount_minor, on=received.received_on, now=now)
    return answer


def money_received(file: PlanFile, received: ReceivedRepayment, event_id: UUID) -> Event:
    """A sum that is exactly what settles the plan that day settles it; any other is allocated by the plan's rules."""
    amount, on = received.amount_minor, received.received_on
    settles = settlement_quote(file.terms, file.events, on).total == amount
    return Event(id=str(event_id), on=on, kind=EventKind.SETTLEMENT if settles else EventKind.REPAYMENT, amount=amount)


def _refuse_surplus(received: ReceivedRepayment, before: PlanState, after: PlanState) -> None:
    if after.balance <= before.balance or (received.allow_credit and settings.FENQI_CREDIT_ALLOWED):
        return
    owed = Money(before.totals.outstanding.total, received.currency)
    raise RepaymentExceedsOwed(owed=owed.as_decimal(), currency=received.currency)


def _body(payment_id: UUID, event_id: UUID, state: PlanState) -> dict[str, Any]:
    return {
        "payment_id": str(payment_id),
        "event_id": str(event_id),
        "status": state.status.value,
        "outstanding_minor": state.totals.outstanding.total,
        "balance_minor": state.balance,
        "allocations": [
            {
                "event": allocation.event,
                "principal": allocation.principal,
                "interest": allocation.interest,
                "fee": allocation.fee,
                "late_fee": allocation.late_fee,
                "balance": allocation.balance,
            }
            for allocation in state.allocations
            if allocation.event == str(event_id)
        ],
    }
