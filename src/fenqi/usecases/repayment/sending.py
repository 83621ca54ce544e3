"""A payment as it is sent: stored with the number that the channel will know, and with the first question about it,
before the first byte leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from fenqi.domain.payments import AttemptState, Step, next_query_at, next_state
from fenqi.records.identifiers import new_id
from fenqi.records.models import AttemptMethod, DirectoryKind, PaymentPurpose, PaymentState
from fenqi.records.posting import Decision, Row
from fenqi.usecases import outbox
from fenqi.usecases.numbers import new_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is sent, over what, until when. `rows` of the plan are what it is for; `number`: one that is ours already.

    `request_key` is the command's own: of one customer, the same key is the same payment. `cashier`: how the payer's
    page was ordered.
    """

    plan_id: UUID
    purpose: PaymentPurpose
    rows: Sequence[int] = ()
    amount_minor: int
    currency: str
    channel: str
    method: AttemptMethod
    quoted_on: date
    expires_at: datetime
    request_key: str
    number: str = ""
    card_id: UUID | None = None
    agreement_id: UUID | None = None
    cashier: Mapping[str, str] = field(default_factory=dict)


class Sent(NamedTuple):
    """The rows that were stored."""

    payment_id: UUID
    attempt_id: UUID


def store_attempt(decision: Decision, sending: Sending, *, now: datetime) -> Sent:
    """Payment, attempt, number and the first question, into the decision."""
    sent = Sent(payment_id=new_id(), attempt_id=new_id())
    number, next_question = sending.number or new_number("F"), next_query_at(0, now)
    decision.add("payment", _payment(sent, sending, now=now))
    decision.add("payment_attempt", _attempt(sent, sending, number, next_question, now=now))
    decision.add("directory", {"kind": DirectoryKind.OUT_TRADE_NO.value, "key": number, "target_id": sent.attempt_id})
    outbox.ask_later(decision, sent.attempt_id, at=next_question, now=now)
    return sent


def _payment(sent: Sent, sending: Sending, *, now: datetime) -> Row:
    return {
        "id": sent.payment_id,
        "plan_id": sending.plan_id,
        "purpose": sending.purpose.value,
        "installments": list(sending.rows),
        "amount_minor": sending.amount_minor,
        "currency": sending.currency,
        "state": PaymentState.OPEN.value,
        "channel": sending.channel,
        "quoted_on": sending.quoted_on,
        "expires_at": sending.expires_at,
        "event_id": None,
        "request_key": sending.request_key,
        "created_at": now,
        "succeeded_at": None,
        "updated_at": now,
    }


def _attempt(sent: Sent, sending: Sending, number: str, next_question: datetime | None, *, now: datetime) -> Row:
    return {
        "id": sent.attempt_id,
        "payment_id": sent.payment_id,
        "attempt_no": 1,
        "channel": sending.channel,
        "out_trade_no": number,
        "amount_minor": sending.amount_minor,
        "currency": sending.currency,
        "state": next_state(AttemptState.CREATED, Step.SENT).value,
        "trade_no": "",
        "code": "",
        "category": "",
        "asked": 0,
        "next_query_at": next_question,
        "method": sending.method.value,
        "card_id": sending.card_id,
        "agreement_id": sending.agreement_id,
        "retry": "",
        "cashier": dict(sending.cashier),
        "expires_at": sending.expires_at,
        "created_at": now,
        "resolved_at": None,
        "paid_at": None,
        "reply": {},
    }
