"""Staff change a plan: shown first, done as shown, by as many people as the rules ask, and with the customer's word."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from fenqi.domain.errors import InvalidInput
from fenqi.domain.hardship.changes import (
    ChangeBlocked,
    ChangeKind,
    ChangeMoved,
    ChangeNotReady,
    ChangeOpen,
    ChangeState,
    ChargeOffTooEarly,
    RescheduleOutOfRange,
    WaiverOutOfRange,
)
from fenqi.domain.plans import Component, PlanStatus
from fenqi.records.models import AuditRecord, JournalLine, Plan, PlanChange
from fenqi.usecases.hardship.agree import ConsentGiven, agree, decline, offered, record_consent
from fenqi.usecases.hardship.approve import approve_change, take_back_change
from fenqi.usecases.hardship.errors import LendersPlan
from fenqi.usecases.hardship.on_day import on_day
from fenqi.usecases.hardship.propose import Wanted, propose, simulate
from fenqi.usecases.notices.hardship import tell_change
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.refunds.transfer import SamePerson
from fenqi.usecases.staff.permissions import NotPermitted, Staff
from malls import Bought, a_customer, bought, noon
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db

NOW = noon("2026-03-10")  # 37 days past the first due date
ANEW = Wanted(kind=ChangeKind.RESCHEDULE, installments=6, first_due_on=date(2026, 4, 1))
OFF = Wanted(kind=ChangeKind.CHARGE_OFF)
LONG_AFTER = noon("2026-05-20")


def waiver(amount: int, component: Component = Component.FEE) -> Wanted:
    return Wanted(kind=ChangeKind.WAIVER, component=component, amount_minor=amount)


def with_fees(**more: Any) -> Bought:
    return bought(method="flat_fee", fee_rate="1", **more)


def change(plan: Bought, wanted: Wanted, staff: Staff, *, now: datetime = NOW, key: str = "k") -> PlanChange:
    token = simulate(staff, plan.customer_id, plan.plan_id, wanted, now=now).token
    change_id = propose(
        staff,
        plan.customer_id,
        plan.plan_id,
        token=token,
        reason="lost the job",
        request_key=key,
        now=now,
    )
    return found(plan, change_id)


def found(plan: Bought, change_id: UUID) -> PlanChange:
    return PlanChange.objects.get(customer_id=plan.customer_id, id=change_id)


def booked(plan: Bought, account: str) -> int:
    lines = JournalLine.objects.filter(customer_id=plan.customer_id, account=account)
    return sum(line.debit_minor - line.credit_minor for line in lines)


def clean(plan: Bought) -> bool:
    return [finding for finding in check_books() if finding.customer_id == plan.customer_id] == []


def test_a_small_waiver_is_done_at_once_as_it_was_shown() -> None:
    plan = with_fees()
    before = plan.state()
    made = change(plan, waiver(2_000), agent())
    assert (made.state, made.amount_minor, made.needs_second) == ("done", 2_000, False)
    assert plan.state().totals.outstanding.total == before.totals.outstanding.total - 2_000
    assert booked(plan, "expense.waiver") == 2_000
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="waiver_proposed").count() == 1
    assert clean(plan)


def test_asked_again_under_its_key_it_is_done_once() -> None:
    plan = with_fees()
    assert change(plan, waiver(1_000), agent()).id == change(plan, waiver(1_000), agent()).id
    assert booked(plan, "expense.waiver") == 1_000


@pytest.mark.parametrize(
    ("wanted", "who"), [(waiver(5_001), agent()), (waiver(1_000, Component.PRINCIPAL), finance("one"))]
)
def test_above_the_limit_and_for_principal_two_people_are_asked(wanted: Wanted, who: Staff) -> None:
    plan = with_fees()
    made = change(plan, wanted, who)
    assert (made.state, booked(plan, "expense.waiver")) == ("proposed", 0)
    with pytest.raises((SamePerson, NotPermitted)):
        approve_change(who, plan.customer_id, made.id, now=NOW)
    approve_change(finance("two"), plan.customer_id, made.id, now=NOW)
    assert (found(plan, made.id).state, booked(plan, "expense.waiver")) == ("done", wanted.amount_minor)
    with pytest.raises(ChangeNotReady):
        approve_change(finance("three"), plan.customer_id, made.id, now=NOW)
    assert clean(plan)


@pytest.mark.parametrize("amount", [0, 14_401])
def test_never_more_is_waived_than_is_open(amount: int) -> None:
    with pytest.raises(WaiverOutOfRange):
        change(with_fees(), waiver(amount), finance("one"))


def test_what_was_shown_before_money_came_in_is_not_done() -> None:
    plan = with_fees()
    token = simulate(agent(), plan.customer_id, plan.plan_id, waiver(1_000), now=NOW).token
    plan.record(500, on=date(2026, 3, 9), now=NOW, key="money")
    with pytest.raises(ChangeMoved):
        propose(agent(), plan.customer_id, plan.plan_id, token=token, reason="lost the job", request_key="k", now=NOW)
    with pytest.raises(ChangeMoved):
        propose(
            agent(), plan.customer_id, plan.plan_id, token=token[:-2], reason="lost the job", request_key="k", now=NOW
        )
    assert not PlanChange.objects.filter(customer_id=plan.customer_id).exists()


def test_a_reason_is_asked_for() -> None:
    plan = with_fees()
    token = simulate(agent(), plan.customer_id, plan.plan_id, waiver(1_000), now=NOW).token
    with pytest.raises(InvalidInput):
        propose(agent(), plan.customer_id, plan.plan_id, token=token, reason=" x ", request_key="k", now=NOW)


def test_a_new_schedule_holds_once_the_customer_agrees() -> None:
    plan = with_fees()
    before = plan.state()
    made = change(plan, ANEW, agent())
    assert (made.state, plan.state()) == ("offered", before)
    with pytest.raises(ChangeOpen):
        change(plan, ANEW, agent(), key="other")
    token = offered(plan.customer_id, made.id, now=NOW).token
    for _ in range(2):
        agree(plan.customer_id, made.id, token=token, language="zh", now=NOW)
    after = plan.state()
    assert [row.due_on.isoformat() for row in after.rows if row.outstanding.total][:2] == ["2026-04-01", "2026-05-01"]
    assert after.totals == before.totals
    done = found(plan, made.id)
    assert (done.state, done.consent["how"], done.consented_at) == ("done", "portal", NOW)
    assert clean(plan)


def test_above_the_limit_a_new_schedule_is_offered_by_two() -> None:
    plan = with_fees(principal=400_000)
    made = change(plan, ANEW, agent())
    assert made.state == "proposed"
    with pytest.raises(ChangeNotReady):
        offered(plan.customer_id, made.id, now=NOW)
    assert approve_change(finance("two"), plan.customer_id, made.id, now=NOW) is ChangeState.OFFERED
    record_consent(
        agent(),
        plan.customer_id,
        made.id,
        token=offered(plan.customer_id, made.id, now=NOW).token,
        how=ConsentGiven.BY_PHONE,
        note="said yes on the recorded line",
        now=NOW,
    )
    done = found(plan, made.id)
    assert (done.state, done.consent["how"], done.consent["by"]) == ("done", "by_phone", agent().actor)
    assert clean(plan)


def test_what_was_agreed_to_before_money_came_in_is_shown_anew() -> None:
    plan = with_fees()
    made = change(plan, ANEW, agent())
    token = offered(plan.customer_id, made.id, now=NOW).token
    plan.record(500, on=date(2026, 3, 10), now=NOW, key="money")
    with pytest.raises(ChangeMoved):
        agree(plan.customer_id, made.id, token=token, language="zh", now=NOW)
    agree(plan.customer_id, made.id, token=offered(plan.customer_id, made.id, now=NOW).token, language="zh", now=NOW)
    assert found(plan, made.id).state == "done"


def test_a_schedule_that_is_declined_taken_back_or_left_changes_nothing() -> None:
    plans = [with_fees() for _ in range(3)]
    before = plans[0].state()
    made = [change(plan, ANEW, agent()) for plan in plans]
    decline(plans[0].customer_id, made[0].id, now=NOW)
    take_back_change(agent(), plans[1].customer_id, made[1].id, now=NOW)
    late = date(2026, 3, 25)
    on_day(late, first=plans[2].customer_id, last=plans[2].customer_id, now=noon(late))
    states = [found(plan, one.id).state for plan, one in zip(plans, made, strict=True)]
    assert states == ["declined", "withdrawn", "withdrawn"]
    assert all(plan.state() == before for plan in plans)


@pytest.mark.parametrize(
    ("count", "first"), [(0, "2026-04-01"), (37, "2026-04-01"), (6, "2026-03-10"), (6, "2026-05-01")]
)
def test_a_schedule_stays_within_the_rules(count: int, first: str) -> None:
    wanted = Wanted(kind=ChangeKind.RESCHEDULE, installments=count, first_due_on=date.fromisoformat(first))
    with pytest.raises(RescheduleOutOfRange):
        change(with_fees(), wanted, agent())


@pytest.mark.usefixtures("town")
def test_nothing_is_changed_while_a_payment_has_no_known_outcome() -> None:
    plan = with_fees()
    plan.start_unknown(1, now=NOW)
    for wanted in (ANEW, waiver(100), OFF):
        with pytest.raises(ChangeBlocked):
            simulate(finance("one"), plan.customer_id, plan.plan_id, wanted, now=LONG_AFTER)


def test_a_plan_is_written_off_by_two_and_what_comes_later_is_a_recovery() -> None:
    plan = with_fees()
    with pytest.raises(ChargeOffTooEarly):
        change(plan, OFF, finance("one"))
    with pytest.raises(NotPermitted):
        change(plan, OFF, agent(), now=LONG_AFTER)
    made = change(plan, OFF, finance("one"), now=LONG_AFTER)
    assert plan.state().status is PlanStatus.ACTIVE
    with pytest.raises(SamePerson):
        approve_change(finance("one"), plan.customer_id, made.id, now=LONG_AFTER)
    approve_change(finance("two"), plan.customer_id, made.id, now=LONG_AFTER)
    owed = plan.state().totals.outstanding.total
    assert plan.state().status is PlanStatus.CHARGED_OFF
    assert (booked(plan, "expense.bad_debt"), booked(plan, "allowance.bad_debt")) == (owed, -owed)
    plan.record(30_000, on=date(2026, 5, 21), now=noon("2026-05-21"), key="recovery")
    assert (booked(plan, "expense.bad_debt"), booked(plan, "allowance.bad_debt")) == (owed - 30_000, 30_000 - owed)
    assert clean(plan)


def test_a_lenders_plan_is_the_lenders_to_change() -> None:
    plan = with_fees()
    Plan.objects.filter(customer_id=plan.customer_id).update(provider="some_lender")
    with pytest.raises(LendersPlan):
        simulate(agent(), plan.customer_id, plan.plan_id, waiver(100), now=NOW)


def test_the_customer_is_told_of_the_offer_and_of_what_was_done(town: Town) -> None:
    phone = "17000000932"
    plan = bought("change-told", method="flat_fee", fee_rate="1")
    a_customer("change-told", phone=phone)
    made = change(plan, ANEW, agent())
    assert tell_change(plan.customer_id, made.id, now=NOW)
    agree(plan.customer_id, made.id, token=offered(plan.customer_id, made.id, now=NOW).token, language="zh", now=NOW)
    assert tell_change(plan.customer_id, made.id, now=NOW)
    assert not tell_change(plan.customer_id, made.id, now=NOW)
    waived = change(plan, waiver(100), agent(), key="w")
    assert tell_change(plan.customer_id, waived.id, now=NOW)
    assert len(town.messages(phone)) == 3
