"""The days of a plan that are not counted, as they are on record (P809)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from fenqi.records.models import NoFaultPeriod
from fenqi.usecases import clock
from fenqi.usecases.views import NoFaultView


def no_fault_of(customer_id: UUID, plan_ids: Iterable[UUID]) -> Mapping[UUID, tuple[NoFaultView, ...]]:
    """Plan to its periods, the earliest first. One statement."""
    periods: dict[UUID, list[NoFaultView]] = defaultdict(list)
    kept = NoFaultPeriod.objects.filter(customer_id=customer_id, plan_id__in=list(plan_ids))
    for period in kept.order_by("starts_at", "id"):
        view = NoFaultView(
            cause=period.cause,
            from_on=clock.business_date(period.starts_at),
            until_on=clock.business_date(period.ends_at) if period.ends_at else None,
        )
        periods[period.plan_id].append(view)
    return {plan_id: tuple(views) for plan_id, views in periods.items()}


def exempt_days(periods: Iterable[NoFaultView], *, today: date) -> frozenset[date]:
    """All days that the periods touch; one that is not over lasts through today."""
    return frozenset(
        period.from_on + timedelta(days=days)
        for period in periods
        for days in range(((period.until_on or max(today, period.from_on)) - period.from_on).days + 1)
    )
