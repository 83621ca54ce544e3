"""A move is taken back until the stated time: of one plan, or of the whole batch. The worker tells the partners."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput
from fenqi.domain.migration import HAS_MOVED, BatchState, BatchStep, ItemState, Reason, next_batch_state
from fenqi.records import locks
from fenqi.records.models import PlanMigration, PlanMigrationItem
from fenqi.usecases import audit
from fenqi.usecases.migrating.batches import (
    audit_batch,
    find_batch,
    find_item,
    items_in,
    keep,
    locked_batch,
    move_batch,
)
from fenqi.usecases.migrating.errors import RollBackOver
from fenqi.usecases.migrating.freezing import pause
from fenqi.usecases.migrating.moving import drop
from fenqi.usecases.migrating.taking_back import is_movable_back
from fenqi.usecases.staff.permissions import Permission, Staff

_ALL = (ItemState.READY, ItemState.FROZEN, ItemState.ASKED, ItemState.MOVED, ItemState.CONFIRMED)


def roll_back_plan(staff: Staff, customer_id: UUID, item_id: UUID, *, reason: str, now: datetime) -> None:
    """Raises NotPermitted, NotFound, InvalidInput, RollBackOver."""
    staff.require(Permission.APPROVE_MOVES)
    reason = _reason(reason)
    item = find_item(customer_id, item_id)
    batch = find_batch(item.migration_id)
    if not can_roll_back(batch, now=now) or not _send_back(batch, item, now=now):
        raise RollBackOver
    audit.record(
        staff.actor,
        audit.Action.MIGRATION_ROLLED_BACK,
        customer_id=customer_id,
        subject=f"migration:{batch.number}",
        reason=reason,
        details={"order_no": item.order_no},
        now=now,
    )


def roll_back(staff: Staff, migration_id: UUID, *, reason: str, now: datetime) -> int:
    """Everything that can go back does; how many plans are on their way. What has changed since stays where it is.

    Raises NotPermitted, NotFound, InvalidInput, BatchNotThere, RollBackOver.
    """
    staff.require(Permission.APPROVE_MOVES)
    reason = _reason(reason)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        if batch.state != BatchState.ROLLED_BACK:
            next_batch_state(BatchState(batch.state), BatchStep.ROLL_BACK)
            if not can_roll_back(batch, now=now):
                raise RollBackOver
            move_batch(batch, BatchStep.ROLL_BACK, now=now, ended_by=staff.actor, ended_at=now)
            audit_batch(staff.actor, audit.Action.MIGRATION_ROLLED_BACK, batch, now=now, reason=reason)
    return sum(_send_back(batch, item, now=now) for item in items_in(migration_id, _ALL))


def can_roll_back(batch: PlanMigration, *, now: datetime) -> bool:
    begun = (BatchState.FROZEN, BatchState.MOVED, BatchState.CONFIRMED, BatchState.ROLLED_BACK)
    return batch.state in begun and now < batch.rollback_until


def _send_back(batch: PlanMigration, item: PlanMigrationItem, *, now: datetime) -> bool:
    """Whether it is on its way back: from now on no repayment is newly started."""
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.state in (ItemState.READY, ItemState.FROZEN):
            drop(item, Reason.BATCH_CANCELLED, now=now)
            return False
        if item.state == ItemState.ASKED:
            item.reason = Reason.BATCH_CANCELLED.value
        elif item.state not in HAS_MOVED or not is_movable_back(batch, item):
            return False
        item.state, item.asked, item.next_at = ItemState.REVOKING.value, 0, None
        keep(item, "state", "reason", "asked", "next_at", now=now)
        pause(item, until=now + timedelta(minutes=batch.freeze_minutes), now=now)
        return True


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput(where="reason", problem="say why", problem_zh="请填写原因")
    return reason[:200]
