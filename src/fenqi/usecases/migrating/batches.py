"""What every step of a batch shares: who acts, the batch under lock, its items in turn."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count

from fenqi.domain.errors import NotFound
from fenqi.domain.migration import BatchState, BatchStep, ItemState, next_batch_state
from fenqi.records.models import PlanMigration, PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.staff.permissions import Permission, Staff

Actor = Staff | str
"""A member of staff, or whoever holds the machine: `cli`."""

AT_ONCE = 200


def actor_of(by: Actor, permission: Permission) -> str:
    """As the audit names them. Raises NotPermitted."""
    if isinstance(by, Staff):
        by.require(permission)
        return by.actor
    return by


def find_batch(migration_id: UUID) -> PlanMigration:
    """Raises NotFound."""
    batch = PlanMigration.objects.filter(id=migration_id).first()
    if batch is None:
        raise NotFound
    return batch


def locked_batch(migration_id: UUID) -> PlanMigration:
    """Held until the transaction ends. Raises NotFound."""
    batch = PlanMigration.objects.select_for_update().filter(id=migration_id).first()
    if batch is None:
        raise NotFound
    return batch


def move_batch(batch: PlanMigration, step: BatchStep, *, now: datetime, **columns: Any) -> None:
    """Take the step and keep what comes with it. The caller holds the batch. Raises BatchNotThere."""
    batch.state = next_batch_state(BatchState(batch.state), step).value
    batch.updated_at = now
    for name, value in columns.items():
        setattr(batch, name, value)
    batch.save()


def find_item(customer_id: UUID, item_id: UUID) -> PlanMigrationItem:
    """Raises NotFound."""
    item = PlanMigrationItem.objects.filter(customer_id=customer_id, id=item_id).first()
    if item is None:
        raise NotFound
    return item


def keep(item: PlanMigrationItem, *names: str, now: datetime) -> None:
    """Write these columns of it."""
    item.updated_at = now
    PlanMigrationItem.objects.filter(customer_id=item.customer_id, id=item.id).update(
        updated_at=now, **{name: getattr(item, name) for name in names}
    )


def items_in(migration_id: UUID, states: Collection[ItemState]) -> Iterator[PlanMigrationItem]:
    """The batch's plans that are in one of the states, in the order of their customers, a few hundred at a time."""
    last: PlanMigrationItem | None = None
    while True:
        with across_customers():
            found = PlanMigrationItem.objects.filter(migration_id=migration_id, state__in=[one.value for one in states])
            if last is not None:
                found = found.extra(
                    where=["(customer_id, id) > (%s, %s)"],
                    params=[last.customer_id, last.id],
                )
            rows = list(found.order_by("customer_id", "id")[:AT_ONCE])
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1]


def count_states(migration_id: UUID) -> Mapping[ItemState, int]:
    """How many plans of the batch are in each state."""
    with across_customers():
        counted = PlanMigrationItem.objects.filter(migration_id=migration_id).values("state")
        return {ItemState(row["state"]): row["n"] for row in counted.annotate(n=Count("id")).order_by()}


def audit_batch(actor: str, action: audit.Action, batch: PlanMigration, *, now: datetime, **details: Any) -> None:
    audit.record(
        actor,
        action,
        subject=f"migration:{batch.number}",
        reason=str(details.pop("reason", "")),
        details={"from": batch.from_provider, "to": batch.to_provider, **details},
        now=now,
    )
