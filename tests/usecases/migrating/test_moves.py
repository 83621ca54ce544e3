"""Plans move to another finance partner, between two of them, and back: to the fen, once, and with both sides asked."""

from datetime import datetime, timedelta

import pytest

from fenqi.domain.migration import BatchState, ItemState, Reason
from fenqi.domain.money_map import MALL
from fenqi.records.models import (
    AuditRecord,
    NoFaultPeriod,
    OutboxMessage,
    PartnerPlan,
    PassedRepayment,
    Plan,
    PlanMigration,
    PlanMigrationItem,
)
from fenqi.usecases import clock
from fenqi.usecases.migrating.approving import approve, drop_plan
from fenqi.usecases.migrating.drafting import Wanted, draft_from_file
from fenqi.usecases.migrating.errors import HasDifferences, MigrationFileRefused, RollBackOver
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.migrating.rolling_back import roll_back, roll_back_plan
from fenqi.usecases.money_map.queries import money_map
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


def test_a_file_with_one_wrong_fen_stands_in_the_way_until_the_plan_is_dropped(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plans = on_fees(), on_fees()
    moving = drafted(maker, *plans, now=now, wrong_fen=1)
    rehearse(moving.migration_id, now=now)
    assert moving.states() == [ItemState.READY, ItemState.DIFFERS]
    (problem,) = moving.item(1).problems
    assert problem["theirs"] - problem["ours"] == 1
    with pytest.raises(HasDifferences):
        approve(second, moving.migration_id, now=now)
    drop_plan(maker, plans[1].customer_id, moving.item(1).id, reason="文件错一分", now=now)
    with pytest.raises(SamePerson):
        approve(maker, moving.migration_id, now=now)
    approve(second, moving.migration_id, now=now)
    assert moving.states() == [ItemState.READY, ItemState.DROPPED]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"order_no,balance\n",
        b"order_no,balance\nnobody,1.00",
        b"order_no;balance\n",
        b"\xff\xfe",
        b"order_no,balance\n,",
    ],
)
def test_a_file_that_cannot_be_read_drafts_nothing(lenders: Town, maker: Staff, now: datetime, content: bytes) -> None:
    wanted = Wanted(from_provider="mall", to_provider=PARTNER_CODE, cutover_at=now + timedelta(days=4))
    with pytest.raises(MigrationFileRefused):
        draft_from_file(maker, wanted, content, name="x.csv", now=now)
    assert not PlanMigration.objects.exists()


def test_a_partner_that_says_one_fen_more_and_a_plan_that_may_not_move_are_listed(
    lenders: Town, maker: Staff, now: datetime
) -> None:
    plan, settled = on_fees(), bought()
    settled.record(120_000, on=clock.business_date(now), now=now, key="all")
    moving = drafted(maker, plan, settled, now=now)
    lenders.order("query_transfer", "nonsense", channel="partner")
    rehearse(moving.migration_id, now=now)
    assert (moving.item(0).reason, moving.item(1).reason) == (Reason.THEIRS_DIFFERS, Reason.SETTLED)
    rehearse(moving.migration_id, now=now)
    assert moving.item(0).state == ItemState.READY, "rehearsed again, both agree"


