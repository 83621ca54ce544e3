"""What becomes of a hold, and of what is done to it, is settled here and nowhere else, once, whoever says it how often.

What contradicts the books moves nothing: it is kept with the hold, told to operations, and left to a person.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import ReserveReply
from fenqi.domain.ledger import reserve_frozen_entry, reserve_unfrozen_entry
from fenqi.domain.payments import Outcome, next_query_at
from fenqi.domain.payments.arrival import ArrivalRoute, arrival_window
from fenqi.domain.payments.refund_schedule import ask_refund_after
from fenqi.domain.reserves import (
    AT_CHANNEL,
    AWAITED,
    UNDER_WAY,
    AboveHeld,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    ReserveContradicted,
    ReserveMoveUnlisted,
    Sums,
    Why,
    next_hold_state,
    next_move_state,
)
from fenqi.records import locks
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import ReserveHold, ReserveMove
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, outbox
from fenqi.usecases.cards import usable
from fenqi.usecases.reserves.holding import begin_holding
from fenqi.usecases.reserves.release import send_back_superseded
from fenqi.usecases.reserves.rows import find_hold, find_move, keep, keep_sums, post, sums_of

_log = structlog.get_logger(__name__)

AFTER_THE_SCHEDULE = timedelta(hours=6)
CONFIRM_AFTER = timedelta(seconds=10)
RELEASE_FAILED = "reserve_release_failed"
"""What a hold's alert says until somebody has asked the channel: a new number every hour would be refused alike."""


def settle_hold(
    customer_id: UUID, hold_id: UUID, told: ReserveReply | HoldStep, *, now: datetime, asked: bool = False
) -> HoldState:
    """Move the hold by what the channel said. A sum that is held is booked; told again, it changes nothing.

    `asked`: this answers a question of the schedule, and the next one follows while the end is open. Raises NotFound.
    """
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        before = HoldState(hold.state)
        try:
            after = next_hold_state(before, told if isinstance(told, HoldStep) else told.outcome)
            _check_hold(hold, told)
        except (ReserveMoveUnlisted, ReserveContradicted) as contradiction:
            stored = _keep_contradiction(hold, told, contradiction.code, now=now)
            decision = Decision(customer_id)
            _plan_question(decision, stored, before, asked=asked, now=now)
            write(decision)
            keep(stored)
            return before
        decision = Decision(customer_id)
        is_new = after is HoldState.HELD and before is not HoldState.HELD
        hold.state = after.value
        if isinstance(told, ReserveReply) and (after is not before or asked):
            _keep_words(hold, told)
            usable.note_freeze(hold, told)
        if is_new:
            assert isinstance(told, ReserveReply)
            _hold(decision, locked, hold, told, now=now)
        _plan_question(decision, hold, after, asked=asked, now=now)
        write(decision)
        hold.updated_at = now
        keep(hold)
        if is_new and _is_secured_otherwise(hold):
            send_back_superseded(hold, now=now)
    _alert(hold, told)
    return after


def settle_release(
    customer_id: UUID, move_id: UUID, told: ReserveReply, *, now: datetime, asked: bool = False
) -> MoveState:
    """Move a release by what the channel said, and void so much of the hold once it is done. Raises NotFound."""
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        move = find_move(customer_id, move_id)
        hold = find_hold(customer_id, move.hold_id)
        before = MoveState(move.state)
        if hold.card_id is not None and told.outcome is Outcome.CLOSED and before in AT_CHANNEL:
            told = _found_nothing(move, told, now=now)
        try:
            after = next_move_state(before, told.outcome)
            sums = _sums_after(hold, move, told, before, after)
        except (ReserveMoveUnlisted, ReserveContradicted, AboveHeld) as contradiction:
            _keep_contradiction(hold, told, contradiction.code, now=now)
            decision = Decision(customer_id)
            _plan_question_of(decision, move, before, told, asked=asked, now=now)
            write(decision)
            keep(move)
            return before
        decision = Decision(customer_id)
        move.state = after.value
        if after is not before or asked:
            move.code, move.reply = told.code or "", dict(told.raw)
            move.category = told.failure.value if told.failure else ""
            move.retry = told.retry.value if told.retry else ""
        if after is MoveState.DONE and before is not MoveState.DONE:
            _release(decision, locked, hold, move, now=now)
        _plan_question_of(decision, move, after, told, asked=asked, now=now)
        if before in UNDER_WAY and after is MoveState.FAILED:
            raise_alert(hold, RELEASE_FAILED, now=now)
        write(decision)
        move.updated_at = now
        keep(move)
        if sums is not None:
            keep_sums(hold, sums, now=now)
    _alert(hold, told)
    return after


def _found_nothing(move: ReserveMove, told: ReserveReply, *, now: datetime) -> ReserveReply:
    """The gateway holds nothing under the hold any more, and nothing was captured: its bank has let go of it (P305).

    No other word is ever had of that. A completion we did not hear of would stand on the channel's daily bill.
    """
    move.kind, move.why, move.confirmed_at = MoveKind.EXPIRY.value, Why.EXPIRED.value, now
    return replace(told, outcome=Outcome.SUCCEEDED, amount=None)


def expire(locked: LockedCustomer, hold: ReserveHold, move: ReserveMove, *, now: datetime) -> None:
    """The channel let go of so much by itself: treated as released (P305). The caller holds the lock."""
    decision = Decision(hold.customer_id)
    sums = sums_of(hold).move(MoveKind.EXPIRY, move.amount_minor)
    _release(decision, locked, hold, move, now=now)
    move.confirmed_at = now
    write(decision)
    move.save(force_insert=True)
    keep_sums(hold, sums, now=now)


