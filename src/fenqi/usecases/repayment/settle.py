"""Money in becomes a plan event, an entry and a projection here and nowhere else, once, whoever says it how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import ChannelReply
from fenqi.domain.errors import NotFound
from fenqi.domain.ledger import EntryCode, clearing, duplicate_payment_entry
from fenqi.domain.money import Money
from fenqi.domain.payments import AmountMismatch, AttemptState, Outcome, Signal, Step, next_query_at, next_state
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import Payment, PaymentAttempt, PaymentState, RefundCause
from fenqi.records.posting import Decision, Row, write
from fenqi.usecases import clock, outbox, plan_file
from fenqi.usecases.agreements.follow import after_attempt
from fenqi.usecases.cards import usable
from fenqi.usecases.partners.passing_on import note_repayment
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.projection import About, ChainHead, entry_columns
from fenqi.usecases.recovery.no_fault import note_no_fault
from fenqi.usecases.refunds.open import open_refund
from fenqi.usecases.refunds.sources import source
from fenqi.usecases.repayment.quote import money_in
from fenqi.usecases.reserves.attempts import book_prepaid, follow_attempt, is_for_reserve

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A verified notification, kept with what it led to."""

    channel: str
    notify_id: str
    body: Mapping[str, Any]


DUPLICATE_REASON = "重复还款退回"
"""What the payer reads at the channel."""

AFTER_THE_SCHEDULE = timedelta(hours=6)  # until a channel's daily bill can tell

_SETTLED = frozenset({AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CLOSED})


def settle_attempt(
    customer_id: UUID,
    attempt_id: UUID,
    reply: ChannelReply | Step,
    *,
    actor: str,
    now: datetime,
    evidence: Evidence | None = None,
    asked: bool = False,
) -> AttemptState:
    """Move the attempt by what the channel said. A success is booked; told again, it changes nothing.

    `asked`: the reply answers a query of ours, which counts on the schedule.
    Raises NotFound, AmountMismatch, UnlistedMove.
    """
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        attempt = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id).first()
        if attempt is None:
            raise NotFound
        signal: Signal = reply if isinstance(reply, Step) else reply.outcome
        before = AttemptState(attempt.state)
        after = next_state(before, signal)
        _check_amount(attempt, reply)
        decision = Decision(customer_id)
        if evidence is not None:
            decision.add("channel_notification", notification_row(attempt.id, evidence, signal, now))
        if after is AttemptState.SUCCEEDED and before is not AttemptState.SUCCEEDED:
            _book(decision, locked, attempt, reply, actor=actor, now=now)
        elif after in _SETTLED and before not in _SETTLED:
            _close_payment(decision, attempt, now=now)
        if after is not before:
            _follow(decision, attempt, reply, after, now=now)
            follow_attempt(decision, locked, attempt, after, now=now)
        if after is not before or asked:
            row = _attempt_row(attempt, reply, after, asked=asked, now=now)
            decision.add("payment_attempt", row)
            if asked and after not in _SETTLED:
                outbox.ask_later(decision, attempt.id, at=row["next_query_at"], now=now)
        write(decision)
        if isinstance(reply, ChannelReply):
            usable.note(attempt, reply)
    if isinstance(reply, ChannelReply) and reply.alert:
        _log.error("channel_alert", channel=attempt.channel, out_trade_no=attempt.out_trade_no, code=reply.code)
    return after


WHILE_THEY_LOOK = timedelta(minutes=2)
"""Whoever stands before the page of a failed repayment reads it there."""


def _follow(
    decision: Decision, attempt: PaymentAttempt, reply: ChannelReply | Step, after: AttemptState, *, now: datetime
) -> None:
    """What a move of the attempt means for the auto-debit it belongs to, and for the days that are not counted."""
    category, code = (reply.failure, reply.code or "") if isinstance(reply, ChannelReply) else (None, "")
    if after in _SETTLED:
        after_attempt(decision, attempt, after, category, now=now)
    if after is AttemptState.FAILED and attempt.agreement_id is None:
        outbox.tell_failed(decision, attempt.id, at=now + WHILE_THEY_LOOK, now=now)
    note_no_fault(decision, attempt, after, category, code, now=now)


def _check_amount(attempt: PaymentAttempt, reply: ChannelReply | Step) -> None:
    if isinstance(reply, Step) or reply.outcome is not Outcome.SUCCEEDED:
        return
    if reply.amount is None or (reply.amount.minor, reply.amount.currency) != (attempt.amount_minor, attempt.currency):
        raise AmountMismatch


def _book(
    decision: Decision,
    locked: locks.LockedCustomer,
    attempt: PaymentAttempt,
    reply: ChannelReply | Step,
    *,
    actor: str,
    now: datetime,
) -> None:
    """The customer's account was debited at `paid_at`: that is the value date, however late we learn of it (P809)."""
    assert isinstance(reply, ChannelReply)
    payment = Payment.objects.get(customer_id=attempt.customer_id, id=attempt.payment_id)
    if is_for_reserve(payment):
        book_prepaid(decision, locked, attempt, payment, now=now)
        decision.add("payment", _payment_row(payment, PaymentState.SUCCEEDED, event_id=None, now=now))
        return
    on = clock.business_date(reply.paid_at or now)
    file = plan_file.read(payment.customer_id, payment.plan_id)
    if payment.state == PaymentState.SUCCEEDED or _paid_otherwise(file, payment):
        _book_duplicate(
            decision, locked, attempt, order_id=file.order_id, plan_id=file.plan_id, on=on, actor=actor, now=now
        )
        _close_payment(decision, attempt, now=now)
        return
    event = money_in(
        file, payment.purpose, amount=attempt.amount_minor, on=max(on, file.terms.opened_on), event_id=str(new_id())
    )
    plan_file.add_event(
        decision,
        file,
        event,
        source=clearing(attempt.channel),
        head=locked,
        payment_id=payment.id,
        actor=actor,
        now=now,
    )
    decision.add("payment", _payment_row(payment, PaymentState.SUCCEEDED, event_id=UUID(event.id), now=now))
    note_repayment(file, payment.id, amount_minor=attempt.amount_minor, on=event.on, now=now)
    outbox.tell_succeeded(decision, payment.id, now=now)


