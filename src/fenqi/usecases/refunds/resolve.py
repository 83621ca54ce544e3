"""Learn what became of a leg: by asking its channel on the schedule, and by looking once it should have arrived."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import RefundReply, TimeKeyedChannel
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.refunds import ASKED_ABOUT, RefundState
from fenqi.records import locks
from fenqi.records.models import Refund, RefundLeg, RefundRoute
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox
from fenqi.usecases.rails import rail
from fenqi.usecases.refunds.moves import follow_its_case
from fenqi.usecases.refunds.rows import columns_of
from fenqi.usecases.refunds.send import is_held, refund_request, request_refund
from fenqi.usecases.refunds.settle import find_leg, settle_leg

_MAY_BE_ASKED = ASKED_ABOUT | {RefundState.ABNORMAL}
LOOK_AGAIN = timedelta(days=1)


def ask_leg(customer_id: UUID, leg_id: UUID, *, now: datetime) -> RefundState:
    """Ask, and settle the answer. What the channel does not know is sent again: the same number, the same amount.

    Where the channel knows a refund by the moment it was sent, it is sent again once the first can no longer turn up.

    Raises NotFound, AmountMismatch.
    """
    leg = find_leg(customer_id, leg_id)
    if RefundState(leg.state) not in _MAY_BE_ASKED or leg.route != RefundRoute.ORIGINAL:
        return RefundState(leg.state)
    reply = _ask(leg)
    if reply.outcome is Outcome.NOT_FOUND:
        again = _to_send_again(leg, now=now)
        reply = request_refund(again, is_first=False) if again else reply
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
        follow_its_case(decision, Refund.objects.get(customer_id=customer_id, id=leg.refund_id), now=now)
        write(decision)
    return True


def _ask(leg: RefundLeg) -> RefundReply:
    return rail(leg.channel).query_refund(refund_request(leg))


def _to_send_again(leg: RefundLeg, *, now: datetime) -> RefundLeg | None:
    """The leg as it is sent once more; None when that must wait, or a person.

    The entry falls on the day on which its channel takes it, as on the channel's bill: not on the day of an earlier
    request that the channel never knew.
    """
    if RefundState(leg.state) not in ASKED_ABOUT or is_held(leg):
        return None
    channel = rail(leg.channel)
    if isinstance(channel, TimeKeyedChannel):
        return _at_a_new_time(leg, channel.refund_window, now=now)
    sent_on = clock.business_date(leg.submitted_at or now)
    if leg.state == RefundState.PROCESSING or sent_on == clock.business_date(now):
        return leg
    return _at_a_new_time(leg, timedelta(), now=now)


def _at_a_new_time(leg: RefundLeg, window: timedelta, *, now: datetime) -> RefundLeg | None:
    """Stored as sent now, so that the entry falls on the day of the channel's bill; None while the first may turn up.

    What was accepted is known there by its old time, whatever one answer says.
    """
    with transaction.atomic(durable=True):
        locks.customer(leg.customer_id)
        current = find_leg(leg.customer_id, leg.id)
        is_as_asked = (current.state, current.submitted_at) == (leg.state, leg.submitted_at)
        is_over = current.submitted_at is not None and now > current.submitted_at + window
        if not (is_as_asked and is_over) or current.state == RefundState.PROCESSING:
            return None
        current.submitted_at = current.updated_at = now
        decision = Decision(leg.customer_id)
        decision.add("refund_leg", columns_of(current))
        write(decision)
    return current


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
