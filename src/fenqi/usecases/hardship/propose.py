"""Staff change a plan: simulated first, then proposed exactly as it was shown, with a reason.

What one person may do alone is done at once; else it waits for a second person, or for the customer's word.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core import signing
from django.db import transaction

from fenqi.domain.errors import InvalidInput
from fenqi.domain.hardship.changes import (
    COVERS_DAYS,
    ChangeBlocked,
    ChangeKind,
    ChangeMoved,
    ChangeNotReady,
    ChangeState,
    check_charge_off,
    check_reschedule,
    check_waiver,
    waiver_needs_second,
)
from fenqi.domain.plans import Component, Event, EventKind, PlanState, preview
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import PlanChange
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.hardship.circumstances import Circumstances, circumstances, refuse_if_lenders
from fenqi.usecases.hardship.policies import PublishedHelp, policy_on
from fenqi.usecases.hardship.rows import Draft, carry_out, earlier, new_change, refuse_if_open, shown
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.repayment.quote import NothingOwed
from fenqi.usecases.staff.permissions import Permission, Staff

_SALT = "fenqi.hardship.simulation"
LONGEST_REASON, SHORTEST_REASON = 200, 4

PERMISSION: Final = {
    ChangeKind.RESCHEDULE: Permission.RESCHEDULE_PLANS,
    ChangeKind.WAIVER: Permission.WAIVE_CHARGES,
    ChangeKind.CHARGE_OFF: Permission.CHARGE_OFF_PLANS,
}
_ACTION: Final = {
    ChangeKind.RESCHEDULE: audit.Action.RESCHEDULE_PROPOSED,
    ChangeKind.WAIVER: audit.Action.WAIVER_PROPOSED,
    ChangeKind.CHARGE_OFF: audit.Action.CHARGE_OFF_PROPOSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What staff want of a plan: each kind has its fields. Sums in minor units."""

    kind: ChangeKind
    component: Component | None = None
    amount_minor: int = 0
    installments: int = 0
    first_due_on: date | None = None

    def body(self) -> dict[str, Any]:
        """As it is kept on record; `wanted_of` reads it back."""
        if self.kind is ChangeKind.WAIVER:
            assert self.component is not None
            return {"component": self.component.value, "amount": self.amount_minor}
        if self.kind is ChangeKind.RESCHEDULE:
            assert self.first_due_on is not None
            return {"installments": self.installments, "first_due_on": self.first_due_on.isoformat()}
        return {}


