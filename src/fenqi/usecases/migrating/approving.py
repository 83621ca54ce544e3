"""What people decide about a rehearsed batch: drop a plan, approve it as a second person, announce it, call it off."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput
from fenqi.domain.migration import BatchNotThere, BatchState, BatchStep, ItemState, Reason, next_batch_state
from fenqi.records import locks
from fenqi.records.models import PlanMigrationItem
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, outbox
from fenqi.usecases.migrating.batches import (
    audit_batch,
    count_states,
    find_batch,
    find_item,
    items_in,
    keep,
    locked_batch,
    move_batch,
)
from fenqi.usecases.migrating.errors import HasDifferences, NoticeTooShort
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.partners.by_hand import SamePerson
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.staff.permissions import Permission, Staff

LEAST_NOTICE: Final = timedelta(days=3)
"""Between the announcement and the cut-over: time to read, to ask, and to decide."""

NOT_NEEDED, AGREED, DECLINED = "not_needed", "agreed", "declined"
_DROPPED_BY_HAND = (ItemState.LISTED, ItemState.READY, ItemState.DIFFERS)
_CAN_BE_DROPPED = (BatchState.DRAFT, BatchState.REHEARSED, BatchState.APPROVED, BatchState.ANNOUNCED)


def drop_plan(staff: Staff, customer_id: UUID, item_id: UUID, *, reason: str, now: datetime) -> None:
    """It stays where it is; the audit keeps why. Raises NotPermitted, NotFound, BatchNotThere, InvalidInput."""
    staff.require(Permission.MOVE_PLANS)
    reason = _reason(reason)
    with transaction.atomic(durable=True):
        batch = locked_batch(find_item(customer_id, item_id).migration_id)
        if batch.state not in _CAN_BE_DROPPED:
            raise BatchNotThere(state=batch.state, step="drop")
        locks.customer(customer_id)
        item = find_item(customer_id, item_id)
        if item.state not in _DROPPED_BY_HAND:
            return
        item.state, item.reason = ItemState.DROPPED.value, Reason.BY_STAFF.value
        keep(item, "state", "reason", now=now)
        if item.told_at is not None:
            _tell_of_end(item, now=now)
        audit.record(
            staff.actor,
            audit.Action.MIGRATION_PLAN_DROPPED,
            customer_id=customer_id,
            subject=f"migration:{batch.number}",
            reason=reason,
            details={"order_no": item.order_no},
            now=now,
        )


def approve(staff: Staff, migration_id: UUID, *, now: datetime) -> None:
    """By another person than who made it, and only when nothing differs.

    Raises NotPermitted, NotFound, BatchNotThere, SamePerson, HasDifferences.
    """
    staff.require(Permission.APPROVE_MOVES)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        next_batch_state(BatchState(batch.state), BatchStep.APPROVE)
        if batch.made_by == staff.actor:
            raise SamePerson
        counted = count_states(migration_id)
        wrong = counted.get(ItemState.LISTED, 0) + counted.get(ItemState.DIFFERS, 0)
        if batch.rehearsing or wrong or not counted.get(ItemState.READY):
            raise HasDifferences(plans=wrong)
        move_batch(batch, BatchStep.APPROVE, now=now, approved_by=staff.actor, approved_at=now)
        audit_batch(staff.actor, audit.Action.MIGRATION_APPROVED, batch, now=now, plans=counted[ItemState.READY])


def announce(staff: Staff, migration_id: UUID, *, now: datetime) -> None:
    """Tell every customer of it, and ask those whose consent is needed. Killed in between, it is called again.

    Raises NotPermitted, NotFound, BatchNotThere, NoticeTooShort.
    """
    staff.require(Permission.MOVE_PLANS)
    batch = find_batch(migration_id)
    if batch.state != BatchState.ANNOUNCED:
        next_batch_state(BatchState(batch.state), BatchStep.ANNOUNCE)
    if batch.cutover_at - now < LEAST_NOTICE:
        raise NoticeTooShort(days=LEAST_NOTICE.days)
    for item in items_in(migration_id, (ItemState.READY,)):
        _announce_to(item, needs_consent=batch.to_provider != MALL, now=now)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        if batch.state == BatchState.ANNOUNCED:
            return
        move_batch(batch, BatchStep.ANNOUNCE, now=now, announced_by=staff.actor, announced_at=now)
        audit_batch(staff.actor, audit.Action.MIGRATION_ANNOUNCED, batch, now=now)


def _announce_to(item: PlanMigrationItem, *, needs_consent: bool, now: datetime) -> None:
    with transaction.atomic(durable=True):
        locks.customer(item.customer_id)
        item = find_item(item.customer_id, item.id)
        if item.told_at is not None or item.state != ItemState.READY:
            return
        item.told_at = now
        item.consent = "" if needs_consent else NOT_NEEDED
        keep(item, "told_at", "consent", now=now)
        decision = Decision(item.customer_id)
        outbox.tell_of_migration(decision, item.id, news="announced", at=polite_time(now), now=now)
        write(decision)


def cancel(staff: Staff, migration_id: UUID, *, reason: str, now: datetime) -> None:
    """Call it off before the cut-over: every plan stays, and who was told of it is told. Raises as above."""
    staff.require(Permission.MOVE_PLANS)
    reason = _reason(reason)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        move_batch(batch, BatchStep.CANCEL, now=now, ended_by=staff.actor, ended_at=now, rehearsing=False)
        audit_batch(staff.actor, audit.Action.MIGRATION_CANCELLED, batch, now=now, reason=reason)
    for item in items_in(migration_id, _DROPPED_BY_HAND):
        with transaction.atomic(durable=True):
            locks.customer(item.customer_id)
            item.state, item.reason = ItemState.DROPPED.value, Reason.BATCH_CANCELLED.value
            keep(item, "state", "reason", now=now)
            if item.told_at is not None:
                _tell_of_end(item, now=now)


def _tell_of_end(item: PlanMigrationItem, *, now: datetime) -> None:
    decision = Decision(item.customer_id)
    outbox.tell_of_migration(decision, item.id, news="stays", at=polite_time(now), now=now)
    write(decision)


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput(where="reason", problem="say why", problem_zh="请填写原因")
    return reason[:200]
