"""Who has the money of an order: positions that sum to zero and agree with the books, whatever has happened."""

from datetime import UTC, datetime, timedelta

import pytest

from fenqi.domain.errors import NotFound
from fenqi.domain.money_map import CUSTOMER, MALL, Holder, Party, Why
from fenqi.records.identifiers import new_id
from fenqi.records.models import ChannelBill
from fenqi.usecases import clock
from fenqi.usecases.money_map.queries import MoneyMap, money_map
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.settlement import take_settlement
from fenqi.usecases.refunds.resolve import look_at_arrival
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment import resolve
from lenders import PARTNER_CODE, buy_financed, repaid_there, returned
from malls import Bought, Payer, a_customer, bought
from owed_back import books, legs_of, paid_twice
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

ALIPAY = Party(Holder.CHANNEL, "alipay")


def standing(found: MoneyMap) -> dict[Party, int]:
    assert sum(position.amount for position in found.positions) == 0
    return {position.party: position.amount for position in found.positions}


def of(plan: Bought) -> MoneyMap:
    return money_map(plan.customer_id, plan.order_id)


def test_a_repayment_is_with_the_channel_until_its_day_is_paid_out(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    started = plan.start(1, now=now)
    Payer(started.redirect_url).press("confirm")
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    found = of(plan)
    assert standing(found) == {CUSTOMER: -10_000, ALIPAY: 10_000}
    assert (found.owed_minor, found.owed_to) == (110_000, MALL)
    assert books(plan)["clearing.alipay"] == 10_000
    day = clock.business_date(now)
    ChannelBill.objects.create(
        channel="alipay", bill_date=day, digest="", source="fetched", currency="CNY", taken_at=now, matched_at=now
    )
    assert standing(of(plan)) == {CUSTOMER: -10_000, MALL: 10_000}


def test_money_paid_twice_is_owed_then_with_the_channel_then_back(town: Town) -> None:
    now = datetime.now(UTC)
    plan, refund = paid_twice(now=now)
    found = of(plan)
    assert standing(found) == {CUSTOMER: -20_000, ALIPAY: 10_000, MALL: 10_000}
    assert found.owed_back_minor == 10_000
    (leg,) = legs_of(refund)
    send_leg(plan.customer_id, leg.id, now=now)
    sent = of(plan)
    assert sent.owed_back_minor == 0
    assert standing(sent)[CUSTOMER] == -20_000
    look_at_arrival(plan.customer_id, leg.id, now=now + timedelta(days=30))
    arrived = of(plan)
    assert standing(arrived)[CUSTOMER] == -10_000
    assert next(one.why for one in arrived.movements) is Why.ARRIVED


def test_another_customers_order_is_not_found() -> None:
    plan = bought()
    stranger = a_customer("stranger")
    with pytest.raises(NotFound):
        money_map(stranger, plan.order_id)
    with pytest.raises(NotFound):
        money_map(plan.customer_id, new_id())


@pytest.mark.requirement("R053")
def test_what_a_lender_keeps_as_balance_is_told(lenders: Town) -> None:
    lender = Party(Holder.LENDER, PARTNER_CODE)
    plan, now = buy_financed(), datetime.now(UTC)
    assert standing(of(plan)) == {MALL: 117_600, lender: -117_600}
    assert of(plan).owed_to == lender
    repaid_there(lenders, plan, 2)
    take_settlement(PARTNER_CODE, clock.business_date(now), now=now)
    row = returned(plan, 120_000, now=now)
    refunding.send(plan.customer_id, row.id, now=now)
    found = of(plan)
    assert standing(found) == {CUSTOMER: -21_440, lender: 21_440}
    assert (found.yours_at_lender_minor, found.owed_minor) == (20_000, 0)
