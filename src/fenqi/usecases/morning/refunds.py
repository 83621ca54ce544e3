"""Parts of refunds on their way, of all customers: which are past the day on which they should have arrived."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.payments.refunds import RefundState
from fenqi.records.models import Customer, Refund, RefundLeg
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.customers import view
from fenqi.usecases.views import CustomerView


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOnItsWay:
    """One part of a refund; `number` is what to quote where it went."""

    customer: CustomerView
    refund_id: UUID
    leg_id: UUID
    cause: str
    route: str
    channel: str
    number: str
    amount_minor: int
    currency: str
    state: str
    began_at: datetime
    expected_by: date | None
    arrived_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """How many parts should have arrived, minor units by currency, and the earliest of those days."""

    count: int
    sums: Mapping[str, int]
    oldest: date | None


def _late(today: date) -> Q:
    """It has left, and nobody saw it arrive by the last day of its window."""
    return Q(state=RefundState.SUCCEEDED.value, arrived_on=None, expected_by__lt=today)


def late_refunds(*, today: date) -> Late:
    with across_customers():
        found = list(RefundLeg.objects.filter(_late(today)).values_list("currency", "amount_minor", "expected_by"))
    sums: dict[str, int] = defaultdict(int)
    for currency, minor, _by in found:
        sums[currency] += minor
    return Late(count=len(found), sums=dict(sums), oldest=min((by for *_sum, by in found if by), default=None))


def list_late_legs(*, today: date, limit: int) -> tuple[list[LegOnItsWay], bool]:
    """The longest overdue first; whether there are more than `limit`."""
    return _read(RefundLeg.objects.filter(_late(today)).order_by("expected_by", "id"), limit=limit)


def list_legs(*, from_on: date, to_on: date, limit: int) -> tuple[list[LegOnItsWay], bool]:
    """Those made in the period, both days included, the newest first."""
    found = RefundLeg.objects.filter(
        created_at__gte=clock.end_of_business_day(from_on - timedelta(days=1)),
        created_at__lt=clock.end_of_business_day(to_on),
    )
    return _read(found.order_by("-created_at", "-id"), limit=limit)


def _read(found: QuerySet[RefundLeg], *, limit: int) -> tuple[list[LegOnItsWay], bool]:
    with across_customers():
        legs = list(found[: limit + 1])
        refunds = Refund.objects.filter(id__in={leg.refund_id for leg in legs})
        causes = {refund.id: refund.cause for refund in refunds}
        customers = Customer.objects.filter(id__in={leg.customer_id for leg in legs})
        who = {customer.id: view(customer) for customer in customers}
    views = [
        LegOnItsWay(
            customer=who[leg.customer_id],
            refund_id=leg.refund_id,
            leg_id=leg.id,
            cause=causes[leg.refund_id],
            route=leg.route,
            channel=leg.channel,
            number=leg.transfer_reference or leg.refund_no or leg.out_refund_no,
            amount_minor=leg.amount_minor,
            currency=leg.currency,
            state=leg.state,
            began_at=leg.created_at,
            expected_by=leg.expected_by,
            arrived_on=leg.arrived_on,
        )
        for leg in legs[:limit]
    ]
    return views, len(legs) > limit
