"""A second person agrees to a change, or it is taken back before it is done."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.hardship.changes import (
    ChangeKind,
    ChangeNotReady,
    ChangeSignal,
    ChangeState,
)
from fenqi.records import locks
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.hardship.propose import PERMISSION, record_act, redo, simulate_on, wanted_of
from fenqi.usecases.hardship.rows import carry_out, find_change, keep, move
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.refunds.transfer import SamePerson
from fenqi.usecases.staff.permissions import NotPermitted, Permission, Staff


def approve_change(staff: Staff, customer_id: UUID, change_id: UUID, *, now: datetime) -> ChangeState:
    """Do it, or offer it to the customer; where it stands then. Judged anew on the plan as it is.

    Raises NotPermitted, NotFound, ChangeNotReady, SamePerson and what the kind's rule refuses.
    """
    staff.require(Permission.APPROVE_PLAN_CHANGES)
    with transaction.atomic():
        locked = locks.customer(customer_id)
        change = find_change(customer_id, change_id)
        if change.state != ChangeState.PROPOSED:
            raise ChangeNotReady
        if change.proposed_by == staff.actor:
            raise SamePerson
        file = plan_file.read(customer_id, change.plan_id)
        wanted = wanted_of(ChangeKind(change.kind), change.body)
        simulated = simulate_on(file, wanted, role=staff.role, now=now)
        if wanted.kind is ChangeKind.WAIVER:
            _check_limit(staff, wanted.amount_minor, now=now)
        change.approved_by, change.approved_at = staff.actor, now
        decision = Decision(customer_id)
        outbox.about_change(decision, change.id, at=polite_time(now), now=now)
        if change.needs_consent:
            _check_in_time(change.offered_until, now=now)
            move(change, ChangeSignal.APPROVED)
            write(decision)
        else:
            redo(change, simulated)
            move(change, ChangeSignal.CARRIED_OUT)
            carry_out(change, file, [simulated.event], decision=decision, locked=locked, actor=staff.actor, now=now)
        keep(change)
        record_act(staff, audit.Action.PLAN_CHANGE_APPROVED, change, now=now)
    return ChangeState(change.state)


def _check_limit(staff: Staff, amount: int, *, now: datetime) -> None:
    """Nobody approves more than the largest sum the rules know of, unless they may everything."""
    rules = policy_on(clock.business_date(now)).rules
    if staff.role != "admin" and amount > rules.waiver_admin_minor:
        raise NotPermitted


def _check_in_time(offered_until: date | None, *, now: datetime) -> None:
    if offered_until is not None and clock.business_date(now) > offered_until:
        raise ChangeNotReady


def take_back_change(staff: Staff, customer_id: UUID, change_id: UUID, *, now: datetime) -> None:
    """Before it is done. Raises NotPermitted, NotFound, ChangeNotReady."""
    with transaction.atomic():
        locks.customer(customer_id)
        change = find_change(customer_id, change_id)
        kind = ChangeKind(change.kind)
        if kind not in PERMISSION:
            raise ChangeNotReady
        if not staff.may(Permission.APPROVE_PLAN_CHANGES):
            staff.require(PERMISSION[kind])
        move(change, ChangeSignal.TAKEN_BACK)
        change.ended_by, change.ended_at = staff.actor, now
        keep(change)
        record_act(staff, audit.Action.PLAN_CHANGE_TAKEN_BACK, change, now=now)
