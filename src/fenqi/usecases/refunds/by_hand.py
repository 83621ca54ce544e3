"""What no channel will ever tell: two members of staff say how a leg ended, with the evidence in words.

One has found out what became of the money, another agrees. A channel that answers in between settles it itself. A leg
whose channel contradicted itself is only released here: that nothing left under it lets the rest of its refund go on.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput
from fenqi.domain.payments import Outcome
from fenqi.domain.payments.arrival import arrival_window
from fenqi.domain.payments.refunds import RefundState, next_refund_state
from fenqi.records import locks
from fenqi.records.models import RefundLeg, RefundRoute
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.refunds.arrival import route_of
from fenqi.usecases.refunds.moves import move_leg
from fenqi.usecases.refunds.rows import BY_HAND, is_contradicted, may_be_settled_by_hand
from fenqi.usecases.refunds.settle import find_leg
from fenqi.usecases.refunds.transfer import SamePerson, TransferNotReady
from fenqi.usecases.staff.permissions import Permission, Staff

SHORTEST_EVIDENCE = 10
LONGEST_EVIDENCE = 200


def propose_outcome(
    customer_id: UUID, leg_id: UUID, *, has_left: bool, evidence: str, staff: Staff, now: datetime
) -> None:
    """Say whether the money has left, and how that is known; a later proposal takes the place of this one.

    Raises NotPermitted, InvalidInput, NotFound, TransferNotReady.
    """
    staff.require(Permission.PROPOSE_TRANSFER)
    said = " ".join(evidence.split())
    if not SHORTEST_EVIDENCE <= len(said) <= LONGEST_EVIDENCE:
        raise InvalidInput(
            where="evidence",
            problem=f"{SHORTEST_EVIDENCE} to {LONGEST_EVIDENCE} characters: what shows it",
            problem_zh=f"请用 {SHORTEST_EVIDENCE} 至 {LONGEST_EVIDENCE} 个字写明依据",
        )
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _that_waits(customer_id, leg_id)
        if is_contradicted(leg) and has_left:
            raise TransferNotReady
        proposal = {"has_left": has_left, "evidence": said}
        changes = {
            "proposed_by": staff.actor,
            "approved_by": "",
            "approved_at": None,
            "reply": {**leg.reply, BY_HAND: proposal},
        }
        _move(locked, leg, RefundState(leg.state), changes, now=now)
        _audit(staff, audit.Action.REFUND_OUTCOME_PROPOSED, leg, proposal, now=now)


def approve_outcome(customer_id: UUID, leg_id: UUID, *, staff: Staff, now: datetime) -> None:
    """Settle it as proposed. What has not left goes by another leg, a transfer.

    Raises NotPermitted, NotFound, TransferNotReady, SamePerson.
    """
    staff.require(Permission.APPROVE_TRANSFER)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        leg = _that_waits(customer_id, leg_id)
        proposal = leg.reply.get(BY_HAND)
        if proposal is None or not leg.proposed_by:
            raise TransferNotReady
        if leg.proposed_by == staff.actor:
            raise SamePerson
        changes: dict[str, Any] = {"approved_by": staff.actor, "approved_at": now, "next_query_at": None}
        state = RefundState(leg.state)
        if is_contradicted(leg):
            _move(locked, leg, state, {**changes, "code": ""}, now=now)
            _let_the_rest_go_on(leg, now=now)
        elif proposal["has_left"]:
            after = next_refund_state(state, Outcome.SUCCEEDED)
            _move(locked, leg, after, {**changes, **_arrival(leg, now=now)}, now=now)
        else:
            _move(locked, leg, next_refund_state(state, Outcome.FAILED), changes, now=now)
        _audit(staff, audit.Action.REFUND_OUTCOME_APPROVED, leg, proposal, now=now)


def _that_waits(customer_id: UUID, leg_id: UUID) -> RefundLeg:
    """A leg at a channel that waits for a person. Raises NotFound, TransferNotReady."""
    leg = find_leg(customer_id, leg_id)
    if not may_be_settled_by_hand(leg):
        raise TransferNotReady
    return leg


def _arrival(leg: RefundLeg, *, now: datetime) -> dict[str, Any]:
    left_at = leg.submitted_at or now
    window = arrival_window(route_of(leg, leg.destination), clock.business_date(left_at))
    return {"refunded_at": left_at, "expected_from": window.from_on, "expected_by": window.by_on}


def _let_the_rest_go_on(leg: RefundLeg, *, now: datetime) -> None:
    waiting = RefundLeg.objects.filter(
        customer_id=leg.customer_id,
        refund_id=leg.refund_id,
        route=RefundRoute.ORIGINAL,
        state=RefundState.CREATED.value,
    )
    decision = Decision(leg.customer_id)
    for other in waiting:
        outbox.send_refund(decision, other.id, at=now, now=now)
    write(decision)


def _move(
    locked: locks.LockedCustomer, leg: RefundLeg, after: RefundState, changes: dict[str, Any], *, now: datetime
) -> None:
    decision = Decision(locked.customer_id)
    move_leg(decision, locked, leg, after, changes=changes, now=now)
    write(decision)


def _audit(staff: Staff, action: audit.Action, leg: RefundLeg, proposal: dict[str, Any], *, now: datetime) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=leg.customer_id,
        subject=f"refund_leg:{leg.id}",
        reason=proposal["evidence"],
        details={"has_left": proposal["has_left"], "amount_minor": leg.amount_minor, "currency": leg.currency},
        now=now,
    )
