"""What the mall tells of its orders: registered when they arrive, with their plans; a lender opens its own first."""

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from fenqi.channels.partner import NewPartnerPlan
from fenqi.domain.payments import Outcome
from fenqi.interfaces.commands.demo import a_line, payment_of, terms_of
from fenqi.interfaces.commands.demo_year.people import FIRST_REF
from fenqi.interfaces.commands.demo_year.shopping import PLATFORM, Purchase
from fenqi.records import directory
from fenqi.records.models import DirectoryKind
from fenqi.usecases import audit, clock
from fenqi.usecases.orders.inputs import CustomerInput, OrderInput, PlanInput
from fenqi.usecases.orders.register import register_customer, register_order
from fenqi.usecases.partners.funding import PartnerFunding
from fenqi.usecases.rails import partner
from fenqi.usecases.reserves.ask import ReserveInput, ask_for_reserve

COMMISSION_PART: Final = 50
"""The platform keeps one part in so many."""


def customer_of(ref: str) -> UUID | None:
    holder = directory.find(DirectoryKind.CUSTOMER_REF, ref)
    return holder.customer_id if holder else None


def is_year_house() -> bool:
    """Whether a year was simulated here: then the sample mall is not loaded beside it."""
    return customer_of(FIRST_REF) is not None


def tell_order(purchase: Purchase, *, now: datetime) -> UUID:
    """The order as it stands now; told again, it is brought up to date. Whose it is."""
    person = purchase.person
    customer_id = customer_of(person.ref)
    if customer_id is None:
        told = CustomerInput(ref=person.ref, name=person.name, phone=person.phone, language=person.language)
        customer_id = register_customer(told, now=now).customer_id
    order = _order(purchase, now=now)
    taken = register_order(order, now=now)
    if purchase.reserve_minor and taken.plan_id and taken.outcome == "taken":
        ask_for_reserve(
            customer_id,
            taken.order_id,
            ReserveInput(amount_minor=purchase.reserve_minor),
            request_key=f"year:{purchase.order_no}",
            actor=audit.SYSTEM,
            now=now,
        )
    return customer_id


def _order(purchase: Purchase, *, now: datetime) -> OrderInput:
    line = a_line(purchase.sku, quantity=purchase.quantity, discount_minor=purchase.discount_minor)
    total = line.quantity * line.unit_price_minor - line.discount_minor
    placed_at = datetime.combine(purchase.placed_on, time(9, 30), tzinfo=clock.mall_zone())
    delivered_at = datetime.combine(purchase.delivered_on, time(8, 20), tzinfo=clock.mall_zone())
    is_there = delivered_at <= now
    plan = _plan(purchase, total)
    return OrderInput(
        order_no=purchase.order_no,
        customer_ref=purchase.person.ref,
        currency="CNY",
        placed_at=placed_at,
        approved_at=placed_at + timedelta(minutes=3),
        delivered_at=delivered_at if is_there else None,
        status="delivered" if is_there else "shipped",
        lines=(line,),
        payments=(payment_of(total, plan),),
        plan=plan,
    )


def _plan(purchase: Purchase, total: int) -> PlanInput | None:
    if purchase.terms is None:
        return None
    terms = terms_of(purchase.terms, total, purchase.placed_on)
    if purchase.provider != PLATFORM:
        return PlanInput(terms=terms)
    plan_no = purchase.order_no.replace("-", "")
    opened = partner(PLATFORM).open_plan(
        NewPartnerPlan(
            plan_no=plan_no,
            customer=purchase.person.ref,
            amount=total,
            currency="CNY",
            installments=12,
            fee_rate="0.6",
            opened_on=purchase.placed_on,
        )
    )
    if opened.outcome is not Outcome.SUCCEEDED:
        return PlanInput(terms=terms)  # the mall finances it itself
    funding = PartnerFunding(plan_no=plan_no, commission_minor=total // COMMISSION_PART)
    return PlanInput(terms=terms, provider=PLATFORM, partner=funding)
