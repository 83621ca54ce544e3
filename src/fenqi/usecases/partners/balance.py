"""What a customer has at a lender, asked there and then: it is the lender's to say, and none of it is kept (R054)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.channels.interface import UnknownPartner
from fenqi.channels.partner import PartnerPlan as PlanThere
from fenqi.domain.errors import NotFound
from fenqi.records.models import Plan
from fenqi.usecases import rails, rate_limits
from fenqi.usecases.partners.queries import ProviderView, provider_of_plan
from fenqi.usecases.rate_limits import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderBalance:
    """`there` is the plan as its lender has it; None when it gave no answer that can be relied on."""

    plan_id: UUID
    order_id: UUID
    currency: str
    provider: ProviderView
    there: PlanThere | None
    asked_at: datetime


def lender_balance(customer_id: UUID, plan_id: UUID, *, now: datetime) -> LenderBalance:
    """Calls the lender: never inside a transaction.

    Raises NotFound for a plan of the mall's own, or on a card, where there is no balance to ask for; TooManyRequests.
    """
    plan = Plan.objects.filter(customer_id=customer_id, id=plan_id).first()
    provider = provider_of_plan(customer_id, plan_id, plan.provider) if plan else None
    if plan is None or provider is None or provider.is_card or not provider.plan_no:
        raise NotFound
    rate_limits.count(Rate.LENDER_BALANCE, str(customer_id))
    return LenderBalance(
        plan_id=plan_id,
        order_id=plan.order_id,
        currency=plan.currency,
        provider=provider,
        there=_ask(provider),
        asked_at=now,
    )


def _ask(provider: ProviderView) -> PlanThere | None:
    """None of one that is not connected, too: to the customer it is the same."""
    try:
        return rails.partner(provider.code).plan(provider.plan_no).plan
    except UnknownPartner:
        return None
