"""What becomes of a leg is settled here and nowhere else, once, whoever says it how often."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import RefundReply
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.payments import AmountMismatch, Outcome, UnlistedMove
from fenqi.domain.payments.refund_schedule import ask_refund_after
from fenqi.domain.payments.refunds import ASKED_ABOUT, RefundState, next_refund_state
from fenqi.records import locks
from fenqi.records.models import RefundLeg
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.refunds.arrival import arrival_columns
from fenqi.usecases.refunds.moves import move_leg
from fenqi.usecases.refunds.rows import BY_HAND, is_contradicted
from fenqi.usecases.repayment.settle import Evidence, notification_row

_log = structlog.get_logger(__name__)


def settle_leg(
    customer_id: UUID,
    leg_id: UUID,
    told: RefundReply,
    *,
    now: datetime,
    evidence: Evidence | None = None,
    asked: bool = False,
) -> RefundState:
    """Move the leg by what the channel said. A success is booked; told again, it changes nothing.

    `asked`: this answers a question of the schedule, and the next one follows while the end is open.
    A success after the end, which no table lists, moves nothing: it is kept, told to operations, and left to a person.
    Raises NotFound, AmountMismatch (a person is called).
    """
    try:
        with transaction.atomic(durable=True):
            locked = locks.customer(customer_id)
            leg = find_leg(customer_id, leg_id)
            after = next_refund_state(RefundState(leg.state), told.outcome)
            _check_amount(leg, told)
            decision = Decision(customer_id)
            _keep_evidence(decision, leg, told, evidence, now=now)
            changes = _told(leg, told, after, now=now) if after is not RefundState(leg.state) or asked else {}
            if asked:
                changes |= _asked(decision, leg, told, after, now=now)
            move_leg(decision, locked, leg, after, changes=changes, told=told, now=now)
            write(decision)
    except AmountMismatch as mismatch:
        _keep_contradiction(customer_id, leg_id, told, evidence, why=mismatch, now=now)
        raise
    except UnlistedMove as unlisted:
        return _keep_contradiction(customer_id, leg_id, told, evidence, why=unlisted, now=now)
    if told.alert:
        _log.error("channel_alert", channel=leg.channel, out_refund_no=leg.out_refund_no, code=told.code)
    return after


def find_leg(customer_id: UUID, leg_id: UUID) -> RefundLeg:
    """Raises NotFound."""
    leg = RefundLeg.objects.filter(customer_id=customer_id, id=leg_id).first()
    if leg is None:
        raise NotFound
    return leg


def _check_amount(leg: RefundLeg, told: RefundReply) -> None:
    """A success that names another sum is not the one we asked for; not every channel names it."""
    if told.outcome is not Outcome.SUCCEEDED or told.amount is None:
        return
    if (told.amount.minor, told.amount.currency) != (leg.amount_minor, leg.currency):
        raise AmountMismatch


def _keep_evidence(
    decision: Decision, leg: RefundLeg, told: RefundReply, evidence: Evidence | None, *, now: datetime
) -> None:
    if evidence is not None and leg.attempt_id is not None:
        decision.add("channel_notification", notification_row(leg.attempt_id, evidence, told.outcome, now))


def _keep_contradiction(
    customer_id: UUID,
    leg_id: UUID,
    told: RefundReply,
    evidence: Evidence | None,
    *,
    why: FenqiError,
    now: datetime,
) -> RefundState:
    """Another leg may carry the sum by now: nothing moves, and nothing more is sent, until a person has looked."""
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = find_leg(customer_id, leg_id)
        state = RefundState(leg.state)
        decision = Decision(customer_id)
        _keep_evidence(decision, leg, told, evidence, now=now)
        changes = {"code": why.code, "reply": dict(told.raw), "refund_no": told.refund_no or leg.refund_no}
        move_leg(decision, locked, leg, state, changes=changes, now=now)
        write(decision)
    _log.error(
        "channel_alert",
        channel=leg.channel,
        out_refund_no=leg.out_refund_no,
        code=told.code,
        reason=why.code,
        state=state.value,
        told=told.outcome.value,
    )
    return state


def _told(leg: RefundLeg, told: RefundReply, after: RefundState, *, now: datetime) -> dict[str, Any]:
    """The columns that repeat what the channel said."""
    return {
        "refund_no": told.refund_no or leg.refund_no,
        "code": leg.code if is_contradicted(leg) else told.code or "",
        "category": told.failure.value if told.failure else "",
        "retry": told.retry.value if told.retry else "",
        "destination": told.destination.value if told.destination else leg.destination,
        "account": told.account or leg.account,
        "reply": {**_said_by_staff(leg), **told.raw},
        **(arrival_columns(leg, told, now=now) if after is RefundState.SUCCEEDED else {}),
    }


def _said_by_staff(leg: RefundLeg) -> dict[str, Any]:
    """What one member of staff proposed waits for the other, whatever the channel answers meanwhile."""
    return {BY_HAND: leg.reply[BY_HAND]} if BY_HAND in leg.reply else {}


def _asked(
    decision: Decision, leg: RefundLeg, told: RefundReply, after: RefundState, *, now: datetime
) -> dict[str, Any]:
    """Count the question, and plan the next; one that came early leaves the planned one to come."""
    count = leg.asked + 1
    if after not in ASKED_ABOUT and after is not RefundState.ABNORMAL:
        return {"asked": count, "next_query_at": None}
    if leg.next_query_at is not None and now < leg.next_query_at:
        return {"asked": count}
    following = now + ask_refund_after(count, told.retry)
    outbox.ask_refund(decision, leg.id, at=following, now=now)
    return {"asked": count, "next_query_at": following}
