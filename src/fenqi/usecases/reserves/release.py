"""A reserve goes back: by itself when nothing is owed any more, on a refund that it advances, or by staff.

A frozen one is unfrozen at its channel; a prepaid one is owed on `payable.refund` and leaves by money out, over the
payment it came by. Whatever is asked here twice is done once: the sums under the customer's lock decide.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from fenqi.domain.errors import InvalidInput
from fenqi.domain.ledger import reserve_refunded_entry
from fenqi.domain.money import Money
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.plans import PlanStatus
from fenqi.domain.plans.events import EventKind
from fenqi.domain.reserves import (
    HoldKind,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    Obligations,
    OnePiece,
    Release,
    ReleaseRule,
    ReserveUnderWay,
    Sums,
    Why,
    due_advance,
    due_release,
    next_hold_state,
    term_is_over,
)
from fenqi.records import locks
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import (
    AftersalesCase,
    CaseKind,
    DirectoryKind,
    Order,
    OrderStatus,
    Plan,
    Refund,
    RefundCause,
    RefundLeg,
    RefundStatus,
    ReserveHold,
    ReserveMove,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.refunds.open import open_refund
from fenqi.usecases.reserves.due import look_at_reserve
from fenqi.usecases.reserves.rows import (
    find_hold,
    keep,
    keep_sums,
    moves_of,
    new_move,
    post,
    sums_of,
    withdraw_captures,
)
from fenqi.usecases.reserves.ways import term_of
from fenqi.usecases.staff.permissions import Permission, Staff

REASON = "备用金退回"
"""What the payer reads at the channel."""

SHORTEST_NOTE, LONGEST_NOTE = 4, 200
_OF_THE_ORDER = (RefundCause.AFTERSALE.value, RefundCause.PRICE_DIFFERENCE.value)
_NOTHING_OWED = (PlanStatus.SETTLED.value, PlanStatus.OVERPAID.value, PlanStatus.CANCELLED.value)


def release_for_order(decision: Decision, customer_id: UUID, order_id: UUID, now: datetime) -> None:
    """A case of the order is completed: its reserve goes back right after this decision is committed, if it is due.

    Harmless for an order without a reserve (R070), and as often as one likes. The caller holds the customer's lock.
    """
    assert decision.customer_id == customer_id, "a decision is one customer's"
    look_at_reserve(decision, order_id, now=now)


def release_what_is_due(customer_id: UUID, order_id: UUID, *, now: datetime) -> int:
    """Set on its way what the order's reserve owes back now (P302, P304, R066); the sum, in minor units."""
    total = 0
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        _close_unneeded(customer_id, order_id, now=now)
        held = _held(customer_id, order_id)
        total += _send_back_paid_late(held, now=now)
        for hold in held:
            total += _advance(hold, now=now)
            due = due_now(hold, sums_of(hold))
            if due.amount:
                _begin(hold, due.amount, why=due.why, actor=audit.SYSTEM, now=now)
                total += due.amount
    return total


def due_now(hold: ReserveHold, sums: Sums) -> Release:
    """What of the hold goes back by itself as things stand."""
    return due_release(sums, ReleaseRule(hold.release_rule), obligations_of(hold), is_whole=hold.card_id is not None)


