"""Lenders for the tests: a platform that keeps plans and balances, in the sandbox, and a bank's card installments."""

from datetime import date

from fenqi.channels.first_run import PARTNER_CODE
from fenqi.records.models import PartnerPlan
from fenqi.usecases.partners.providers import ProviderTexts
from malls import Bought
from town import Town

__all__ = ["CARD", "OPENED", "PARTNER_CODE", "PLATFORM", "repaid_there"]

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