def wanted_of(kind: ChangeKind, body: Any) -> Wanted:
    """What a record or a token holds."""
    if kind is ChangeKind.WAIVER:
        return Wanted(kind=kind, component=Component(body["component"]), amount_minor=body["amount"])
    if kind is ChangeKind.RESCHEDULE:
        first = date.fromisoformat(body["first_due_on"])
        return Wanted(kind=kind, installments=body["installments"], first_due_on=first)
    return Wanted(kind=kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """The plan before and after, side by side; `token` proposes exactly this."""

    customer_id: UUID
    plan_id: UUID
    version: int
    wanted: Wanted
    before: PlanState
    after: PlanState
    currency: str
    event: Event
    amount_minor: int
    needs_second: bool
    needs_consent: bool

    @property
    def token(self) -> str:
        return signing.dumps(
            {
                "customer": str(self.customer_id),
                "plan": str(self.plan_id),
                "version": self.version,
                "kind": self.wanted.kind.value,
                "body": self.wanted.body(),
                "on": self.event.on.isoformat(),
            },
            salt=_SALT,
        )


def simulate(staff: Staff, customer_id: UUID, plan_id: UUID, wanted: Wanted, *, now: datetime) -> Simulation:
    """What it would do; nothing is kept.

    Raises NotPermitted, NotFound, LendersPlan, NothingOwed, ChangeBlocked and what the kind's own rule refuses.
    """
    staff.require(PERMISSION[wanted.kind])
    return simulate_on(plan_file.read(customer_id, plan_id), wanted, role=staff.role, now=now)


def simulate_on(file: PlanFile, wanted: Wanted, *, role: str, now: datetime) -> Simulation:
    """The same on a plan that was read already, for somebody of that role."""
    refuse_if_lenders(file)
    found = circumstances(file, now=now)
    policy = policy_on(found.today)
    _check(wanted, found, policy, currency=file.terms.currency)
    event = _event(wanted, found.today)
    before, after = preview(file.terms, file.events, event)
    owed = before.totals.outstanding.total
    return Simulation(
        customer_id=file.customer_id,
        plan_id=file.plan_id,
        version=file.version,
        wanted=wanted,
        before=before,
        after=after,
        currency=file.terms.currency,
        event=event,
        amount_minor=wanted.amount_minor if wanted.kind is ChangeKind.WAIVER else owed,
        needs_second=_needs_second(wanted, owed, policy, role),
        needs_consent=wanted.kind is ChangeKind.RESCHEDULE,
    )


def _check(wanted: Wanted, found: Circumstances, policy: PublishedHelp, *, currency: str) -> None:
    """Raises what the kind refuses."""
    if not found.state.totals.outstanding.total:
        raise NothingOwed
    if found.has_open_attempt or (found.is_returning and wanted.kind is not ChangeKind.WAIVER):
        raise ChangeBlocked
    if wanted.kind is ChangeKind.WAIVER:
        assert wanted.component is not None
        check_waiver(found.state, wanted.component, wanted.amount_minor, currency)
    elif wanted.kind is ChangeKind.RESCHEDULE:
        assert wanted.first_due_on is not None
        check_reschedule(
            policy.rules, installments=wanted.installments, first_due_on=wanted.first_due_on, today=found.today
        )
    else:
        if found.is_charged_off:
            raise ChangeNotReady
        check_charge_off(policy.rules, found.state.days_past_due)


def _event(wanted: Wanted, today: date) -> Event:
    return Event(
        id=str(new_id()),
        on=today,
        kind=EventKind(wanted.kind.value),
        amount=wanted.amount_minor or None,
        component=wanted.component,
        installments=wanted.installments or None,
        first_due_on=wanted.first_due_on,
    )


def _needs_second(wanted: Wanted, owed: int, policy: PublishedHelp, role: str) -> bool:
    if wanted.kind is ChangeKind.WAIVER:
        assert wanted.component is not None
        return waiver_needs_second(policy.rules, role, wanted.component, wanted.amount_minor)
    if wanted.kind is ChangeKind.RESCHEDULE:
        return owed > policy.rules.reschedule_alone_minor
    return True


def propose(
    staff: Staff, customer_id: UUID, plan_id: UUID, *, token: str, reason: str, request_key: str, now: datetime
) -> UUID:
    """Keep what was simulated, and do it where one person is enough; the id of the change.

    Raises as `simulate` does, and InvalidInput, ChangeMoved, ChangeOpen. The same request again is the same change.
    """
    said = check_reason(reason)
    with transaction.atomic():
        locked = locks.customer(customer_id)
        made = earlier(customer_id, request_key)
        if made is not None:
            return made.id
        file = plan_file.read(customer_id, plan_id)
        wanted = _read(token, file, now=now)
        staff.require(PERMISSION[wanted.kind])
        simulated = simulate_on(file, wanted, role=staff.role, now=now)
        refuse_if_open(file, wanted.kind)
        change = _new(staff, file, simulated, said, request_key, now=now)
        decision = Decision(customer_id)
        if change.state == ChangeState.OFFERED:
            outbox.about_change(decision, change.id, at=polite_time(now), now=now)
            write(decision)
        elif not simulated.needs_second:
            outbox.about_change(decision, change.id, at=polite_time(now), now=now)
            carry_out(change, file, [simulated.event], decision=decision, locked=locked, actor=staff.actor, now=now)
        change.save(force_insert=True)
        record_act(staff, _ACTION[wanted.kind], change, reason=said, now=now)
    return change.id


def _new(
    staff: Staff, file: PlanFile, simulated: Simulation, reason: str, request_key: str, *, now: datetime
) -> PlanChange:
    wanted, today = simulated.wanted, clock.business_date(now)
    draft = Draft(
        kind=wanted.kind,
        body=wanted.body(),
        amount_minor=simulated.amount_minor,
        before=simulated.before,
        after=simulated.after,
        reason=reason,
        policy_version=policy_on(today).version,
        via="console",
        proposed_by=staff.actor,
        needs_second=simulated.needs_second,
        needs_consent=simulated.needs_consent,
        offered_until=_offered_until(wanted, today),
        request_key=request_key,
    )
    is_offered = simulated.needs_consent and not simulated.needs_second
    return new_change(file, draft, state=ChangeState.OFFERED if is_offered else ChangeState.PROPOSED, now=now)


def _offered_until(wanted: Wanted, today: date) -> date | None:
    """The customer's word comes before the first new due date."""
    if wanted.first_due_on is None:
        return None
    return min(today + timedelta(days=COVERS_DAYS), wanted.first_due_on - timedelta(days=1))


def _read(token: str, file: PlanFile, *, now: datetime) -> Wanted:
    """Raises ChangeMoved for what was not shown of this plan as it is today."""
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise ChangeMoved from None
    here = (str(file.customer_id), str(file.plan_id), file.version, clock.business_date(now).isoformat())
    if (said["customer"], said["plan"], said["version"], said["on"]) != here:
        raise ChangeMoved
    return wanted_of(ChangeKind(said["kind"]), said["body"])


def redo(change: PlanChange, simulated: Simulation) -> None:
    """What is done is kept as it was done, not as it was once proposed."""
    change.before, change.after = shown(simulated.before), shown(simulated.after)
    change.amount_minor = simulated.amount_minor


def check_reason(reason: str) -> str:
    """Raises InvalidInput."""
    said = " ".join(reason.split())
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        raise InvalidInput(
            where="reason",
            problem=f"say why, in {SHORTEST_REASON} to {LONGEST_REASON} characters",
            problem_zh=f"请写明原因（{SHORTEST_REASON} 到 {LONGEST_REASON} 字）",
        )
    return said


def record_act(staff: Staff, action: audit.Action, change: PlanChange, *, reason: str = "", now: datetime) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=change.customer_id,
        subject=f"plan_change:{change.id}",
        reason=reason,
        details={"kind": change.kind, "state": change.state, "amount_minor": change.amount_minor},
        now=now,
    )
