"""What a return does at the lender, asked before the customer confirms, and how it stands afterwards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.channels.partner import PartnerEffect
from fenqi.domain.payments import Outcome
from fenqi.domain.workdays import add_workdays
from fenqi.records.models import FinanceProvider, PartnerRefund, Plan, ProviderKind
from fenqi.usecases import rails
from fenqi.usecases.partners.errors import PartnerRefuses, PartnerUnavailable
from fenqi.usecases.partners.holders import lenders_row
from fenqi.usecases.partners.providers import MALL, provider_of, providers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """A lender as its customers read of it, in both languages."""

    code: str
    is_card: bool
    name_zh: str
    name_en: str
    repays_here: bool
    balance_spendable: bool
    balance_withdrawable: bool
    balance_rules_zh: str
    balance_rules_en: str
    contact_phone: str
    contact_zh: str
    contact_en: str
    plan_no: str = ""

    def name(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en

    def balance_rules(self, language: str) -> str:
        return self.balance_rules_zh if language.startswith("zh") else self.balance_rules_en

    def contact(self, language: str) -> str:
        return self.contact_zh if language.startswith("zh") else self.contact_en


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPart:
    """What a return of `amount_minor` does at the lender; kept with the quote. amount = cancelled + surplus.

    `surplus_minor` becomes the customer's balance there (R053); on a card all of it is a credit on the statement.
    """

    provider: str
    plan_no: str
    amount_minor: int
    cancelled_minor: int
    dropped_fees_minor: int
    surplus_minor: int
    commission_back_minor: int
    subsidy_back_minor: int
    is_cancelled: bool
    expected_by: date

    def to_mapping(self) -> dict[str, Any]:
        mapping = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**mapping, "expected_by": self.expected_by.isoformat()}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "PartnerPart":
        return cls(**{**mapping, "expected_by": date.fromisoformat(mapping["expected_by"])})


def ask_partner(customer_id: UUID, plan_id: UUID, *, amount_minor: int, on: date) -> PartnerPart | None:
    """What the lender says that a return would do; None for a plan of the mall's own. Calls the lender: never inside a
    transaction. Raises UnknownProvider, UnknownPartner, PartnerUnavailable, PartnerRefuses.
    """
    code = Plan.objects.values_list("provider", flat=True).get(customer_id=customer_id, id=plan_id)
    lender = provider_of(code)
    if lender is None:
        return None
    kept = lenders_row(customer_id, plan_id)
    plan_no = kept.plan_no if kept else ""
    if lender.kind == ProviderKind.CARD:
        return _on_a_card(lender, plan_no, amount_minor, on=on)
    reply = rails.partner(code).quote_refund(plan_no=plan_no, amount=amount_minor, effective_on=on)
    if reply.effect is None:
        refusal = PartnerRefuses if reply.outcome is Outcome.FAILED else PartnerUnavailable
        raise refusal(provider=lender.name_zh, code=reply.code or "")
    return part_of(lender, plan_no, reply.effect, on=on)


def part_of(lender: FinanceProvider, plan_no: str, effect: PartnerEffect, *, on: date) -> PartnerPart:
    return PartnerPart(
        provider=lender.code,
        plan_no=plan_no,
        amount_minor=effect.amount,
        cancelled_minor=effect.cancelled_principal,
        dropped_fees_minor=effect.dropped_fees,
        surplus_minor=effect.surplus,
        commission_back_minor=effect.commission_back,
        subsidy_back_minor=effect.subsidy_back,
        is_cancelled=effect.plan_state.value == "cancelled",
        expected_by=expected_by(lender, on=on),
    )


def _on_a_card(lender: FinanceProvider, plan_no: str, amount_minor: int, *, on: date) -> PartnerPart:
    """The bank's own plan goes on: all of it is a credit on the next statement (R049)."""
    return PartnerPart(
        provider=lender.code,
        plan_no=plan_no,
        amount_minor=amount_minor,
        cancelled_minor=0,
        dropped_fees_minor=0,
        surplus_minor=amount_minor,
        commission_back_minor=0,
        subsidy_back_minor=0,
        is_cancelled=False,
        expected_by=expected_by(lender, on=on),
    )