def raise_alert(hold: ReserveHold, why: str, *, now: datetime) -> None:
    """Nothing more goes out by itself until the channel and the books say the same, or a person has looked."""
    hold.alert, hold.updated_at = why, now
    keep(hold)
    _log.error("reserve_alert", channel=hold.channel, reserve_no=hold.reserve_no, reason=why)


def _check_hold(hold: ReserveHold, told: ReserveReply | HoldStep) -> None:
    """A success is of the sum we asked for, and under the one number of the channel. Raises ReserveContradicted."""
    if isinstance(told, HoldStep) or told.outcome is not Outcome.SUCCEEDED:
        return
    sums = [money for money in (told.amount, told.frozen) if money is not None]
    is_ours = sums and all((money.minor, money.currency) == (hold.amount_minor, hold.currency) for money in sums)
    if not is_ours or not told.auth_no or hold.auth_no not in ("", told.auth_no):
        raise ReserveContradicted


def _sums_after(
    hold: ReserveHold, move: ReserveMove, told: ReserveReply, before: MoveState, after: MoveState
) -> Sums | None:
    """None while the sums stay. Raises ReserveContradicted, AboveHeld."""
    if after is not MoveState.DONE or before is MoveState.DONE:
        return None
    if told.amount is not None and (told.amount.minor, told.amount.currency) != (move.amount_minor, move.currency):
        raise ReserveContradicted
    if told.auth_no and told.auth_no != hold.auth_no:
        raise ReserveContradicted
    sums, kind = sums_of(hold), MoveKind(move.kind)
    return sums.keep(kind, move.amount_minor) if before in UNDER_WAY else sums.move(kind, move.amount_minor)


def _hold(decision: Decision, locked: LockedCustomer, hold: ReserveHold, told: ReserveReply, *, now: datetime) -> None:
    """Post the hold; from now on it is followed to its end. What it secures may be over by now."""
    hold.auth_no, hold.is_credit = told.auth_no or "", told.is_credit
    hold.frozen_minor = hold.amount_minor
    hold.entry_id = post(decision, locked, hold, reserve_frozen_entry(hold.amount_minor), now=now)
    begin_holding(decision, hold, now=now)
    outbox.tell_reserve_held(decision, hold.id, now=now)


def _is_secured_otherwise(hold: ReserveHold) -> bool:
    others = ReserveHold.objects.filter(
        customer_id=hold.customer_id, order_id=hold.order_id, state=HoldState.HELD.value
    )
    return others.exclude(id=hold.id).exists()


def _release(
    decision: Decision, locked: LockedCustomer, hold: ReserveHold, move: ReserveMove, *, now: datetime
) -> None:
    """Void so much of the hold; its arrival is the channel's, and is chased until the channel's own sums show it."""
    move.entry_id = post(decision, locked, hold, reserve_unfrozen_entry(move.amount_minor), now=now)
    move.done_at = now
    route = ArrivalRoute.DEBIT_CARD if hold.card_id is not None else ArrivalRoute.ALIPAY
    move.expected_by = arrival_window(route, clock.business_date(now)).by_on
    if move.kind == MoveKind.RELEASE:
        outbox.about_reserve_move(decision, outbox.CONFIRM_RELEASE, move.id, at=now + CONFIRM_AFTER, now=now)
        outbox.about_reserve_move(decision, outbox.RESERVE_RETURNED, move.id, at=now, now=now)


def _keep_words(hold: ReserveHold, told: ReserveReply) -> None:
    """The columns that repeat what the channel said."""
    hold.code, hold.reply = told.code or "", dict(told.raw)
    hold.category = told.failure.value if told.failure else ""


def _plan_question(decision: Decision, hold: ReserveHold, after: HoldState, *, asked: bool, now: datetime) -> None:
    """By the schedule of payments, once when the payer's window has ended, and on and on while nobody knows."""
    if after not in AWAITED:
        hold.next_query_at = None
        return
    if not asked:
        return
    hold.asked += 1
    planned = next_query_at(hold.asked, hold.submitted_at or now)
    if planned is None or planned <= now:
        planned = now + AFTER_THE_SCHEDULE
    if hold.expires_at and now < hold.expires_at < planned:
        planned = hold.expires_at
    hold.next_query_at = planned
    outbox.ask_reserve(decision, hold.id, at=planned, now=now)


def _plan_question_of(
    decision: Decision, move: ReserveMove, after: MoveState, told: ReserveReply, *, asked: bool, now: datetime
) -> None:
    if after not in AT_CHANNEL:
        move.next_query_at = None
        return
    if not asked:
        return
    move.asked += 1
    move.next_query_at = now + ask_refund_after(move.asked, told.retry)
    outbox.about_reserve_move(decision, outbox.ASK_RELEASE, move.id, at=move.next_query_at, now=now)


def _keep_contradiction(hold: ReserveHold, told: ReserveReply | HoldStep, why: str, *, now: datetime) -> ReserveHold:
    """The hold as it is stored; what was asked about is asked about again, for a later answer may be another."""
    stored = find_hold(hold.customer_id, hold.id)
    if isinstance(told, ReserveReply):
        stored.reply = dict(told.raw)
        keep(stored)
    raise_alert(stored, why, now=now)
    return stored


def _alert(hold: ReserveHold, told: ReserveReply | HoldStep) -> None:
    if isinstance(told, ReserveReply) and told.alert:
        _log.error("channel_alert", channel=hold.channel, reserve_no=hold.reserve_no, code=told.code)