def test_without_consent_a_plan_stays_and_its_customer_is_told(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plans = on_fees(), on_fees()
    moving = drafted(maker, *plans, now=now)
    moving.prepare(maker, second, now=now, agreeing=[0])
    assert moving.go_on() is BatchState.CONFIRMED
    assert moving.states() == [ItemState.CONFIRMED, ItemState.DROPPED]
    assert (moving.item(1).reason, provider_of(plans[1])) == (Reason.NO_CONSENT, "mall")
    told = OutboxMessage.objects.filter(customer_id=plans[1].customer_id, topic="migration_news")
    assert [one.body["news"] for one in told.order_by("created_at")] == ["announced", "stays"]


@pytest.mark.requirement("R147", "R148")
def test_a_payment_under_way_is_followed_to_its_end_before_the_plan_moves(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    at = moving.cutover_at
    started = plan.start(1, now=at - timedelta(minutes=1))
    assert moving.go_on() is BatchState.FROZEN
    assert (moving.item().state, moving.item().reason) == (ItemState.FROZEN, Reason.IN_FLIGHT)
    with pytest.raises(PlanMoving):
        plan.quote_token(1, now=at)
    before = plan.state().totals.outstanding.total
    Payer(started.redirect_url).press("confirm")
    assert moving.go_on(now=at + timedelta(minutes=2)) is BatchState.CONFIRMED
    item = moving.item()
    assert item.confirmed_minor == item.balance_minor == before - 10_720
    (paused,) = NoFaultPeriod.objects.filter(customer_id=plan.customer_id)
    assert (paused.cause, paused.ends_at) == ("plan_moving", paused.starts_at + timedelta(minutes=2))
    assert list(check_books()) == []


def test_a_payment_that_stays_unknown_keeps_its_plan_back(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    at = moving.cutover_at
    Payer(plan.start(1, now=at - timedelta(minutes=1)).redirect_url)
    lenders.order("query", "http_500", times=3)
    moving.go_on(now=at)
    assert moving.item().reason == Reason.PAYMENT_UNKNOWN
    moving.go_on(now=moving.batch.wait_until)
    assert (moving.item().state, moving.item().reason) == (ItemState.DROPPED, Reason.STILL_UNKNOWN)
    assert Plan.objects.get(customer_id=plan.customer_id, id=plan.plan_id).frozen_until is None


@pytest.mark.parametrize("fault", ["reset", "http_500", "wrong_signature"])
def test_a_lost_answer_is_asked_about_and_the_plan_moves_once(
    lenders: Town, maker: Staff, second: Staff, now: datetime, fault: str
) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    lenders.order("transfer", fault, channel="partner")
    assert moving.go_on() is BatchState.FROZEN
    assert moving.item().state == ItemState.ASKED
    lenders.order("transfer", fault, channel="partner")  # of the confirmation
    at = moving.until(ItemState.CONFIRMED, now=moving.cutover_at)
    assert moving.go_on(now=at) is BatchState.CONFIRMED
    assert PartnerPlan.objects.filter(customer_id=plan.customer_id).count() == 1
    assert list(check_books()) == []


def test_a_partner_that_takes_another_balance_is_told_to_forget_it(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    lenders.order("transfer", "nonsense", channel="partner")
    moving.go_on()
    item = moving.item()
    assert (item.state, item.reason, provider_of(plan)) == (ItemState.DROPPED, Reason.THEIRS_DIFFERS, "mall")
    plan.quote_token(1, now=moving.cutover_at)


@pytest.mark.requirement("R183")
def test_between_lenders_and_back_to_the_mall(lenders: Town, maker: Staff, second: Staff, now: datetime) -> None:
    plan = on_fees()
    owed, before = plan.state().totals.outstanding.total, books(plan)
    for giver, to in (("mall", PARTNER_CODE), (PARTNER_CODE, OTHER_PARTNER_CODE), (OTHER_PARTNER_CODE, "mall")):
        moving = drafted(maker, plan, now=now, giver=giver, to=to)
        moving.prepare(maker, second, now=now)
        assert moving.go_on() is BatchState.CONFIRMED
        assert (moving.item().confirmed_minor, provider_of(plan)) == (owed, to)
        now = moving.cutover_at
    standing = books(plan)
    assert "payable.partner" not in standing
    earned_there = standing["income.fee"] - before["income.fee"]
    assert earned_there == -sum(minor for account, minor in standing.items() if account.startswith("clearing."))
    assert money_map(plan.customer_id, plan.order_id).owed_to == MALL
    held = [one.provider for one in holdings(plan.customer_id, plan.plan_id)]
    assert held == ["mall", PARTNER_CODE, OTHER_PARTNER_CODE, "mall"]
    assert list(check_books()) == []


def test_a_batch_is_rolled_back_with_what_the_lender_has_collected(
    lenders: Town, maker: Staff, second: Staff, now: datetime
) -> None:
    plan = on_fees()
    before = books(plan)
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    moving.go_on()
    lenders.act(moving.item().in_number, "repay")
    at = moving.cutover_at + timedelta(hours=1)
    assert roll_back(second, moving.migration_id, reason="资方接口不稳定", now=at) == 1
    moving.go_on(now=at)
    assert moving.item().state == ItemState.REVOKING, "what it has collected is not on our plan yet"
    today = clock.business_date(now)
    taken = take_settlement(PARTNER_CODE, today, now=at)
    assert taken.repayments == 1
    at = moving.until(ItemState.ROLLED_BACK, now=at + timedelta(hours=2))
    assert (provider_of(plan), moving.item().collected_minor) == ("mall", 10_720)
    after = books(plan)
    assert after["clearing.qingrong"] == 10_720, "what it has collected it owes the mall"
    assert after["income.fee"] == before["income.fee"]
    assert list(check_books()) == []
    with pytest.raises(RollBackOver):
        roll_back_plan(second, plan.customer_id, moving.item().id, reason="再来", now=moving.batch.rollback_until)


@pytest.mark.parametrize("refused", ["", "PLAN_CLOSED"])
def test_late_money_is_passed_on_or_sent_back(
    lenders: Town, maker: Staff, second: Staff, now: datetime, refused: str
) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    moving.go_on()
    at = moving.cutover_at + timedelta(hours=1)
    plan.record(10_720, on=clock.business_date(now), now=at, key="counter")
    assert list(check_books()) == []
    passed = PassedRepayment.objects.get(customer_id=plan.customer_id)
    lenders.order("transfer", *(("code", refused) if refused else ("reset",)), channel="partner")
    state = pass_on(plan.customer_id, passed.id, now=at)
    assert state == ("returned" if refused else "waiting")
    assert pass_on(plan.customer_id, passed.id, now=at) == ("returned" if refused else "passed")
    owed = moving.item().balance_minor - (0 if refused else 10_720)
    assert (plan.state().totals.outstanding.total, books(plan)["payable.partner"]) == (owed, -owed)
    assert list(check_books()) == []


def test_a_law_names_a_plan_with_two_holders(lenders: Town, maker: Staff, second: Staff, now: datetime) -> None:
    plan = on_fees()
    moving = drafted(maker, plan, now=now)
    moving.prepare(maker, second, now=now)
    moving.go_on()
    Plan.objects.filter(customer_id=plan.customer_id, id=plan.plan_id).update(provider="mall")
    PlanMigrationItem.objects.filter(customer_id=plan.customer_id).update(confirmed_minor=1)
    laws = {found.law for found in check_books()}
    assert {"one_holder", "nothing_left_at_lenders", "moved_as_confirmed"} <= laws
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="plan_moved").exists()
