"""Lenders for the tests: a platform that keeps plans and balances, in the sandbox, and a bank's card installments."""

import secrets
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from fenqi.channels.first_run import PARTNER_CODE
from fenqi.channels.partner import NewPartnerPlan
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from fenqi.records import locks
from fenqi.records.models import PartnerPlan, PartnerRefund
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, rails
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.funding import PartnerFunding
from fenqi.usecases.partners.providers import ProviderTexts
from malls import Bought, a_customer, an_order, noon
from town import Town

__all__ = ["CARD", "OPENED", "PARTNER_CODE", "PLATFORM", "buy_financed", "repaid_there", "returned"]

OPENED = date(2026, 1, 31)
PLATFORM = ProviderTexts(
    code=PARTNER_CODE,
    kind="platform",
    name_zh="轻融分期",
    name_en="Qingrong",
    balance_rules_zh="余额可在轻融消费，也可提现到本人银行卡。",
    balance_rules_en="The balance can be spent at Qingrong or withdrawn to your own bank card.",
    contact_phone="400-000-0000",
)
CARD = ProviderTexts(code="cmb_card", kind="card", name_zh="招商银行信用卡", name_en="CMB credit card")


def repaid_there(town: Town, plan: Bought, times: int) -> None:
    """The holder repays at the platform, which the mall learns from the daily file."""
    plan_no = PartnerPlan.objects.get(customer_id=plan.customer_id, plan_id=plan.plan_id).plan_no
    for _ in range(times):
        town.act(plan_no, "repay")


def buy_financed(
    *,
    provider: str = PARTNER_CODE,
    fee_rate: str = "0.6",
    commission: int = 2_400,
    subsidy: int = 0,
    opened_on: date = OPENED,
) -> Bought:
    """1,200.00 yuan on twelve installments that a lender finances; at the platform the plan is opened, too."""
    ref, plan_no = f"c-{secrets.token_hex(6)}", f"P{secrets.token_hex(8)}"
    a_customer(ref)
    if provider == PARTNER_CODE:
        opened = rails.partner(provider).open_plan(
            NewPartnerPlan(
                plan_no=plan_no,
                customer=ref,
                amount=120_000,
                currency="CNY",
                installments=12,
                fee_rate=fee_rate,
                opened_on=opened_on,
            )
        )
        assert opened.outcome is Outcome.SUCCEEDED
    terms = {"method": "flat_fee", "fee_rate": fee_rate} if fee_rate != "0" else {"method": "interest_free"}
    order = an_order(f"o-{ref}", ref=ref, placed=opened_on.isoformat(), rounding="half_up", **terms)
    assert order.plan
    funding = PartnerFunding(plan_no=plan_no, commission_minor=commission, subsidy_minor=subsidy)
    told = replace(order, plan=replace(order.plan, provider=provider, partner=funding))
    taken = register_order(told, now=noon(opened_on))
    assert taken.plan_id
    return Bought(taken.customer_id, taken.order_id, taken.plan_id)


def returned(plan: Bought, amount: int, *, now: datetime, case_id: UUID | None = None) -> PartnerRefund:
    """A return at the lender, stored and not sent."""
    with transaction.atomic():
        locks.customer(plan.customer_id)
        decision = Decision(plan.customer_id)
        refund_id = refunding.refund_over_partner(
            decision,
            plan_id=plan.plan_id,
            order_id=plan.order_id,
            case_id=case_id,
            amount=Money(amount, "CNY"),
            effective_on=clock.business_date(now),
            actor="tests",
            now=now,
        )
        write(decision)
    return PartnerRefund.objects.get(customer_id=plan.customer_id, id=refund_id)
