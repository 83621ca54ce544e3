"""Learn what became of a leg: by asking its channel on the schedule, and by looking once it should have arrived."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import RefundReply
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.refunds import ASKED_ABOUT, RefundState
from fenqi.records import locks
from fenqi.records.models import RefundLeg, RefundRoute
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox
from fenqi.usecases.rails import rail
from fenqi.usecases.refunds.rows import columns_of
from fenqi.usecases.refunds.send import refund_request, request_refund
from fenqi.usecases.refunds.settle import find_leg, settle_leg

_MAY_BE_ASKED = ASKED_ABOUT | {RefundState.ABNORMAL}
LOOK_AGAIN = timedelta(days=1)


def ask_leg(customer_id: UUID, leg_id: UUID, *, now: datetime) -> RefundState:
    """Ask, and settle the answer. What the channel does not know is sent again: the same number, the same amount.

    Raises NotFound, AmountMismatch.
    """
    leg = find_leg(customer_id, leg_id)
    if RefundState(leg.state) not in _MAY_BE_ASKED or leg.route != RefundRoute.ORIGINAL:
        return RefundState(leg.state)
    reply = _ask(leg)
    if reply.outcome is Outcome.NOT_FOUND and RefundState(leg.state) in ASKED_ABOUT:
        reply = request_refund(leg, is_first=False)
    return settle_leg(customer_id, leg_id, reply, now=now, asked=True)


def look_at_arrival(customer_id: UUID, leg_id: UUID, *, now: datetime) -> bool:
    """Past the last expected day, a leg that has not come back has arrived; whether it has.

    The channel is asked before, and while it does not say so the look is put off by a day. Raises NotFound.
    """
    leg = find_leg(customer_id, leg_id)
    if not _should_have_arrived(leg, now=now):
        return leg.arrived_on is not None
    if leg.route == RefundRoute.ORIGINAL:
        reply = _ask(leg)
        settle_leg(customer_id, leg_id, reply, now=now)
        if reply.outcome is not Outcome.SUCCEEDED:
            return _look_again(leg, now=now)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        leg = find_leg(customer_id, leg_id)
        if not _should_have_arrived(leg, now=now):
            return False
        decision = Decision(customer_id)
        decision.add("refund_leg", columns_of(leg, arrived_on=leg.expected_by, updated_at=now))
        write(decision)
    return True


def _ask(leg: RefundLeg) -> RefundReply:
    return rail(leg.channel).query_refund(refund_request(leg))


def _should_have_arrived(leg: RefundLeg, *, now: datetime) -> bool:
    return (
        leg.state == RefundState.SUCCEEDED
        and leg.arrived_on is None
        and leg.expected_by is not None
        and leg.expected_by < clock.business_date(now)
    )


def _look_again(leg: RefundLeg, *, now: datetime) -> bool:
    """Unless the answer was that it came back."""
    if find_leg(leg.customer_id, leg.id).state == RefundState.SUCCEEDED:
        with transaction.atomic(durable=True):
            locks.customer(leg.customer_id)
            decision = Decision(leg.customer_id)
            outbox.look_at_arrival(decision, leg.id, at=now + LOOK_AGAIN, now=now)
            write(decision)
    return False
