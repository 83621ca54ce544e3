"""Overdue money is taken from a reserve: with the customer's consent, by two members of staff, after a notice (P306).

A capture from a frozen reserve is a repayment over the channel, with an attempt that is settled as every other; one
from a prepaid reserve moves what the mall owes the customer to what the customer owes. Either is done once.
"""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.channels.interface import ChannelRefuses, ChannelReply, ChargeRequest
from fenqi.domain.ledger import Account
from fenqi.domain.money import Money
from fenqi.domain.payments import (
    FailureCategory,
    Outcome,
    RetryMark,
    Verdict,
)
from fenqi.domain.plans import Row
from fenqi.domain.reserves import (
    AT_CHANNEL,
    NOTICE,
    HoldKind,
    MoveKind,
    MoveState,
    MoveStep,
    ReserveUnderWay,
    Why,
    check_capture,
    next_move_state,
    still_needed,
)
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import (
    AttemptMethod,
    PaymentAttempt,
    PaymentPurpose,
    ReserveHold,
    ReserveMove,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.aftersales.pauses import undisputed
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.refunds.transfer import SamePerson
from fenqi.usecases.repayment.queries import has_open_attempt
from fenqi.usecases.repayment.quote import money_in
from fenqi.usecases.repayment.sending import Sending, store_attempt
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.reserves.errors import CaptureNotReady
from fenqi.usecases.reserves.release import check_note
from fenqi.usecases.reserves.rows import (
    find_hold,
    find_move,
    keep,
    keep_sums,
    last_entry_id,
    moves_of,
    new_move,
    sums_of,
)
from fenqi.usecases.reserves.send import channel_of, notify_url
from fenqi.usecases.staff.permissions import Permission, Staff

WINDOW = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=20)
_REFUSED_BY_RULE = Verdict(Outcome.NOT_EXECUTED, FailureCategory.METHOD_UNAVAILABLE, RetryMark.NEVER, alert=True)


def propose_capture(customer_id: UUID, hold_id: UUID, *, amount: int, note: str, staff: Staff, now: datetime) -> UUID:
    """Propose to take overdue money from the reserve; the id of the move.

    Raises NotPermitted, InvalidInput, NotFound, ReserveUnderWay, ConsentMissing, NothingHeld, AboveHeld,
    NothingOverdue.
    """
    staff.require(Permission.PROPOSE_CAPTURE)
    said = check_note(note)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        if hold.alert or _has_open_capture(hold):
            raise ReserveUnderWay
        overdue = _overdue(hold, today=clock.business_date(now))
        check_capture(sums_of(hold), amount, overdue=overdue, consented_at=hold.consented_at)
        move = new_move(
            hold, MoveKind.CAPTURE, amount, state=MoveState.PROPOSED, why=Why.OVERDUE.value, actor=staff.actor, now=now
        )
        move.note, move.proposed_by = said, staff.actor
        move.save(force_insert=True)
        _audit(staff, audit.Action.CAPTURE_PROPOSED, move, reason=said, now=now)
    return move.id


def approve_capture(customer_id: UUID, move_id: UUID, *, staff: Staff, now: datetime) -> datetime:
    """A second person agrees: the customer is told, and the capture is made after the notice; when that is.

    Raises NotPermitted, NotFound, CaptureNotReady, SamePerson.
    """
    staff.require(Permission.APPROVE_CAPTURE)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        move = find_move(customer_id, move_id)
        if move.state != MoveState.PROPOSED:
            raise CaptureNotReady
        if move.proposed_by == staff.actor:
            raise SamePerson
        told_at = polite_time(now)
        move.state = next_move_state(MoveState.PROPOSED, MoveStep.APPROVED).value
        move.approved_by, move.approved_at, move.updated_at = staff.actor, now, now
        move.not_before = told_at + NOTICE
        decision = Decision(customer_id)
        outbox.about_reserve_move(decision, outbox.CAPTURE_ANNOUNCED, move.id, at=told_at, now=now)
        outbox.about_reserve_move(decision, outbox.CAPTURE_RESERVE, move.id, at=move.not_before, now=now)
        write(decision)
        keep(move)
        _audit(staff, audit.Action.CAPTURE_APPROVED, move, now=now)
    return move.not_before


