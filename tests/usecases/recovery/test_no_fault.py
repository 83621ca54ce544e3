"""Time that is not the customer's fault is kept with its evidence, and no late fee is told for it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fenqi.channels.interface import ChannelReply
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.domain.plans import Row, parse_terms
from fenqi.domain.plans.late_fees import first_late_fee_on, last_free_on, projected_late_fee
from fenqi.domain.plans.state import Components
from fenqi.records.models import Account, NoFaultPeriod, PaymentAttempt
from fenqi.usecases import clock
from fenqi.usecases.conditions.edit import NewCondition, add_condition, withdraw_condition
from fenqi.usecases.conditions.queries import method_unavailability
from fenqi.usecases.recovery.no_fault import note_all_closed
from fenqi.usecases.repayment import queries
from fenqi.usecases.repayment.settle import settle_attempt
from fenqi.usecases.repayment.start import StartedRepayment
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.staff.permissions import NotPermitted, Staff, staff_member
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

MAINTENANCE = Verdict(Outcome.FAILED, FailureCategory.CHANNEL_MAINTENANCE, RetryMark.LATER)
UNKNOWN = Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST)


def staff(role: str) -> Staff:
    found = Account.objects.filter(username=role).first() or create_staff(
        username=role, password="three-blue-teapots-1987", role=role, actor="system", now=clock.now()
    )
    member = staff_member(found)
    assert member
    return member


def told(plan: Bought, started: StartedRepayment, outcome: Outcome, now: datetime, **more: Any) -> None:
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)
    reply = ChannelReply(outcome=outcome, out_trade_no=attempt.out_trade_no, **more)
    settle_attempt(plan.customer_id, attempt.id, reply, actor="channel:alipay", now=now)


def periods(plan: Bought) -> list[NoFaultPeriod]:
    return list(NoFaultPeriod.objects.filter(customer_id=plan.customer_id).order_by("starts_at", "cause"))


@pytest.mark.requirement("R139")
def test_an_outage_is_not_counted_until_a_day_after_it_ends(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    started = plan.start(1, now=now)
    condition = add_condition(
        staff("finance"),
        NewCondition(
            channel="alipay",
            kind=ConditionKind.MAINTENANCE,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=5),
        ),
        now=now,
    )
    told(plan, started, Outcome.FAILED, now + timedelta(minutes=1), code="aop.busy", verdict=MAINTENANCE)

    (kept,) = periods(plan)
    assert (kept.cause, kept.ends_at) == ("channel_outage", now + timedelta(hours=29))
    assert kept.evidence["conditions"] == [str(condition)]
    assert kept.evidence["code"] == "aop.busy"
    view = queries.plan_view(plan.customer_id, plan.plan_id, today=clock.business_date(now))
    assert clock.business_date(now) in view.exempt_days
    assert clock.business_date(now + timedelta(hours=29)) in view.exempt_days


@pytest.mark.requirement("R137")
def test_time_of_an_unknown_outcome_is_not_counted(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    started = plan.start(1, now=now)
    told(plan, started, Outcome.UNKNOWN, now, verdict=UNKNOWN)
    assert [(one.cause, one.ends_at) for one in periods(plan)] == [("outcome_unknown", None)]
    later = now + timedelta(hours=30)
    told(plan, started, Outcome.CLOSED, later)
    assert [(one.cause, one.ends_at) for one in periods(plan)] == [("outcome_unknown", later)]
    view = queries.plan_view(plan.customer_id, plan.plan_id, today=clock.business_date(later))
    assert len(view.exempt_days) == (clock.business_date(later) - clock.business_date(now)).days + 1


def test_whatever_failed_while_every_way_was_closed_is_not_counted(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    started = plan.start(1, now=now)
    close_everything(now)
    told(plan, started, Outcome.FAILED, now)
    assert [one.cause for one in periods(plan)] == ["entry_closed"]


@pytest.mark.requirement("R139")
def test_whoever_comes_while_every_way_is_closed_loses_no_day(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    assert note_all_closed(plan.customer_id, plan.plan_id, now=now) is None
    close_everything(now)
    for minutes in (0, 5):
        note_all_closed(plan.customer_id, plan.plan_id, now=now + timedelta(minutes=minutes))
    (kept,) = periods(plan)
    assert (kept.cause, kept.starts_at, kept.ends_at) == ("entry_closed", now, now + timedelta(hours=2, days=1))
    assert len(kept.evidence["conditions"]) == 3


def close_everything(now: datetime) -> None:
    finance = staff("finance")
    for channel in ("alipay", "wechat_pay", "bank_card"):
        closed = NewCondition(
            channel=channel,
            kind=ConditionKind.MAINTENANCE,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=2),
        )
        add_condition(finance, closed, now=now)


def test_a_failure_of_the_customers_own_is_counted(town: Town) -> None:
    plan, now = bought(), datetime.now(UTC)
    told(plan, plan.start(1, now=now), Outcome.FAILED, now)
    assert periods(plan) == []


def test_only_those_who_may_edit_conditions_and_a_withdrawn_one_stands_no_more(town: Town) -> None:
    now = datetime.now(UTC)
    entered = NewCondition(channel="alipay", kind=ConditionKind.LIMIT_PER_DAY, amount_minor=1)
    with pytest.raises(NotPermitted):
        add_condition(staff("agent"), entered, now=now)
    kept = add_condition(staff("finance"), entered, now=now)
    plan = bought()
    asked = (plan.customer_id, "alipay", "", 10_000, "CNY")
    assert method_unavailability(*asked, now=now)
    withdraw_condition(staff("admin"), kept, now=now)
    assert method_unavailability(*asked, now=now) is None


ROW = Row(
    n=1,
    due_on=date(2026, 11, 25),
    is_down_payment=False,
    due=Components(principal=38404),
    paid=Components(),
    outstanding=Components(principal=38404),
    paid_early=0,
    paid_late=0,
    paid_on=None,
)
TERMS = parse_terms(
    {
        "principal": 38404,
        "opened_on": "2026-10-25",
        "installments": 1,
        "grace_days": 3,
        "late_fee": {"daily_rate": "0.05"},
    }
)


def days(*numbers: int) -> frozenset[date]:
    return frozenset(date(2026, 11, 1) + timedelta(days=number - 1) for number in numbers)


@pytest.mark.requirement("R119")
@pytest.mark.parametrize(("exempt", "first"), [((), 29), ((26, 27), 29), ((29,), 30), ((28, 29, 30), 31), ((30,), 29)])
def test_days_that_are_not_counted_put_the_first_late_fee_off(exempt: tuple[int, ...], first: int) -> None:
    on = date(2026, 11, 1) + timedelta(days=first - 1)
    assert first_late_fee_on(TERMS, ROW, days(*exempt)) == on
    assert last_free_on(TERMS, ROW, days(*exempt)) == on - timedelta(days=1)


def test_a_late_fee_counts_only_the_days_that_count() -> None:
    until = date(2026, 12, 8)
    assert projected_late_fee(TERMS, ROW, until) == projected_late_fee(TERMS, ROW, date(2026, 12, 10), days(30, 31))
