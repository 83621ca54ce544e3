"""The days of a plan that are not counted, as they are on record (P809)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings

from fenqi.domain.workdays import next_workday
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


def free_days(exempt: AbstractSet[date], due_on: date) -> AbstractSet[date]:
    """Of a row due on that day: the plan's exempt days, and those through the next working day when it is a rest day
    (P509), if the mall says so.
    """
    if not settings.FENQI_REST_DAYS_ARE_FREE:
        return exempt
    late = (next_workday(due_on).on - due_on).days
    return exempt | {due_on + timedelta(days=n) for n in range(1, late + 1)} if late else exempt
