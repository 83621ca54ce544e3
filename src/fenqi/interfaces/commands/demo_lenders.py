"""A lender in the sample mall: the platform of the sandbox, and an order that it finances. Only beside a sandbox."""

from datetime import datetime, timedelta
from typing import Final

from fenqi.channels.first_run import OTHER_PARTNER_CODE, PARTNER_CODE
from fenqi.channels.partner import NewPartnerPlan
from fenqi.domain.payments import Outcome
from fenqi.interfaces.commands.demo import a_line, is_known, payment_of, terms_of
from fenqi.records.models import FinanceProvider
from fenqi.usecases import clock
from fenqi.usecases.orders.inputs import OrderInput, PlanInput
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.partners.funding import PartnerFunding
from fenqi.usecases.partners.providers import ProviderTexts, edit_provider
from fenqi.usecases.rails import partner
from fenqi.usecases.staff.permissions import Staff

PLATFORM: Final = ProviderTexts(
    code=PARTNER_CODE,
    kind="platform",
    name_zh="轻融分期",
    name_en="Qingrong",
    balance_rules_zh="余额可在轻融合作商户消费，也可提现到本人银行卡，1 至 3 个工作日到账。",
    balance_rules_en="Spend the balance at Qingrong's shops, or withdraw it to your card in 1 to 3 working days.",
    usual_working_days=1,
    latest_working_days=5,
    contact_phone="400-000-0000",
    contact_zh="轻融客服每天 9:00 至 21:00，报分期单号即可查询。",
    contact_en="Qingrong answers from 9:00 to 21:00 every day; quote the number of the plan.",
)
OTHER_PLATFORM: Final = ProviderTexts(
    code=OTHER_PARTNER_CODE,
    kind="platform",
    name_zh="安心分期",
    name_en="Anxin",
    balance_rules_zh="余额可提现到本人银行卡，1 至 3 个工作日到账。",
    balance_rules_en="The balance can be withdrawn to your card in 1 to 3 working days.",
    usual_working_days=1,
    latest_working_days=5,
    contact_phone="400-000-0009",
    contact_zh="在安心分期 App 或小程序还款，报分期单号即可查询，每天 8:00 至 22:00。",
    contact_en="Repay in Anxin's app. It answers from 8:00 to 22:00 every day; quote the number of the plan.",
)
"""Nothing is financed by it at first: plans can be moved to it."""
CARD: Final = ProviderTexts(
    code="cmb_card",
    kind="card",
    name_zh="招商银行信用卡",
    name_en="CMB credit card",
    usual_working_days=3,
    latest_working_days=15,
    contact_phone="400-000-0001",
)

ORDER_NO: Final = "MM-4601"
PLAN_NO: Final = "QRMM4601"
BOUGHT_BY: Final = "MM-80422"
DISCOUNT_MINOR: Final = 9_900
COMMISSION_RATE: Final = 50
"""The platform keeps one part in so many."""


def add_lenders(admin: Staff, *, now: datetime) -> None:
    """Set the lenders up and take the order, unless that was done."""
    for said in (PLATFORM, OTHER_PLATFORM, CARD):
        if not FinanceProvider.objects.filter(code=said.code).exists():
            edit_provider(admin, said, now=now)
    if is_known(ORDER_NO):
        return
    line = a_line("SD-R5", quantity=1, discount_minor=DISCOUNT_MINOR)
    amount = line.unit_price_minor - DISCOUNT_MINOR
    placed_at = now - timedelta(days=6)
    opened_on = clock.business_date(placed_at)
    opened = partner(PARTNER_CODE).open_plan(
        NewPartnerPlan(
            plan_no=PLAN_NO,
            customer=BOUGHT_BY,
            amount=amount,
            currency="CNY",
            installments=12,
            fee_rate="0.6",
            opened_on=opened_on,
        )
    )
    if opened.outcome is not Outcome.SUCCEEDED:
        return
    plan = PlanInput(
        terms=terms_of("12 by fee", amount, opened_on),
        provider=PARTNER_CODE,
        partner=PartnerFunding(plan_no=PLAN_NO, commission_minor=amount // COMMISSION_RATE),
    )
    order = OrderInput(
        order_no=ORDER_NO,
        customer_ref=BOUGHT_BY,
        currency="CNY",
        placed_at=placed_at,
        approved_at=placed_at + timedelta(minutes=3),
        delivered_at=now - timedelta(days=3),
        status="delivered",
        lines=(line,),
        payments=(payment_of(amount, plan),),
        plan=plan,
    )
    with clock.stopped(placed_at + timedelta(minutes=3)):
        register_order(order, now=clock.now())
