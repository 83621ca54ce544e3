"""The customer's word to a new schedule: given in the portal, or recorded by an agent with how it was given."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import transaction

from fenqi.domain.hardship.changes import ChangeKind, ChangeMoved, ChangeNotReady, ChangeSignal, ChangeState
from fenqi.records import locks
from fenqi.records.models import PlanChange
from fenqi.records.posting import Decision
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.hardship.promises import CUSTOMER
from fenqi.usecases.hardship.propose import Simulation, check_reason, record_act, redo, simulate_on, wanted_of
from fenqi.usecases.hardship.rows import ChangeView, carry_out, change_view, find_change, keep, move
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.staff.permissions import Permission, Staff

_SALT = "fenqi.hardship.agreement"


class ConsentGiven(StrEnum):
    """How the customer said yes."""

    PORTAL = "portal"
    BY_PHONE = "by_phone"
    IN_WRITING = "in_writing"
    IN_PERSON = "in_person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A schedule that waits for the customer, worked out on the plan as it is now; `token` agrees to exactly this."""

    change: ChangeView
    simulation: Simulation

    @property
    def token(self) -> str:
        said = {"change": str(self.change.change_id), "version": self.simulation.version}
        return signing.dumps(said, salt=_SALT)


def offered(customer_id: UUID, change_id: UUID, *, now: datetime) -> Offered:
    """Raises NotFound, ChangeNotReady, and what the plan as it is refuses."""
    change = find_change(customer_id, change_id, ChangeKind.RESCHEDULE)
    file = plan_file.read(customer_id, change.plan_id)
    return Offered(change=change_view(change), simulation=_simulated(change, file, now=now))


def agree(customer_id: UUID, change_id: UUID, *, token: str, language: str, now: datetime) -> None:
    """The customer says yes to what was shown. Raises NotFound, ChangeNotReady, ChangeMoved."""
    consent = {"by": CUSTOMER, "how": ConsentGiven.PORTAL.value, "language": language}
    _agree(customer_id, change_id, token=token, consent=consent, actor=CUSTOMER, now=now)


def record_consent(
    staff: Staff, customer_id: UUID, change_id: UUID, *, token: str, how: ConsentGiven, note: str, now: datetime
) -> None:
    """An agent heard or read it. Raises NotPermitted, InvalidInput, and as above."""
    staff.require(Permission.RESCHEDULE_PLANS)
    if how is ConsentGiven.PORTAL:
        raise ChangeNotReady
    said = check_reason(note)
    consent = {"by": staff.actor, "how": how.value, "note": said}
    with transaction.atomic():
        change = _agree(customer_id, change_id, token=token, consent=consent, actor=staff.actor, now=now)
        record_act(staff, audit.Action.CONSENT_RECORDED, change, reason=said, now=now)


def decline(customer_id: UUID, change_id: UUID, *, now: datetime) -> None:
    """The customer says no: the plan stays as it is. Raises NotFound, ChangeNotReady."""
    with transaction.atomic():
        locks.customer(customer_id)
        change = find_change(customer_id, change_id, ChangeKind.RESCHEDULE)
        move(change, ChangeSignal.DECLINED)
        change.ended_by, change.ended_at = CUSTOMER, now
        keep(change)


def _agree(
    customer_id: UUID, change_id: UUID, *, token: str, consent: dict[str, Any], actor: str, now: datetime
) -> PlanChange:
    with transaction.atomic():
        locked = locks.customer(customer_id)
        change = find_change(customer_id, change_id, ChangeKind.RESCHEDULE)
        if change.state == ChangeState.DONE:
            return change
        file = plan_file.read(customer_id, change.plan_id)
        simulated = _simulated(change, file, now=now)
        if _said(token) != {"change": str(change_id), "version": file.version}:
            raise ChangeMoved
        redo(change, simulated)
        move(change, ChangeSignal.AGREED)
        change.consent, change.consented_at = {**consent, "shown": change.after}, now
        decision = Decision(customer_id)
        outbox.about_change(decision, change.id, at=now, now=now)
        carry_out(change, file, [simulated.event], decision=decision, locked=locked, actor=actor, now=now)
        keep(change)
    return change


def _simulated(change: PlanChange, file: PlanFile, *, now: datetime) -> Simulation:
    """Raises ChangeNotReady for one that is not offered, or no more."""
    over = change.offered_until is not None and clock.business_date(now) > change.offered_until
    if change.state != ChangeState.OFFERED or over:
        raise ChangeNotReady
    return simulate_on(file, wanted_of(ChangeKind.RESCHEDULE, change.body), role="", now=now)


def _said(token: str) -> Any:
    try:
        return signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise ChangeMoved from None
