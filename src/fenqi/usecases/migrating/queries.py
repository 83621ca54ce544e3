"""What pages show of plans that move: a batch with its plans for staff, and one plan's move for its customer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, When

from fenqi.domain.errors import NotFound
from fenqi.domain.migration import HAS_MOVED, BatchState, ItemState
from fenqi.domain.plans import Components
from fenqi.records.models import JournalEntry, OrderLine, PlanMigration, PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.migrating.batches import count_states, find_batch
from fenqi.usecases.migrating.consent import ConsentText, may_decide, text_of
from fenqi.usecases.migrating.partners import balance_kept
from fenqi.usecases.migrating.rolling_back import can_roll_back
from fenqi.usecases.migrating.totals import ledger_totals
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.partners.queries import ProviderView, provider_view

_NEEDS_SOMEBODY = (ItemState.DIFFERS,)
_ON_ITS_WAY = (ItemState.FROZEN, ItemState.ASKED, ItemState.MOVED, ItemState.REVOKING)
_ARRIVED = (ItemState.CONFIRMED, ItemState.DROPPED, ItemState.ROLLED_BACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch as staff read of it. Staff actors by their sign-in names; totals by account, debits above zero."""

    migration_id: UUID
    number: str
    from_provider: str
    to_provider: str
    state: str
    source: Mapping[str, Any]
    note: str
    cutover_at: datetime
    freeze_minutes: int
    wait_until: datetime
    rollback_until: datetime
    rehearsing: bool
    people: tuple[tuple[str, str, datetime], ...]
    """What was done, by whom, when."""
    made_by: str
    counts: Mapping[str, int]
    plans: int
    at_rest: int
    totals_before: Mapping[str, int]
    totals_after: Mapping[str, int]
    created_at: datetime
    can_roll_back: bool

    @property
    def percent_done(self) -> int:
        return self.at_rest * 100 // self.plans if self.plans else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One plan of a batch, both sides' balance in minor units."""

    item_id: UUID
    customer_id: UUID
    plan_id: UUID
    order_id: UUID
    order_no: str
    state: str
    reason: str
    problems: tuple[Mapping[str, Any], ...]
    currency: str
    expected_minor: int | None
    balance_minor: int
    ours: Components
    theirs: Mapping[str, int]
    price_minor: int
    consent: str
    number: str
    asked: int
    next_at: datetime | None

    @property
    def their_total(self) -> int | None:
        """None while the partner has said nothing."""
        return sum(self.theirs.get(name, 0) for name in Components._fields) if self.theirs else None

    @property
    def can_be_dropped(self) -> bool:
        return self.state in (ItemState.LISTED, ItemState.READY, ItemState.DIFFERS)

    @property
    def has_moved(self) -> bool:
        return self.state in HAS_MOVED


def list_batches(*, limit: int) -> list[BatchView]:
    """The newest first."""
    return [_batch(row, now=None) for row in PlanMigration.objects.order_by("-created_at")[:limit]]


def batch_view(migration_id: UUID, *, now: datetime) -> BatchView:
    """Raises NotFound."""
    return _batch(find_batch(migration_id), now=now)


def items_of(migration_id: UUID, *, limit: int) -> list[ItemView]:
    """Those that need somebody first: what differs, then what is on its way, then the rest."""
    urgency = Case(
        When(state__in=[one.value for one in _NEEDS_SOMEBODY], then=0),
        When(state__in=[one.value for one in _ON_ITS_WAY], then=1),
        default=2,
    )
    with across_customers():
        found = PlanMigrationItem.objects.filter(migration_id=migration_id)
        rows = list(found.order_by(urgency, "customer_id", "id")[:limit])
    return [_item(row) for row in rows]


def _batch(row: PlanMigration, *, now: datetime | None) -> BatchView:
    counts = count_states(row.id)
    people = [
        ("drafted", row.made_by, row.created_at),
        ("approved", row.approved_by, row.approved_at),
        ("announced", row.announced_by, row.announced_at),
        ("ended", row.ended_by, row.ended_at),
    ]
    names = audit.names_of({actor for _, actor, _ in people if actor})
    begun = row.state in (BatchState.FROZEN, BatchState.MOVED)
    return BatchView(
        migration_id=row.id,
        number=row.number,
        from_provider=row.from_provider,
        to_provider=row.to_provider,
        state=row.state,
        source=row.source,
        note=row.note,
        cutover_at=row.cutover_at,
        freeze_minutes=row.freeze_minutes,
        wait_until=row.wait_until,
        rollback_until=row.rollback_until,
        rehearsing=row.rehearsing,
        people=tuple((what, names.get(actor, actor), at) for what, actor, at in people if actor and at),
        made_by=row.made_by,
        counts={state.value: n for state, n in counts.items()},
        plans=sum(counts.values()),
        at_rest=sum(counts.get(state, 0) for state in _ARRIVED),
        totals_before=row.totals_before or (dict(ledger_totals(row.id)) if now and not row.frozen_at else {}),
        totals_after=dict(ledger_totals(row.id)) if now and begun else row.totals_after,
        created_at=row.created_at,
        can_roll_back=now is not None and can_roll_back(row, now=now) and row.state != BatchState.ROLLED_BACK,
    )