def _paid_otherwise(file: PlanFile, payment: Payment) -> bool:
    """All that the payment was for has been paid meanwhile, by another payment."""
    return not any(row.outstanding.total for row in file.state().rows if row.n in payment.installments)


def _book_duplicate(
    decision: Decision,
    locked: locks.LockedCustomer,
    attempt: PaymentAttempt,
    *,
    order_id: UUID,
    plan_id: UUID,
    on: date,
    actor: str,
    now: datetime,
) -> None:
    """A second success for what is paid already is the customer's money: it goes back the way it came (P1006)."""
    entry, lines, head = entry_columns(
        duplicate_payment_entry(attempt.amount_minor, source=clearing(attempt.channel)),
        code=EntryCode.DUPLICATE_PAYMENT,
        on=on,
        currency=attempt.currency,
        about=About(customer_id=attempt.customer_id, plan_id=plan_id, order_id=order_id, payment_id=attempt.payment_id),
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision.add("journal_entry", entry)
    decision.add("journal_line", *lines)
    decision.head_seq = head.seq
    open_refund(
        decision,
        locked,
        cause=RefundCause.DUPLICATE,
        source_key=f"duplicate:{attempt.id}",
        amount=Money(attempt.amount_minor, attempt.currency),
        reason=DUPLICATE_REASON,
        plan_id=plan_id,
        order_id=order_id,
        payment_id=attempt.payment_id,
        sources=[source(attempt, paid_on=on)],
        actor=actor,
        now=now,
    )


def _close_payment(decision: Decision, attempt: PaymentAttempt, *, now: datetime) -> None:
    payment = Payment.objects.get(customer_id=attempt.customer_id, id=attempt.payment_id)
    if payment.state == PaymentState.OPEN:
        decision.add("payment", _payment_row(payment, PaymentState.CLOSED, event_id=None, now=now))


def _payment_row(payment: Payment, state: PaymentState, *, event_id: UUID | None, now: datetime) -> Row:
    return {
        "id": payment.id,
        "plan_id": payment.plan_id,
        "purpose": payment.purpose,
        "installments": payment.installments,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "state": state.value,
        "channel": payment.channel,
        "quoted_on": payment.quoted_on,
        "expires_at": payment.expires_at,
        "event_id": event_id,
        "request_key": payment.request_key,
        "created_at": payment.created_at,
        "succeeded_at": now if state is PaymentState.SUCCEEDED else None,
        "updated_at": now,
    }


def _attempt_row(
    attempt: PaymentAttempt, reply: ChannelReply | Step, after: AttemptState, *, asked: bool, now: datetime
) -> Row:
    told = reply if isinstance(reply, ChannelReply) else None
    count = attempt.asked + asked
    settled = after in _SETTLED
    return {
        "id": attempt.id,
        "payment_id": attempt.payment_id,
        "attempt_no": attempt.attempt_no,
        "channel": attempt.channel,
        "out_trade_no": attempt.out_trade_no,
        "amount_minor": attempt.amount_minor,
        "currency": attempt.currency,
        "state": after.value,
        "trade_no": (told.trade_no if told else None) or attempt.trade_no,
        "code": (told.code if told else None) or "",
        "category": told.failure.value if told and told.failure else "",
        "asked": count,
        "next_query_at": None if settled else _next_query(attempt, count, now),
        "method": attempt.method,
        "card_id": attempt.card_id,
        "agreement_id": attempt.agreement_id,
        "retry": told.retry.value if told and told.retry else "",
        "cashier": attempt.cashier,
        "expires_at": attempt.expires_at,
        "created_at": attempt.created_at,
        "resolved_at": now if settled else None,
        "paid_at": ((told.paid_at if told else None) or now) if after is AttemptState.SUCCEEDED else None,
        "reply": dict(told.raw) if told else attempt.reply,
    }


def _next_query(attempt: PaymentAttempt, asked: int, now: datetime) -> datetime:
    """By the schedule, once when the cashier's window has ended (an unpaid trade is closed then), and on and on."""
    planned = next_query_at(asked, attempt.created_at)
    if planned is not None and planned <= now:
        planned = next_query_at(asked, now)
    if now < attempt.expires_at and (planned is None or planned > attempt.expires_at):
        return attempt.expires_at
    return planned or now + AFTER_THE_SCHEDULE


def notification_row(attempt_id: UUID, evidence: Evidence, signal: StrEnum, now: datetime) -> Row:
    """The row of a notification about an attempt, or about a refund of it."""
    return {
        "id": new_id(),
        "channel": evidence.channel,
        "notify_id": evidence.notify_id,
        "attempt_id": attempt_id,
        "outcome": signal.value,
        "body": evidence.body,
        "received_at": now,
    }
