"""Changes of plans as they are on record: found, viewed, moved by the table, and carried out as plan events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.hardship.changes import (
    NEXT_CHANGE_STATE,
    OPEN,
    ChangeKind,
    ChangeNotReady,
    ChangeOpen,
    ChangeSignal,
    ChangeState,
)
from fenqi.domain.ledger import Account
from fenqi.domain.plans import Event, PlanState
from fenqi.records.identifiers import new_id
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import PlanChange
from fenqi.records.posting import Decision, write
from fenqi.usecases import plan_file
from fenqi.usecases.hardship.circumstances import replan_debit
from fenqi.usecases.plan_file import Fact, PlanFile, Recorded
from fenqi.usecases.refunds.rows import columns_of

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change of a plan. `before` and `after` hold totals and dates as they were shown."""

    change_id: UUID
    customer_id: UUID
    plan_id: UUID
    kind: ChangeKind
    state: ChangeState
    body: Mapping[str, Any]
    amount_minor: int
    currency: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    reason: str
    via: str
    needs_second: bool
    needs_consent: bool
    proposed_by: str
    proposed_at: datetime
    approved_by: str
    approved_at: datetime | None
    consent: Mapping[str, Any]
    consented_at: datetime | None
    offered_until: date | None
    done_at: datetime | None
    ended_at: datetime | None
    event_id: UUID | None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change that is about to be kept."""

    kind: ChangeKind
    body: Mapping[str, Any]
    amount_minor: int
    before: PlanState
    after: PlanState
    reason: str
    policy_version: int
    via: str
    proposed_by: str
    needs_second: bool = False
    needs_consent: bool = False
    offered_until: date | None = None
    request_key: str


def new_change(file: PlanFile, draft: Draft, *, state: ChangeState, now: datetime) -> PlanChange:
    """A row that is not stored yet."""
    return PlanChange(
        customer_id=file.customer_id,
        id=new_id(),
        plan_id=file.plan_id,
        kind=draft.kind.value,
        state=state.value,
        body=dict(draft.body),
        amount_minor=draft.amount_minor,
        currency=file.terms.currency,
        before=shown(draft.before),
        after=shown(draft.after),
        reason=draft.reason[:LONGEST_REASON],
        policy_version=draft.policy_version,
        via=draft.via,
        needs_second=draft.needs_second,
        needs_consent=draft.needs_consent,
        offered_until=draft.offered_until,
        proposed_by=draft.proposed_by,
        proposed_at=now,
        request_key=draft.request_key,
    )


def shown(state: PlanState) -> dict[str, Any]:
    """What is kept of a preview: totals by component and the open rows with their dates."""
    return {
        "outstanding": state.totals.outstanding._asdict(),
        "due": state.totals.due.total,
        "paid": state.totals.paid.total,
        "balance": state.balance,
        "rows": [
            {"n": row.n, "due_on": row.due_on.isoformat(), "outstanding": row.outstanding.total}
            for row in state.rows
            if row.outstanding.total
        ],
    }


def earlier(customer_id: UUID, request_key: str) -> PlanChange | None:
    """What the same request made before."""
    return PlanChange.objects.filter(customer_id=customer_id, request_key=request_key).first()


def refuse_if_open(file: PlanFile, kind: ChangeKind) -> None:
    """Raises ChangeOpen."""
    open_ones = PlanChange.objects.filter(
        customer_id=file.customer_id,
        plan_id=file.plan_id,
        kind=kind.value,
        state__in=[state.value for state in OPEN],
    )
    if open_ones.exists():
        raise ChangeOpen


def carry_out(
    change: PlanChange,
    file: PlanFile,
    events: Sequence[Event],
    *,
    decision: Decision,
    locked: LockedCustomer,
    actor: str,
    now: datetime,
) -> Recorded:
    """The events, their entries and the change that is done, in one write. The caller holds the lock."""
    facts = [Fact(event, Account.SUSPENSE) for event in events]  # none of these kinds moves channel money
    recorded = plan_file.add_events(decision, file, facts, head=locked, actor=actor, now=now)
    replan_debit(decision, file, now=now)
    write(decision)
    change.state, change.done_at = ChangeState.DONE.value, now
    change.event_id = UUID(events[0].id)
    change.fee_event_id = UUID(events[1].id) if len(events) > 1 else None
    return recorded


def move(change: PlanChange, signal: ChangeSignal) -> None:
    """Raises ChangeNotReady for a pair that is not listed."""
    after = NEXT_CHANGE_STATE.get((ChangeState(change.state), signal))
    if after is None:
        raise ChangeNotReady
    change.state = after.value


def keep(change: PlanChange) -> None:
    """Store what was changed of a row that is on record. The caller holds the customer's lock."""
    columns = dict(columns_of(change))
    PlanChange.objects.filter(customer_id=change.customer_id, id=columns.pop("id")).update(**columns)


def find_change(customer_id: UUID, change_id: UUID, kind: ChangeKind | None = None) -> PlanChange:
    """Raises NotFound."""
    found = PlanChange.objects.filter(customer_id=customer_id, id=change_id)
    if kind is not None:
        found = found.filter(kind=kind.value)
    row = found.first()
    if row is None:
        raise NotFound
    return row


def changes_of(customer_id: UUID, plan_id: UUID) -> tuple[ChangeView, ...]:
    """All of the plan, newest first."""
    rows = PlanChange.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("-proposed_at", "-id")
    return tuple(map(change_view, rows))


def change_of(customer_id: UUID, change_id: UUID) -> ChangeView:
    """Raises NotFound."""
    return change_view(find_change(customer_id, change_id))


def change_view(row: PlanChange) -> ChangeView:
    return ChangeView(
        change_id=row.id,
        customer_id=row.customer_id,
        plan_id=row.plan_id,
        kind=ChangeKind(row.kind),
        state=ChangeState(row.state),
        body=row.body,
        amount_minor=row.amount_minor,
        currency=row.currency,
        before=row.before,
        after=row.after,
        reason=row.reason,
        via=row.via,
        needs_second=row.needs_second,
        needs_consent=row.needs_consent,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        consent=row.consent,
        consented_at=row.consented_at,
        offered_until=row.offered_until,
        done_at=row.done_at,
        ended_at=row.ended_at,
        event_id=row.event_id,
    )
