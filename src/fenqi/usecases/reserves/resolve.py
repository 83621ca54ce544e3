"""Learn what became of a hold or a release: by asking its channel, and by comparing the channel's sums with ours.

The channel's daily bill of trades shows no freeze and no release, for neither moves the mall's money: only a capture is
on it. So a release is chased by query until the channel's own sums show it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.channels.interface import CardReserveChannel, ReserveReply
from fenqi.domain.payments import Outcome
from fenqi.domain.reserves import (
    AT_CHANNEL,
    AWAITED,
    HoldKind,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    ReserveContradicted,
    Why,
)
from fenqi.records import locks
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.usecases import audit
from fenqi.usecases.reserves.rows import find_hold, find_move, keep, moves_of, new_move, sums_of, withdraw_captures
from fenqi.usecases.reserves.send import channel_of, send_again
from fenqi.usecases.reserves.settle import expire, raise_alert, settle_hold, settle_release

GRACE = timedelta(minutes=5)
"""After the payer's window, before what the channel does not know is taken for never opened."""

_MAY_BE_AT_CHANNEL = AT_CHANNEL | {MoveState.CREATED}
_TELLS = frozenset({Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CLOSED})


def ask_hold(customer_id: UUID, hold_id: UUID, *, now: datetime) -> HoldState:
    """Ask whether the payer allowed it, and settle the answer. Raises NotFound."""
    hold = find_hold(customer_id, hold_id)
    if HoldState(hold.state) not in AWAITED or hold.kind != HoldKind.FROZEN:
        return HoldState(hold.state)
    reply = channel_of(hold).query_reserve(number=hold.reserve_no, submitted_at=hold.submitted_at)
    is_over = hold.expires_at is not None and now >= hold.expires_at + GRACE
    if is_over and reply.outcome is Outcome.NOT_FOUND:
        return settle_hold(customer_id, hold_id, HoldStep.EXPIRED, now=now)
    return settle_hold(customer_id, hold_id, reply, now=now, asked=True)


def ask_release(customer_id: UUID, move_id: UUID, *, now: datetime) -> MoveState:
    """Ask, and settle the answer. What the channel does not know is sent again: the same number, the same amount.

    Raises NotFound.
    """
    move = find_move(customer_id, move_id)
    if MoveState(move.state) not in AT_CHANNEL or move.kind != MoveKind.RELEASE:
        return MoveState(move.state)
    hold = find_hold(customer_id, move.hold_id)
    reply = _asked_about(hold, move)
    if reply.outcome is Outcome.NOT_FOUND and not hold.alert:
        reply = send_again(customer_id, move_id, now=now) or reply
    return settle_release(customer_id, move_id, reply, now=now, asked=True)


def confirm_release(customer_id: UUID, move_id: UUID, *, now: datetime) -> bool:
    """See whether the channel's own sums show a release; while they do not, the hourly watch looks again."""
    move = find_move(customer_id, move_id)
    return move.confirmed_at is not None or check_sums(customer_id, move.hold_id, now=now)


def check_sums(customer_id: UUID, hold_id: UUID, *, now: datetime) -> bool:
    """Compare the channel's sums with ours; whether they are the same.

    What the channel let go of by itself is booked as an expiry (P305). Anything else that differs alerts, unless
    something is under way there. Sums that agree again end an alert. Raises NotFound.
    """
    hold = find_hold(customer_id, hold_id)
    if hold.kind != HoldKind.FROZEN or not hold.auth_no:
        return True
    seen = _fingerprint(hold)
    if isinstance(channel_of(hold), CardReserveChannel):
        return _check_each(hold, seen, now=now)
    told = channel_of(hold).query_reserve(number=hold.reserve_no, submitted_at=hold.submitted_at)
    if told.outcome is not Outcome.SUCCEEDED or told.frozen is None:
        return False
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        return _fingerprint(hold) == seen and _compare(locked, hold, told, now=now)


def _asked_about(hold: ReserveHold, move: ReserveMove) -> ReserveReply:
    return channel_of(hold).query_reserve(
        number=hold.reserve_no, operation_no=move.number, submitted_at=move.submitted_at
    )


def _check_each(hold: ReserveHold, seen: tuple[object, ...], *, now: datetime) -> bool:
    """A channel that keeps no sums is asked about the hold, and about each release that it said yes to."""
    told = channel_of(hold).query_reserve(number=hold.reserve_no, submitted_at=hold.submitted_at)
    releases = [move for move in moves_of(hold) if move.state == MoveState.DONE and move.kind == MoveKind.RELEASE]
    answers = [(told, hold.frozen_minor)]
    answers += [(_asked_about(hold, move), move.amount_minor) for move in releases if move.confirmed_at is None]
    if any(answer.outcome not in _TELLS for answer, _ in answers):
        return False
    with transaction.atomic(durable=True):
        locks.customer(hold.customer_id)
        hold = find_hold(hold.customer_id, hold.id)
        if _fingerprint(hold) != seen:
            return False
        if not all(_says(answer, amount) for answer, amount in answers):
            raise_alert(hold, ReserveContradicted.code, now=now)
            return False
        if any(MoveState(move.state) in _MAY_BE_AT_CHANNEL for move in moves_of(hold)):
            return False
        _confirm(hold, now=now)
    return True


def _says(answer: ReserveReply, amount: int) -> bool:
    return answer.outcome is Outcome.SUCCEEDED and answer.amount is not None and answer.amount.minor == amount


def _fingerprint(hold: ReserveHold) -> tuple[object, ...]:
    """What must not have moved between the question and its answer."""
    moves = tuple((move.id, move.state) for move in moves_of(hold))
    return hold.frozen_minor, hold.released_minor, hold.captured_minor, moves


def _compare(locked: LockedCustomer, hold: ReserveHold, told: ReserveReply, *, now: datetime) -> bool:
    assert told.frozen and told.released and told.captured  # noqa: PT018 - sums come together
    ours = (hold.frozen_minor, hold.released_minor, hold.captured_minor)
    theirs = (told.frozen.minor, told.released.minor, told.captured.minor)
    if ours == theirs:
        _confirm(hold, now=now)
        return True
    if any(MoveState(move.state) in _MAY_BE_AT_CHANNEL for move in moves_of(hold)):
        return False
    let_go = theirs[1] - ours[1]
    if (ours[0], ours[2]) != (theirs[0], theirs[2]) or let_go < 0:
        raise_alert(hold, ReserveContradicted.code, now=now)
        return False
    if let_go > sums_of(hold).free:
        withdraw_captures(hold, now=now)
    move = new_move(
        hold, MoveKind.EXPIRY, let_go, state=MoveState.DONE, why=Why.EXPIRED.value, actor=audit.SYSTEM, now=now
    )
    expire(locked, hold, move, now=now)
    _confirm(find_hold(hold.customer_id, hold.id), now=now)
    return True


def _confirm(hold: ReserveHold, *, now: datetime) -> None:
    hold.checked_at, hold.alert = now, ""
    keep(hold)
    ReserveMove.objects.filter(
        customer_id=hold.customer_id, hold_id=hold.id, state=MoveState.DONE.value, confirmed_at=None
    ).update(confirmed_at=now)
