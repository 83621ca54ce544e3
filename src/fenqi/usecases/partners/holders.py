"""Who holds a plan, and who held it from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.records.models import PartnerPlan
from fenqi.usecases.partners.providers import MALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One holder of a plan; `since` and `until` are None where the order begins and where it still holds it."""

    provider: str
    plan_no: str
    since: datetime | None
    until: datetime | None


def lenders_row(customer_id: UUID, plan_id: UUID) -> PartnerPlan | None:
    """What the lender that holds the plan knows it by; None while the mall holds it."""
    held = PartnerPlan.objects.filter(customer_id=customer_id, plan_id=plan_id, released_at__isnull=True)
    return held.first()


def holdings(customer_id: UUID, plan_id: UUID) -> Sequence[Holding]:
    """Every holder in turn, the first one first; the mall fills what is between two lenders."""
    rows = PartnerPlan.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("created_at", "id")
    found: list[Holding] = []
    at: datetime | None = None
    is_first = True
    for row in rows:
        if row.taken_over_at is not None and (is_first or row.taken_over_at != at):
            found.append(Holding(provider=MALL, plan_no="", since=at, until=row.taken_over_at))
        found.append(
            Holding(provider=row.provider, plan_no=row.plan_no, since=row.taken_over_at, until=row.released_at)
        )
        at, is_first = row.released_at, False
    if is_first or at is not None:
        found.append(Holding(provider=MALL, plan_no="", since=at, until=None))
    return found
