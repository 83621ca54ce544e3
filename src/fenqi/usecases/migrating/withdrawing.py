"""A draft that was only made to be rehearsed is forgotten: nobody was told of it, and no plan of it moves."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.migration import BatchNotThere, BatchState
from fenqi.records.models import PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.migrating.batches import Actor, actor_of, audit_batch, locked_batch
from fenqi.usecases.staff.permissions import Permission

_FORGETTABLE = (BatchState.DRAFT, BatchState.REHEARSED)


def forget(by: Actor, migration_id: UUID, *, now: datetime) -> None:
    """Raises NotPermitted, NotFound, and BatchNotThere for one that was approved."""
    actor = actor_of(by, Permission.MOVE_PLANS)
    with transaction.atomic(durable=True):
        batch = locked_batch(migration_id)
        if batch.state not in _FORGETTABLE:
            raise BatchNotThere(state=batch.state, step="forget")
        audit_batch(actor, audit.Action.MIGRATION_CANCELLED, batch, now=now, reason="dry run")
        with across_customers():
            PlanMigrationItem.objects.filter(migration_id=migration_id).delete()
        batch.delete()