def withdraw_capture(customer_id: UUID, move_id: UUID, *, staff: Staff, now: datetime) -> None:
    """Call it off before it is sent. Raises NotPermitted, NotFound, CaptureNotReady."""
    staff.require(Permission.PROPOSE_CAPTURE)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        move = find_move(customer_id, move_id)
        if move.state not in (MoveState.PROPOSED, MoveState.ANNOUNCED):
            raise CaptureNotReady
        _withdraw(move, now=now)
        _audit(staff, audit.Action.CAPTURE_WITHDRAWN, move, now=now)


def carry_out_capture(customer_id: UUID, move_id: UUID, *, now: datetime) -> MoveState:
    """Take what is still overdue once the notice is over; where the capture stands then.

    While a payment of the plan is under way it waits for the end of that. Raises NotFound, UnknownChannel.
    """
    attempt_id = None
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        move = find_move(customer_id, move_id)
        hold = find_hold(customer_id, move.hold_id)
        if move.state != MoveState.ANNOUNCED or move.not_before is None or now < move.not_before:
            return MoveState(move.state)
        assert hold.plan_id is not None, "only an order with a plan is overdue"
        if has_open_attempt(customer_id, hold.plan_id):
            _look_again(move, now=now)
            return MoveState(move.state)
        file = plan_file.read(customer_id, hold.plan_id)
        rows = _overdue_rows(file, today=clock.business_date(now))
        needed = still_needed(move.amount_minor, overdue=sum(row.outstanding.total for row in rows))
        if not needed or hold.alert:
            _withdraw(move, now=now)
            return MoveState(move.state)
        if hold.kind == HoldKind.PREPAID:
            _apply_prepaid(locked, hold, move, needed, file, now=now)
            return MoveState(move.state)
        move.amount_minor = needed
        attempt_id = _store_attempt(hold, move, rows, now=now)
    return _capture(customer_id, attempt_id, move_id, now=now)


def overdue_of(customer_id: UUID, hold_id: UUID, *, today: date) -> int:
    """What may be captured now at most, before the sums of the hold; in minor units. Raises NotFound."""
    return _overdue(find_hold(customer_id, hold_id), today=today)


def _overdue(hold: ReserveHold, *, today: date) -> int:
    if hold.plan_id is None:
        return 0
    file = plan_file.read(hold.customer_id, hold.plan_id)
    return sum(row.outstanding.total for row in _overdue_rows(file, today=today))


def _overdue_rows(file: PlanFile, *, today: date) -> list[Row]:
    """What an open return would take off the plan is not taken: the customer disputes it."""
    return [row for row in undisputed(file).state().rows if row.due_on < today and row.outstanding.total]


def _has_open_capture(hold: ReserveHold) -> bool:
    open_states = (MoveState.PROPOSED, MoveState.ANNOUNCED, *AT_CHANNEL)
    return any(move.kind == MoveKind.CAPTURE and move.state in open_states for move in moves_of(hold))


def _withdraw(move: ReserveMove, *, now: datetime) -> None:
    move.state = next_move_state(MoveState(move.state), MoveStep.WITHDRAWN).value
    move.updated_at = now
    keep(move)


def _look_again(move: ReserveMove, *, now: datetime) -> None:
    decision = Decision(move.customer_id)
    outbox.about_reserve_move(decision, outbox.CAPTURE_RESERVE, move.id, at=now + LOOK_AGAIN, now=now)
    write(decision)


