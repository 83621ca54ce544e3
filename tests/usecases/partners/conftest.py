"""A mall whose goods lenders finance."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from fenqi.channels.partner import NewPartnerPlan
from fenqi.domain.payments import Outcome
from fenqi.records.models import Account, Role
from fenqi.usecases import rails
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.partners.funding import PartnerFunding
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import Staff, staff_member
from lenders import CARD, OPENED, PARTNER_CODE, PLATFORM
from malls import Bought, a_customer, an_order, noon
from town import Town


@pytest.fixture
def staff() -> Callable[[str, str], Staff]:
    def make(name: str, role: str) -> Staff:
        account = Account.objects.filter(username=name).first()
        if account is None:
            password = secrets.token_urlsafe(18)
            account = create_staff(username=name, password=password, role=role, actor="test", now=noon("2026-01-01"))
        member = staff_member(account)
        assert member
        return member

    return make


@pytest.fixture
def admin(staff: Callable[[str, str], Staff]) -> Staff:
    return staff("admin", Role.ADMIN)


@pytest.fixture
def lenders(town: Town, admin: Staff) -> Town:
    for said in (PLATFORM, CARD):
        edit_provider(admin, said, now=noon("2026-01-01"))
    return town


@pytest.fixture
def financed(lenders: Town) -> Callable[..., Bought]:
    """Buys for 1,200.00 on twelve installments that a lender finances; at the platform the plan is opened, too."""

    def buy(
        *, provider: str = PARTNER_CODE, fee_rate: str = "0.6", commission: int = 2_400, subsidy: int = 0
    ) -> Bought:
        ref = f"c-{secrets.token_hex(6)}"
        plan_no = f"P{secrets.token_hex(8)}"
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
                    opened_on=OPENED,
                )
            )
            assert opened.outcome is Outcome.SUCCEEDED
        terms = {"method": "flat_fee", "fee_rate": fee_rate} if fee_rate != "0" else {"method": "interest_free"}
        order = an_order(f"o-{ref}", ref=ref, placed=OPENED.isoformat(), rounding="half_up", **terms)
        assert order.plan
        funding = PartnerFunding(plan_no=plan_no, commission_minor=commission, subsidy_minor=subsidy)
        told = replace(order, plan=replace(order.plan, provider=provider, partner=funding))
        taken = register_order(told, now=noon(OPENED))
        assert taken.plan_id
        return Bought(taken.customer_id, taken.order_id, taken.plan_id)

    return buy


@pytest.fixture
def now() -> datetime:
    return noon("2026-06-15")
