"""Who else finances an order, as its customer reads of it (R050-R056)."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import get_language

from fenqi.usecases.partners.queries import ProviderView, provider_of_plan, provider_view


@dataclass(frozen=True, slots=True, kw_only=True)
class LenderTold:
    """A lender in the reader's language. `collects`: it takes the installments itself."""

    name: str
    is_card: bool
    collects: bool
    rules: str
    phone: str
    contact: str
    plan_no: str


def lender_context(customer_id: UUID, plan_id: UUID, provider: str) -> dict[str, object]:
    """`lender`, and whether it collects: then nothing is paid here."""
    found = provider_of_plan(customer_id, plan_id, provider)
    if found is None:
        return {}
    return {"lender": told(found), "lender_collects": not found.repays_here}


def told(view: ProviderView) -> LenderTold:
    language = get_language() or "zh-hans"
    return LenderTold(
        name=view.name(language),
        is_card=view.is_card,
        collects=not view.repays_here,
        rules=view.balance_rules(language),
        phone=view.contact_phone,
        contact=view.contact(language),
        plan_no=view.plan_no,
    )


def lender_name(code: str) -> str:
    """In the reader's language; of a lender that is not set up its code, and nothing of the mall itself."""
    lender = provider_view(code) if code else None
    return lender.name(get_language() or "zh-hans") if lender else code