def _item(row: PlanMigrationItem) -> ItemView:
    theirs: Mapping[str, int] = row.theirs.get("in") or row.theirs.get("out") or {}
    return ItemView(
        item_id=row.id,
        customer_id=row.customer_id,
        plan_id=row.plan_id,
        order_id=row.order_id,
        order_no=row.order_no,
        state=row.state,
        reason=row.reason,
        problems=tuple(row.problems),
        currency=row.currency,
        expected_minor=row.expected_minor,
        balance_minor=row.balance_minor,
        ours=balance_kept(row.ours),
        theirs=theirs,
        price_minor=row.price_minor,
        consent=row.consent,
        number=row.in_number,
        asked=row.asked,
        next_at=row.next_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """The move of a customer's plan, as the customer reads of it. Providers are None for the mall itself."""

    item_id: UUID
    plan_id: UUID
    order_id: UUID
    order_no: str
    title: str
    giver: ProviderView | None
    taker: ProviderView | None
    stage: str
    """asked, agreed, declined, announced, moving, moved, stays, back."""
    may_decide: bool
    text: ConsentText | None
    currency: str
    balance: Components
    rows: tuple[tuple[int, str, Components], ...]
    """Number, due day (ISO) and what is owed of every open installment at the move."""
    confirmed_minor: int | None
    collected_minor: int
    number: str
    cutover_at: datetime
    rollback_until: datetime
    moved_at: datetime | None
    back_at: datetime | None
    entry_seq: int | None
    proof: str


def move_view(customer_id: UUID, item_id: UUID, *, language: str, now: datetime) -> MoveView:
    """Raises NotFound, also for a move of which the customer has not been told."""
    item = PlanMigrationItem.objects.filter(customer_id=customer_id, id=item_id).first()
    if item is None or item.told_at is None:
        raise NotFound
    return _move(item, find_batch(item.migration_id), language=language, now=now)


def newest_move(customer_id: UUID, plan_id: UUID, *, language: str, now: datetime) -> MoveView | None:
    """The last that the customer was told of; none that was called off before anything moved."""
    found = PlanMigrationItem.objects.filter(customer_id=customer_id, plan_id=plan_id, told_at__isnull=False)
    item = found.exclude(state=ItemState.DROPPED.value).order_by("-created_at").first()
    return _move(item, find_batch(item.migration_id), language=language, now=now) if item else None


def _move(item: PlanMigrationItem, batch: PlanMigration, *, language: str, now: datetime) -> MoveView:
    line = OrderLine.objects.filter(customer_id=item.customer_id, order_id=item.order_id).order_by("line_no").first()
    entry = JournalEntry.objects.filter(
        customer_id=item.customer_id, id=item.back_entry_id or item.entry_id or UUID(int=0)
    ).first()
    return MoveView(
        item_id=item.id,
        plan_id=item.plan_id,
        order_id=item.order_id,
        order_no=item.order_no,
        title=line.name if line else "",
        giver=None if batch.from_provider == MALL else provider_view(batch.from_provider),
        taker=None if batch.to_provider == MALL else provider_view(batch.to_provider, plan_no=item.in_number),
        stage=_stage(item),
        may_decide=may_decide(batch, item, now=now),
        text=text_of(batch, language=language) if batch.to_provider != MALL else None,
        currency=item.currency,
        balance=balance_kept(item.ours),
        rows=tuple((row["n"], row["due_on"], balance_kept(row)) for row in item.ours.get("rows", ())),
        confirmed_minor=item.confirmed_minor,
        collected_minor=item.collected_minor,
        number=item.in_number if batch.to_provider != MALL else item.out_number,
        cutover_at=batch.cutover_at,
        rollback_until=batch.rollback_until,
        moved_at=item.moved_at,
        back_at=item.rolled_back_at,
        entry_seq=entry.seq if entry else None,
        proof=bytes(entry.hash).hex()[:32] if entry else "",
    )


def _stage(item: PlanMigrationItem) -> str:
    state = ItemState(item.state)
    if state in HAS_MOVED:
        return "moved"
    if state is ItemState.DROPPED:
        return "stays"
    if state is ItemState.ROLLED_BACK:
        return "back"
    if state is not ItemState.READY:
        return "moving"
    return {"": "asked", "not_needed": "announced"}.get(item.consent, item.consent)
