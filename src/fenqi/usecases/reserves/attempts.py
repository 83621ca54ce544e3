"""A payment and a reserve meet in two places: a capture becomes a repayment, and a prepaid reserve is paid.

Called where an attempt is settled, in its transaction and under its lock; what is written there is written once.
"""

from datetime import datetime

from fenqi.domain.ledger import clearing, reserve_captured_entry, reserve_paid_entry, reserve_unfrozen_entry
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.reserves import (
    UNDER_WAY,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    Sums,
    Why,
    next_hold_state,
    next_move_state,
)
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import AttemptMethod, Payment, PaymentAttempt, PaymentPurpose, ReserveHold, ReserveMove
from fenqi.records.posting import Decision
from fenqi.usecases import audit
from fenqi.usecases.reserves.holding import begin_holding
from fenqi.usecases.reserves.rows import find_hold, keep, keep_sums, new_move, post, sums_of

_OUTCOME_OF = {
    AttemptState.SUCCEEDED: Outcome.SUCCEEDED,
    AttemptState.FAILED: Outcome.FAILED,
    AttemptState.CLOSED: Outcome.CLOSED,
    AttemptState.UNKNOWN: Outcome.UNKNOWN,
    AttemptState.SUBMITTED: Outcome.WAITING,
}


def is_for_reserve(payment: Payment) -> bool:
    """It is no repayment, but a reserve that is paid beforehand."""
    return payment.purpose == PaymentPurpose.RESERVE


def book_prepaid(
    decision: Decision, locked: LockedCustomer, attempt: PaymentAttempt, payment: Payment, *, now: datetime
) -> None:
    """The money came: it is owed to the customer as the reserve."""
    hold = ReserveHold.objects.get(customer_id=attempt.customer_id, payment_id=payment.id)
    hold.state = next_hold_state(HoldState(hold.state), Outcome.SUCCEEDED).value
    hold.frozen_minor = hold.amount_minor
    entry = reserve_paid_entry(attempt.amount_minor, source=clearing(attempt.channel))
    hold.entry_id = post(decision, locked, hold, entry, now=now)
    begin_holding(decision, hold, now=now)
    hold.updated_at = now
    keep(hold)


def follow_attempt(
    decision: Decision, locked: LockedCustomer, attempt: PaymentAttempt, after: AttemptState, *, now: datetime
) -> None:
    """Move what the attempt belongs to, if it belongs to a reserve. `attempt` is as it was before."""
    if attempt.method == AttemptMethod.RESERVE:
        _follow_capture(decision, locked, attempt, after, now=now)
    elif after in (AttemptState.FAILED, AttemptState.CLOSED):
        _close_unpaid(attempt, now=now)


def _follow_capture(
    decision: Decision, locked: LockedCustomer, attempt: PaymentAttempt, after: AttemptState, *, now: datetime
) -> None:
    move = ReserveMove.objects.get(customer_id=attempt.customer_id, attempt_id=attempt.id)
    hold = find_hold(attempt.customer_id, move.hold_id)
    before = MoveState(move.state)
    move.state = next_move_state(before, _OUTCOME_OF[after]).value
    if move.state == MoveState.DONE and before is not MoveState.DONE:
        sums = sums_of(hold)
        kept = (sums.keep if before in UNDER_WAY else sums.move)(MoveKind.CAPTURE, move.amount_minor)
        move.entry_id = post(decision, locked, hold, reserve_captured_entry(move.amount_minor), now=now)
        move.done_at = now
        if hold.card_id is not None and kept.held:
            kept = _free_the_rest(decision, locked, hold, kept, now=now)
        keep_sums(hold, kept, now=now)
    move.updated_at = now
    keep(move)


def _free_the_rest(decision: Decision, locked: LockedCustomer, hold: ReserveHold, sums: Sums, *, now: datetime) -> Sums:
    """A completion ends a hold on a card: what it leaves is free at the bank, and so it is here. The sums after it."""
    move = new_move(
        hold, MoveKind.EXPIRY, sums.held, state=MoveState.DONE, why=Why.COMPLETED.value, actor=audit.SYSTEM, now=now
    )
    move.entry_id = post(decision, locked, hold, reserve_unfrozen_entry(move.amount_minor), now=now)
    move.done_at = move.confirmed_at = now
    move.save(force_insert=True)
    return sums.move(MoveKind.EXPIRY, move.amount_minor)


def _close_unpaid(attempt: PaymentAttempt, *, now: datetime) -> None:
    holds = ReserveHold.objects.filter(customer_id=attempt.customer_id, payment_id=attempt.payment_id)
    for hold in holds.filter(state__in=[HoldState.OFFERED.value, HoldState.UNKNOWN.value]):
        hold.state = next_hold_state(HoldState(hold.state), HoldStep.EXPIRED).value
        hold.updated_at = now
        keep(hold)
