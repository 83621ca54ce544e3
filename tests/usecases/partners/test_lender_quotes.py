"""The refund quote of goods that a lender financed: all of it goes there, and what it does there is said beforehand."""

from collections.abc import Callable
from datetime import datetime

import pytest

from fenqi.domain.aftersales.quote import Funding
from fenqi.domain.aftersales.reasons import Reason
from fenqi.records.models import QuoteRecord
from fenqi.usecases.aftersales.quoting import quote, work_out
from fenqi.usecases.partners.errors import PartnerUnavailable
from lenders import CARD, PARTNER_CODE, repaid_there, returned
from malls import Bought
from returned import a_return
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

Buy = Callable[..., Bought]
FAULTY = a_return((1, 1), reason=Reason.FAULTY)


@pytest.mark.requirement("R050", "R051", "R052", "R053")
def test_the_platform_says_what_it_cancels_and_what_becomes_balance_there(
    financed: Buy, lenders: Town, now: datetime
) -> None:
    plan = financed(subsidy=4_800, fee_rate="0")
    repaid_there(lenders, plan, 2)
    shown = quote(plan.customer_id, plan.order_id, FAULTY, now=now)
    assert (shown.funding, shown.provider) == (Funding.PARTNER, PARTNER_CODE)
    assert (shown.value_minor, shown.partner_minor, shown.cash_minor, shown.off_plan_minor) == (120_000, 120_000, 0, 0)
    assert shown.partner is not None
    assert (shown.partner.cancelled_minor, shown.partner.surplus_minor) == (100_000, 20_000)
    assert shown.partner.is_cancelled
    assert shown.subsidy_back_minor == 4_800
    assert shown.after is not None
    assert (shown.ways, shown.after.outstanding_minor, len(shown.rows)) == ((), 0, 12)


@pytest.mark.requirement("R049")
def test_a_card_gets_it_as_a_credit_and_its_rows_are_the_banks(financed: Buy, now: datetime) -> None:
    plan = financed(provider=CARD.code)
    shown = quote(plan.customer_id, plan.order_id, FAULTY, now=now)
    assert (shown.funding, shown.partner_minor, shown.cash_minor, shown.rows) == (Funding.CARD, 120_000, 0, ())
    assert shown.partner is not None
    assert shown.partner.surplus_minor == 120_000


def test_a_platform_that_answers_nonsense_leaves_nothing_behind(financed: Buy, lenders: Town, now: datetime) -> None:
    plan = financed()
    lenders.order("query", "nonsense", channel="partner")
    with pytest.raises(PartnerUnavailable):
        quote(plan.customer_id, plan.order_id, FAULTY, now=now)
    assert not QuoteRecord.objects.filter(customer_id=plan.customer_id).exists()


def test_what_is_on_its_way_to_the_lender_is_not_sent_twice(financed: Buy, now: datetime) -> None:
    plan = financed()
    returned(plan, 70_000, now=now)
    worked = work_out(plan.customer_id, plan.order_id, FAULTY, now=now)
    assert (worked.quote.partner, worked.quote.unpaid) == (50_000, 70_000)