def _apply_prepaid(
    locked: LockedCustomer, hold: ReserveHold, move: ReserveMove, needed: int, file: PlanFile, *, now: datetime
) -> None:
    """What is owed to the customer pays what the customer owes: one event, whose entry takes it off the reserve.

    `needed` is at most what the move promised; the rest is free again.
    """
    sums = sums_of(hold).forget(move.amount_minor).move(MoveKind.CAPTURE, needed)
    move.amount_minor = needed
    event = money_in(
        file,
        PaymentPurpose.DUE,
        amount=move.amount_minor,
        on=max(clock.business_date(now), file.terms.opened_on),
        event_id=str(new_id()),
    )
    decision = Decision(hold.customer_id)
    plan_file.add_event(
        decision,
        file,
        event,
        source=Account.RESERVE_OWED,
        head=locked,
        payment_id=None,
        actor=move.proposed_by,
        now=now,
    )
    move.entry_id = last_entry_id(decision)
    outbox.about_reserve_move(decision, outbox.CAPTURE_DONE, move.id, at=polite_time(now), now=now)
    write(decision)
    move.state = next_move_state(next_move_state(MoveState(move.state), MoveStep.SENT), Outcome.SUCCEEDED).value
    move.submitted_at = move.done_at = move.confirmed_at = move.updated_at = now
    keep(move)
    keep_sums(hold, sums, now=now)


def _store_attempt(hold: ReserveHold, move: ReserveMove, rows: list[Row], *, now: datetime) -> UUID:
    """Payment and attempt as they are sent, under the number of the capture; the attempt's id."""
    assert hold.plan_id is not None, "only what a plan owes is captured"
    covers_all = move.amount_minor == sum(row.outstanding.total for row in rows)
    decision = Decision(hold.customer_id)
    sending = Sending(
        plan_id=hold.plan_id,
        purpose=PaymentPurpose.DUE if covers_all else PaymentPurpose.PART,
        rows=[row.n for row in rows],
        amount_minor=move.amount_minor,
        currency=move.currency,
        channel=hold.channel,
        method=AttemptMethod.RESERVE,
        quoted_on=clock.business_date(now),
        expires_at=now + WINDOW,
        request_key=f"capture:{move.id}",
        number=move.number,
    )
    sent = store_attempt(decision, sending, now=now)
    write(decision)
    move.state = next_move_state(MoveState(move.state), MoveStep.SENT).value
    move.attempt_id, move.submitted_at, move.updated_at = sent.attempt_id, now, now
    keep(move)
    return sent.attempt_id


def _capture(customer_id: UUID, attempt_id: UUID, move_id: UUID, *, now: datetime) -> MoveState:
    """One call, outside any transaction; what it says is settled as of every other payment."""
    attempt = PaymentAttempt.objects.get(customer_id=customer_id, id=attempt_id)
    hold = find_hold(customer_id, find_move(customer_id, move_id).hold_id)
    charge = ChargeRequest(
        out_trade_no=attempt.out_trade_no,
        amount=Money(attempt.amount_minor, attempt.currency),
        subject="备用金抵扣逾期款",
        notify_url=notify_url(hold),
        return_url=f"{settings.FENQI_PUBLIC_URL}/reserves/{hold.id}",
        submitted_at=attempt.created_at,
        expires_at=attempt.expires_at,
    )
    try:
        reply = channel_of(hold).capture(auth_no=hold.auth_no, charge=charge, completes=hold.card_id is not None)
    except ChannelRefuses as refusal:
        reply = ChannelReply(
            outcome=_REFUSED_BY_RULE.outcome,
            out_trade_no=attempt.out_trade_no,
            code=refusal.code,
            verdict=_REFUSED_BY_RULE,
        )
    settle_attempt(customer_id, attempt_id, reply, actor="channel:" + attempt.channel, now=now)
    return MoveState(find_move(customer_id, move_id).state)


def _audit(staff: Staff, action: audit.Action, move: ReserveMove, *, reason: str = "", now: datetime) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=move.customer_id,
        subject=f"reserve_move:{move.id}",
        reason=reason,
        details={"amount_minor": move.amount_minor, "currency": move.currency},
        now=now,
    )
