"""Plans move to another finance partner, between two of them, and back: to the fen, once, and with both sides asked."""

from datetime import datetime, timedelta

import pytest

from fenqi.domain.migration import BatchState, ItemState, Reason
from fenqi.records.models import AuditRecord, OutboxMessage, PartnerPlan, PassedRepayment, Plan, PlanMigrationItem
from fenqi.usecases import clock
from fenqi.usecases.migrating.approving import approve, drop_plan
from fenqi.usecases.migrating.errors import HasDifferences, MigrationFileRefused, RollBackOver
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.migrating.rolling_back import roll_back
from fenqi.usecases.partners.by_hand import SamePerson
from fenqi.usecases.partners.errors import RepaidElsewhere
from fenqi.usecases.partners.holders import holdings
from fenqi.usecases.partners.passing_on import pass_on
from fenqi.usecases.partners.settlement import take_settlement
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.repayment.quote import PlanMoving
from fenqi.usecases.staff.permissions import Staff
from malls import Bought, Payer, bought
from moving import OTHER_PARTNER_CODE, PARTNER_CODE, drafted
from owed_back import books
from town import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R146")]


def on_fees() -> Bought:
    return bought(method="flat_fee", fee_rate="0.6", rounding="half_up")


def provider_of(plan: Bought) -> str:
    return Plan.objects.values_list("provider", flat=True).get(customer_id=plan.customer_id, id=plan.plan_id)


def test_a_plan_moves_to_a_lender_and_the_books_show_it(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plan = on_fees()
    owed = plan.state().totals.outstanding.total
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    assert moving.go_on(now=now) is BatchState.ANNOUNCED, "its time has not come"
    assert moving.go_on() is BatchState.CONFIRMED
    item = moving.item()
    assert (item.state, item.balance_minor, item.confirmed_minor) == (ItemState.CONFIRMED, owed, owed)
    assert provider_of(plan) == PARTNER_CODE
    standing = books(plan)
    assert standing["payable.partner"] == -owed
    assert standing["clearing.qingrong"] + item.interest_minor + item.fee_minor == owed
    with pytest.raises(RepaidElsewhere):
        plan.quote_token(1, now=moving.cutover_at + timedelta(hours=1))
    assert [one.provider for one in holdings(plan.customer_id, plan.plan_id)] == ["mall", PARTNER_CODE]
    assert list(check_books()) == []
