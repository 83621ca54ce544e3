"""The pause of a plan while it moves: no repayment is newly started, and the days are nobody's fault (P809, R156)."""

from datetime import datetime
from uuid import UUID

from fenqi.records.identifiers import derived_id
from fenqi.records.models import NoFaultCause, NoFaultPeriod, Plan, PlanMigrationItem


def pause(item: PlanMigrationItem, *, until: datetime, now: datetime) -> None:
    """From now on, or for longer. The caller holds the customer's lock."""
    Plan.objects.filter(customer_id=item.customer_id, id=item.plan_id).update(frozen_until=until, updated_at=now)
    days = NoFaultPeriod.objects.filter(customer_id=item.customer_id, id=_days_of(item))
    if days.exists():
        days.update(ends_at=until)
        return
    NoFaultPeriod.objects.create(
        customer_id=item.customer_id,
        id=_days_of(item),
        plan_id=item.plan_id,
        cause=NoFaultCause.PLAN_MOVING.value,
        starts_at=now,
        ends_at=until,
        evidence={"item": str(item.id)},
        recorded_at=now,
    )


def resume(item: PlanMigrationItem, *, now: datetime) -> None:
    """It is over. The caller holds the customer's lock."""
    Plan.objects.filter(customer_id=item.customer_id, id=item.plan_id).update(frozen_until=None, updated_at=now)
    days = NoFaultPeriod.objects.filter(customer_id=item.customer_id, id=_days_of(item), ends_at__gt=now)
    days.filter(starts_at__lte=now).update(ends_at=now)


def _days_of(item: PlanMigrationItem) -> UUID:
    """Of the way there, and another period of the way back."""
    return derived_id("no_fault", item.id, "there" if item.moved_at is None else "back")