def end_at_term(customer_id: UUID, hold_id: UUID, *, now: datetime) -> int:
    """The card's bank lets go of its hold about now: it is released here, so that books and bank end together (P305).

    What was proposed or announced to be captured is called off. The sum, in minor units. Raises NotFound.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        if hold.card_id is None or hold.state != HoldState.HELD or hold.alert or hold.held_at is None:
            return 0
        if not term_is_over(clock.business_date(hold.held_at), term=term_of(hold), today=clock.business_date(now)):
            return 0
        withdraw_captures(hold, now=now)
        sums = sums_of(hold)
        if sums.promised:
            return 0
        _begin(hold, sums.held, why=Why.EXPIRED, actor=audit.SYSTEM, now=now)
    return sums.held


def release_by_staff(customer_id: UUID, hold_id: UUID, *, amount: int, note: str, staff: Staff, now: datetime) -> UUID:
    """Give back part or all, whatever is owed; the id of the move.

    Raises NotPermitted, InvalidInput, NotFound, NothingHeld, AboveHeld, OnePiece, ReserveUnderWay.
    """
    staff.require(Permission.RELEASE_RESERVES)
    said = check_note(note)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        hold = find_hold(customer_id, hold_id)
        if hold.alert:
            raise ReserveUnderWay
        move = _begin(hold, amount, why=Why.BY_STAFF, actor=staff.actor, note=said, now=now)
        audit.record(
            staff.actor,
            audit.Action.RESERVE_RELEASED,
            customer_id=customer_id,
            subject=f"reserve:{hold.id}",
            reason=said,
            details={"amount_minor": amount, "currency": hold.currency},
            now=now,
        )
    return move.id


def check_note(note: str) -> str:
    """Raises InvalidInput."""
    said = " ".join(note.replace("\x00", "").split())
    if not SHORTEST_NOTE <= len(said) <= LONGEST_NOTE:
        raise InvalidInput(
            where="note",
            problem=f"{SHORTEST_NOTE} to {LONGEST_NOTE} characters: why",
            problem_zh=f"请用 {SHORTEST_NOTE} 至 {LONGEST_NOTE} 个字写明原因",
        )
    return said


def send_back_superseded(hold: ReserveHold, *, now: datetime) -> int:
    """It was allowed when another secured the order already: all of it goes back at once; the sum."""
    free = sums_of(hold).free
    if free:
        _begin(hold, free, why=Why.SUPERSEDED, actor=audit.SYSTEM, now=now)
    return free


def _send_back_paid_late(held: Sequence[ReserveHold], *, now: datetime) -> int:
    """One that was paid after its time, when the next was asked for already: the order is secured by the last."""
    paid_late = [hold for hold in held[:-1] if hold.kind == HoldKind.PREPAID]
    return sum(send_back_superseded(hold, now=now) for hold in paid_late)


def obligations_of(hold: ReserveHold) -> Obligations:
    """What the hold secures, read now."""
    plan = Plan.objects.filter(customer_id=hold.customer_id, id__in=[hold.plan_id]).first()
    refunds = Refund.objects.filter(customer_id=hold.customer_id, order_id=hold.order_id, cause__in=_OF_THE_ORDER)
    told = set(refunds.values_list("cause", "status"))
    order = Order.objects.get(customer_id=hold.customer_id, id=hold.order_id)
    cases = AftersalesCase.objects.filter(
        customer_id=hold.customer_id, order_id=hold.order_id, closed_at__isnull=True
    ).exclude(kind=CaseKind.PRICE_DIFFERENCE)
    return Obligations(
        has_plan=plan is not None,
        is_settled=plan is not None and plan.status in _NOTHING_OWED and not plan.outstanding_minor,
        financed=plan.principal_minor if plan else 0,
        returned=_returned(hold) if hold.release_rule == ReleaseRule.IN_PROPORTION else 0,
        refund_is_under_way=any(status != RefundStatus.COMPLETED for _, status in told) or cases.exists(),
        refund_was_final=any(cause == RefundCause.AFTERSALE for cause, _ in told) or _was_returned(hold),
        is_cancelled=order.status == OrderStatus.CANCELLED,
    )


def _was_returned(hold: ReserveHold) -> bool:
    """A return whose worth went off the plan alone has no refund of its own."""
    completed = AftersalesCase.objects.filter(
        customer_id=hold.customer_id,
        order_id=hold.order_id,
        state="completed",
        kind__in=[CaseKind.RETURN, CaseKind.REFUND_ONLY],
    )
    return completed.exists()


def _returned(hold: ReserveHold) -> int:
    """What the plan financed of goods that went back."""
    if hold.plan_id is None:
        return 0
    state = plan_file.read(hold.customer_id, hold.plan_id).state()
    return sum(done.amount for done in state.allocations if done.kind is EventKind.REFUND)


def _held(customer_id: UUID, order_id: UUID) -> list[ReserveHold]:
    """Those that a person must look at first stay."""
    holds = ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id, state=HoldState.HELD, alert="")
    return list(holds.order_by("created_at", "id"))


def _close_unneeded(customer_id: UUID, order_id: UUID, *, now: datetime) -> None:
    """What the customer was asked for and did not begin is not needed any more once nothing is owed."""
    wanted = ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id, state=HoldState.WANTED)
    for hold in wanted:
        owed = obligations_of(hold)
        if owed.is_settled or (owed.is_cancelled and not owed.has_plan):
            hold.state = next_hold_state(HoldState.WANTED, HoldStep.EXPIRED).value
            hold.updated_at = now
            keep(hold)


def _advance(hold: ReserveHold, *, now: datetime) -> int:
    """Give of a prepaid reserve at once what a refund of the order will bring only later, where that is allowed."""
    if hold.kind != HoldKind.PREPAID or not hold.may_advance:
        return 0
    total = 0
    for refund in _refunds_of(hold):
        amount = due_advance(sums_of(hold), refund=_on_its_way(refund), advanced=_advanced(hold, refund))
        if amount:
            _begin(hold, amount, why=Why.ADVANCED, actor=audit.SYSTEM, advances=refund, now=now)
            total += amount
    for move in moves_of(hold):
        if move.advances_id and move.settled_at is None and _has_left(hold, move.advances_id):
            move.settled_at = move.updated_at = now
            keep(move)
    return total


def _refunds_of(hold: ReserveHold) -> Iterator[Refund]:
    open_ones = Refund.objects.filter(
        customer_id=hold.customer_id, order_id=hold.order_id, cause__in=_OF_THE_ORDER
    ).exclude(status=RefundStatus.COMPLETED)
    return iter(open_ones.order_by("created_at", "id"))


def _on_its_way(refund: Refund) -> int:
    """What of it has not left yet."""
    left = RefundLeg.objects.filter(
        customer_id=refund.customer_id, refund_id=refund.id, state=RefundState.SUCCEEDED.value
    ).aggregate(total=Sum("amount_minor", default=0))
    return refund.amount_minor - int(left["total"])


def _advanced(hold: ReserveHold, refund: Refund) -> int:
    moves = ReserveMove.objects.filter(customer_id=hold.customer_id, hold_id=hold.id, advances_id=refund.id)
    return int(moves.aggregate(total=Sum("amount_minor", default=0))["total"])


def _has_left(hold: ReserveHold, refund_id: UUID) -> bool:
    done = Refund.objects.filter(customer_id=hold.customer_id, id=refund_id, status=RefundStatus.COMPLETED)
    return done.exists()


def _begin(
    hold: ReserveHold,
    amount: int,
    *,
    why: Why,
    actor: str,
    now: datetime,
    **columns: Any,
) -> ReserveMove:
    """Promise the sum, and set it on its way; several may begin in one transaction.

    Raises NothingHeld, AboveHeld, OnePiece.
    """
    locked = locks.customer(hold.customer_id)  # with the end of the journal as the one before left it
    advances: Refund | None = columns.pop("advances", None)
    held = sums_of(hold).held
    if hold.card_id is not None and 0 < amount < held:
        raise OnePiece(held=held)
    sums = sums_of(hold).promise(amount)
    is_prepaid = hold.kind == HoldKind.PREPAID
    state = MoveState.DONE if is_prepaid else MoveState.CREATED
    move = new_move(hold, MoveKind.RELEASE, amount, state=state, why=why.value, actor=actor, now=now)
    move.note, move.advances_id = columns.pop("note", ""), advances.id if advances else None
    decision = Decision(hold.customer_id)
    if is_prepaid:
        _refund(decision, locked, hold, move, now=now)
    else:
        decision.add("directory", {"kind": DirectoryKind.RESERVE_NO.value, "key": move.number, "target_id": move.id})
        outbox.about_reserve_move(decision, outbox.SEND_RELEASE, move.id, at=now, now=now)
    write(decision)
    move.save(force_insert=True)
    if is_prepaid:
        keep_sums(hold, sums.keep(MoveKind.RELEASE, amount), now=now)
    return move


def _refund(decision: Decision, locked: LockedCustomer, hold: ReserveHold, move: ReserveMove, *, now: datetime) -> None:
    """From the reserve it is owed as a refund, and leaves over the payment it came by."""
    move.entry_id = post(decision, locked, hold, reserve_refunded_entry(move.amount_minor), now=now)
    move.refund_id = open_refund(
        decision,
        locked,
        cause=RefundCause.RESERVE,
        source_key=f"reserve:{move.id}",
        amount=Money(move.amount_minor, hold.currency),
        reason=REASON,
        plan_id=hold.plan_id,
        order_id=hold.order_id,
        payment_id=hold.payment_id,
        actor=move.actor,
        now=now,
    )
    move.submitted_at = move.done_at = now
