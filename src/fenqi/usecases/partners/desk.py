"""What staff see of lenders: returns that a person must look at, and the daily files of the last weeks."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fenqi.records.models import Customer, PartnerRefund, PartnerSettlement
from fenqi.records.scope import across_customers
from fenqi.usecases.partners.queries import PartnerRefundView, refund_views


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAtPartner:
    """A return at a lender that does not go on by itself; `alert` says why. Staff actors as the audit names them."""

    customer_id: UUID
    customer_ref: str
    refund: PartnerRefundView
    reference: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementView:
    provider: str
    day: date
    line_count: int
    net_minor: int
    currency: str
    differences: tuple[dict[str, Any], ...]


def waiting_for_a_person(*, limit: int) -> list[WaitingAtPartner]:
    """The oldest first."""
    with across_customers():
        rows = list(PartnerRefund.objects.exclude(alert="").order_by("created_at", "id")[:limit])
        refs = dict(Customer.objects.filter(id__in={row.customer_id for row in rows}).values_list("id", "ref"))
    views = {view.refund_id: view for view in refund_views(rows)}
    return [
        WaitingAtPartner(
            customer_id=row.customer_id,
            customer_ref=refs.get(row.customer_id, ""),
            refund=views[row.id],
            reference=row.reference,
            proposed_by=row.proposed_by,
        )
        for row in rows
        if row.id in views
    ]


def settlements(*, limit: int) -> list[SettlementView]:
    """The newest day first."""
    return [
        SettlementView(
            provider=row.provider,
            day=row.day,
            line_count=row.line_count,
            net_minor=row.net_minor,
            currency=row.currency,
            differences=tuple(row.differences),
        )
        for row in PartnerSettlement.objects.order_by("-day", "provider")[:limit]
    ]
