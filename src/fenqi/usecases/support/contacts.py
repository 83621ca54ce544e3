"""Whom to turn to, in one place: the mall's own channels, and the lenders of the customer's own orders (R173, R176)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings

from fenqi.records.models import Order, PartnerPlan, Plan
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.partners.queries import ProviderView, providers_by_code
from fenqi.usecases.support.service_desk import ServiceDesk, service_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderContact:
    """A lender's own contact, and the number to quote there."""

    provider: ProviderView
    order_id: UUID
    order_no: str
    plan_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    desk: ServiceDesk
    complaints_phone: str
    lenders: tuple[LenderContact, ...]


def contacts_of(customer_id: UUID | None, *, now: datetime) -> Contacts:
    """Of a visitor: the mall's channels alone. A fixed number of statements."""
    return Contacts(
        desk=service_desk(now),
        complaints_phone=settings.FENQI_COMPLAINTS_PHONE,
        lenders=_lenders(customer_id) if customer_id else (),
    )


def _lenders(customer_id: UUID) -> tuple[LenderContact, ...]:
    plans = list(Plan.objects.filter(customer_id=customer_id).exclude(provider=MALL).order_by("-opened_on", "id"))
    known = providers_by_code({plan.provider for plan in plans})
    numbers = dict(PartnerPlan.objects.filter(customer_id=customer_id).values_list("plan_id", "plan_no"))
    orders = dict(Order.objects.filter(customer_id=customer_id).values_list("id", "order_no"))
    return tuple(
        LenderContact(
            provider=known[plan.provider],
            order_id=plan.order_id,
            order_no=orders.get(plan.order_id, ""),
            plan_no=numbers.get(plan.id, ""),
        )
        for plan in plans
        if plan.provider in known
    )