def expected_by(lender: FinanceProvider, *, on: date) -> date:
    return add_workdays(on, lender.latest_working_days).on


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerRefundView:
    """A return at the lender, as pages show it. `state` is one of `domain.payments.refunds.RefundState`."""

    refund_id: UUID
    case_id: UUID | None
    provider: ProviderView
    number: str
    amount_minor: int
    currency: str
    state: str
    alert: str
    cancelled_minor: int
    dropped_fees_minor: int
    surplus_minor: int
    commission_back_minor: int
    subsidy_back_minor: int
    submitted_at: datetime | None
    accepted_at: datetime | None
    settled_at: datetime | None
    expected_by: date | None
    created_at: datetime


def provider_view(code: str, *, plan_no: str = "") -> ProviderView | None:
    """None for the mall itself, and for a lender that is not set up."""
    return _view(found, plan_no) if (found := providers_of([code]).get(code)) else None


def providers_by_code(codes: Iterable[str]) -> Mapping[str, ProviderView]:
    """Those of these lenders that are set up."""
    return {code: _view(one, "") for code, one in providers_of(codes).items()}


def repaid_elsewhere(codes: Iterable[str]) -> Mapping[str, ProviderView]:
    """Of these lenders, those that collect the installments themselves."""
    return {code: _view(one, "") for code, one in providers_of(codes).items() if not one.repays_here}


def provider_of_plan(customer_id: UUID, plan_id: UUID, code: str) -> ProviderView | None:
    """The lender of a plan with the number it knows it by; None for the mall's own."""
    if code == MALL:
        return None
    kept = lenders_row(customer_id, plan_id)
    return provider_view(code, plan_no=kept.plan_no if kept else "")


def refunds_at_partners(
    customer_id: UUID, *, order_id: UUID | None = None, case_id: UUID | None = None
) -> list[PartnerRefundView]:
    """Newest first; of an order, of a case, or all. Two statements at most."""
    found = PartnerRefund.objects.filter(customer_id=customer_id)
    if order_id is not None:
        found = found.filter(order_id=order_id)
    if case_id is not None:
        found = found.filter(case_id=case_id)
    return refund_views(list(found.order_by("-created_at", "-id")))


def refund_views(rows: Sequence[PartnerRefund]) -> list[PartnerRefundView]:
    """With their lenders, in one more statement."""
    lenders = providers_of(row.provider for row in rows)
    return [_refund_view(row, lenders[row.provider]) for row in rows if row.provider in lenders]


def _refund_view(row: PartnerRefund, lender: FinanceProvider) -> PartnerRefundView:
    return PartnerRefundView(
        refund_id=row.id,
        case_id=row.case_id,
        provider=_view(lender, row.plan_no),
        number=row.number,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=row.state,
        alert=row.alert,
        cancelled_minor=row.cancelled_minor,
        dropped_fees_minor=row.dropped_fees_minor,
        surplus_minor=row.surplus_minor,
        commission_back_minor=row.commission_back_minor,
        subsidy_back_minor=row.subsidy_back_minor,
        submitted_at=row.submitted_at,
        accepted_at=row.accepted_at,
        settled_at=row.settled_at,
        expected_by=row.expected_by,
        created_at=row.created_at,
    )


def _view(lender: FinanceProvider, plan_no: str) -> ProviderView:
    return ProviderView(
        code=lender.code,
        is_card=lender.kind == ProviderKind.CARD,
        name_zh=lender.name_zh,
        name_en=lender.name_en,
        repays_here=lender.repays_here,
        balance_spendable=lender.balance_spendable,
        balance_withdrawable=lender.balance_withdrawable,
        balance_rules_zh=lender.balance_rules_zh,
        balance_rules_en=lender.balance_rules_en,
        contact_phone=lender.contact_phone,
        contact_zh=lender.contact_zh,
        contact_en=lender.contact_en,
        plan_no=plan_no,
    )
