"""Send a release to its channel: stored as sent before the first byte leaves, called outside any transaction."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import ChannelRefuses, ReserveChannel, ReserveReply, TimeKeyedChannel
from fenqi.domain.errors import NotFound
from fenqi.domain.money import Money
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.refund_schedule import ask_refund_after
from fenqi.domain.reserves import MoveState, MoveStep, next_move_state
from fenqi.records import locks
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.rails import rail
from fenqi.usecases.reserves.release import REASON
from fenqi.usecases.reserves.rows import find_hold, find_move, keep
from fenqi.usecases.reserves.settle import settle_release

_REFUSED = Verdict(Outcome.NOT_EXECUTED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER, alert=True)


def send_release(customer_id: UUID, move_id: UUID, *, now: datetime) -> MoveState:
    """Send a release that has not been sent; where it stands then. One that has been is asked about by its schedule.

    Raises NotFound, UnknownChannel.
    """
    move = _mark_as_sent(customer_id, move_id, now=now)
    if move is None:
        return MoveState(find_move(customer_id, move_id).state)
    return settle_release(customer_id, move_id, request_release(move), now=now)


def send_again(customer_id: UUID, move_id: UUID, *, now: datetime) -> ReserveReply | None:
    """Send once more what its channel does not know: the same number, the same amount; None while it must wait.

    Where the time of sending is a part of the key, the release may still turn up under its old one for a while.
    """
    move = find_move(customer_id, move_id)
    channel = channel_of(find_hold(customer_id, move.hold_id))
    if not isinstance(channel, TimeKeyedChannel):
        return request_release(move)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        current = find_move(customer_id, move_id)
        is_as_asked = (current.state, current.submitted_at) == (move.state, move.submitted_at)
        is_over = current.submitted_at is not None and now > current.submitted_at + channel.refund_window
        if not (is_as_asked and is_over):
            return None
        current.submitted_at = current.updated_at = now
        keep(current)
    return request_release(current)


def request_release(move: ReserveMove) -> ReserveReply:
    """One call, with the number and the amount of every other one for this release."""
    hold = find_hold(move.customer_id, move.hold_id)
    try:
        return channel_of(hold).release(
            auth_no=hold.auth_no,
            number=move.number,
            amount=Money(move.amount_minor, move.currency),
            reason=REASON,
            notify_url=notify_url(hold),
            submitted_at=move.submitted_at,
        )
    except ChannelRefuses as refusal:
        return ReserveReply(outcome=_REFUSED.outcome, number=move.number, code=refusal.code, verdict=_REFUSED)


def channel_of(hold: ReserveHold) -> ReserveChannel:
    """The rail that froze it. Raises UnknownChannel, NotFound when it cannot freeze any more."""
    channel = rail(hold.channel)
    if not isinstance(channel, ReserveChannel):
        raise NotFound
    return channel


def notify_url(hold: ReserveHold) -> str:
    return f"{settings.FENQI_PUBLIC_URL}/channels/{hold.channel}/notify"


def _mark_as_sent(customer_id: UUID, move_id: UUID, *, now: datetime) -> ReserveMove | None:
    """The release, now stored as sent and with its first question planned; None when it is not to be sent now."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        move = find_move(customer_id, move_id)
        if move.state != MoveState.CREATED:
            return None
        rail(find_hold(customer_id, move.hold_id).channel)
        move.state = next_move_state(MoveState.CREATED, MoveStep.SENT).value
        move.submitted_at = move.updated_at = now
        move.next_query_at = now + ask_refund_after(0, None)
        decision = Decision(customer_id)
        outbox.about_reserve_move(decision, outbox.ASK_RELEASE, move.id, at=move.next_query_at, now=now)
        write(decision)
        keep(move)
    return move
