"""A batch at its cut-over: every plan goes on by itself until it has moved, is confirmed, or stays.

Called by the clock every minute and by whoever waits for it; killed anywhere, the next call goes on.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.domain.errors import FenqiError
from fenqi.domain.migration import BatchState, BatchStep, ItemState
from fenqi.records.models import PlanMigration, PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases.migrating.batches import count_states, find_batch, items_in, locked_batch, move_batch
from fenqi.usecases.migrating.moving import go_on_with
from fenqi.usecases.migrating.totals import ledger_totals

_BEFORE_THE_MOVE = (ItemState.READY, ItemState.FROZEN, ItemState.ASKED, ItemState.REVOKING)
_UNDER_WAY = (*_BEFORE_THE_MOVE, ItemState.MOVED)
_AFTERWARDS = (ItemState.REVOKING,)
_log = structlog.get_logger(__name__)


def due_migrations(*, now: datetime) -> list[UUID]:
    """Batches whose cut-over has come, or whose plans are not all at rest; the oldest first."""
    begun = PlanMigration.objects.filter(state__in=[BatchState.FROZEN.value, BatchState.MOVED.value])
    coming = PlanMigration.objects.filter(state=BatchState.ANNOUNCED.value, cutover_at__lte=now)
    ids = [*begun.values_list("id", flat=True), *coming.values_list("id", flat=True)]
    with across_customers():
        back = PlanMigrationItem.objects.filter(state=ItemState.REVOKING.value).values_list("migration_id", flat=True)
        ids += list(back.distinct())
    return list(dict.fromkeys(ids))


def go_on(
    migration_id: UUID, *, now: datetime, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> BatchState:
    """Take every step that can be taken now; where the batch stands then. Raises NotFound."""
    batch = find_batch(migration_id)
    if batch.state == BatchState.ANNOUNCED and now >= batch.cutover_at:
        batch = _begin(migration_id, now=now)
    is_running = batch.state in (BatchState.FROZEN, BatchState.MOVED)
    if is_running or batch.state in (BatchState.CONFIRMED, BatchState.ROLLED_BACK):
        states = _UNDER_WAY if is_running else _AFTERWARDS
        counted = count_states(migration_id)
        total = sum(counted.get(state, 0) for state in states)
        for done, item in enumerate(items_in(migration_id, states), 1):
            try:
                go_on_with(item.customer_id, item.id, now=now)
            except FenqiError as refusal:  # one plan holds up no other
                _log.error("plan_does_not_move", item=str(item.id), code=refusal.code)
            on_progress(done, total)
    return _look(migration_id, now=now)


def _begin(migration_id: UUID, *, now: datetime) -> PlanMigration:
    before = ledger_totals(migration_id)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        if batch.state == BatchState.ANNOUNCED:
            move_batch(batch, BatchStep.FREEZE, now=now, frozen_at=now, totals_before=dict(before))
    return batch


def _look(migration_id: UUID, *, now: datetime) -> BatchState:
    """The batch follows its plans."""
    counted = count_states(migration_id)
    after = ledger_totals(migration_id)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        if batch.state == BatchState.FROZEN and not any(counted.get(state) for state in _BEFORE_THE_MOVE):
            move_batch(batch, BatchStep.ALL_MOVED, now=now, moved_at=now, totals_after=dict(after))
        if batch.state == BatchState.MOVED and not any(counted.get(state) for state in _UNDER_WAY):
            move_batch(batch, BatchStep.ALL_CONFIRMED, now=now, confirmed_at=now)
        if batch.state == BatchState.ROLLED_BACK and not counted.get(ItemState.REVOKING):
            batch.totals_after = dict(after)
            batch.save(update_fields=["totals_after"])
    return BatchState(batch.state)
