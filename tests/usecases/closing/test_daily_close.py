"""A day is closed: what is late is charged, once, within the cap, and never for days that are nobody's fault."""

from datetime import date

import pytest
from django.test import override_settings

from fenqi.records.identifiers import new_id
from fenqi.records.models import CloseRun, LateFeeAccrual, Order, Payment, PlanEvent
from fenqi.usecases.closing.errors import DayBeforeFirstClose, DayNotBegun, FirstCloseTooEarly
from fenqi.usecases.closing.run import close_day
from fenqi.usecases.reconciliation.check import check_books
from late_plans import charges, close, late, not_their_fault, put_right, told
from malls import Bought, noon

pytestmark = pytest.mark.django_db


def days_charged(plan: Bought) -> list[str]:
    return [on.removeprefix("2026-") for on, _, _ in charges(plan)]


def assert_books() -> None:
    assert list(check_books()) == []


@pytest.mark.requirement("R119")
def test_each_late_day_is_charged_once_and_lands_on_its_row() -> None:
    plan = late()
    assert close("2026-02-04").counts["skipped"] == {"grace": 1}
    for day in ("2026-02-05", "2026-02-06", "2026-02-06"):
        assert close(day).is_finished
    assert charges(plan) == [("2026-02-05", "2026-02-01", 5), ("2026-02-06", "2026-02-01", 5)]
    row = plan.state().rows[0]
    assert (row.outstanding.principal, row.outstanding.late_fee) == (10_000, 10)
    (kept,) = LateFeeAccrual.objects.filter(customer_id=plan.customer_id)
    assert (kept.n, kept.days, kept.charged_minor, kept.through_on) == (1, 2, 10, date(2026, 2, 6))
    assert_books()


def test_missed_days_are_caught_up_in_order() -> None:
    plan = late()
    close("2026-02-04")
    assert not close("2026-02-08").is_catch_up
    assert days_charged(plan) == ["02-05", "02-06", "02-07", "02-08"]
    caught_up = CloseRun.objects.order_by("business_date").values_list("business_date__day", "is_catch_up", "state")
    assert list(caught_up) == [
        (4, False, "finished"),
        *((day, True, "finished") for day in (5, 6, 7)),
        (8, False, "finished"),
    ]
    assert_books()


def test_the_first_close_ever_charges_all_that_the_terms_say() -> None:
    plan = late()
    assert close("2026-03-06").counts["judged"] == 1
    assert sum(amount for _, _, amount in charges(plan)) == (30 + 2) * 5
    close("2026-03-07")
    assert sum(amount for _, _, amount in charges(plan)) == (31 + 3) * 5
    assert_books()


def test_a_day_that_has_not_begun_and_one_before_the_first_are_refused() -> None:
    with pytest.raises(DayNotBegun):
        close_day(date(2026, 2, 7), started_by="tests", now=lambda: noon("2026-02-06"))
    close("2026-02-06")
    with pytest.raises(DayBeforeFirstClose):
        close("2026-02-05")


@pytest.mark.requirement("R119")
@pytest.mark.parametrize("day", ["2020-01-01", "0001-01-01", "2026-02-11"])
def test_the_first_close_is_not_of_a_day_long_ago(day: str) -> None:
    """A mistyped year would be made up for day by day: nothing is begun, and the next close is of its own day alone."""
    plan = late()
    Order.objects.filter(customer_id=plan.customer_id).update(created_at=noon("2025-12-31"))
    with pytest.raises(FirstCloseTooEarly) as refused:
        close_day(date.fromisoformat(day), started_by="tests", now=lambda: noon("2026-02-19"))
    assert refused.value.details["earliest"] == date(2026, 2, 12)
    assert (CloseRun.objects.count(), charges(plan)) == (0, [])
    assert len(close_day(started_by="tests", now=lambda: noon("2026-02-19"))) == 1


def test_the_first_close_is_of_no_day_before_the_first_order_was_registered() -> None:
    """But always of yesterday: shortly after midnight the clock closes it."""
    plan = late()
    today = noon("2026-02-19")
    orders = Order.objects.filter(customer_id=plan.customer_id)
    for registered, earliest in (("2026-02-17", 17), ("2026-02-19", 18)):
        orders.update(created_at=noon(registered))
        with pytest.raises(FirstCloseTooEarly) as refused:
            close_day(date(2026, 2, earliest - 1), started_by="tests", now=lambda: today)
        assert refused.value.details["earliest"] == date(2026, 2, earliest)
    (done,) = close_day(date(2026, 2, 18), started_by="tests", now=lambda: today)
    assert done.is_finished


@pytest.mark.parametrize("first", ["2026-02-15", "2026-02-19"])
def test_which_day_was_the_first_changes_no_sum(first: str) -> None:
    plan = late()
    Order.objects.filter(customer_id=plan.customer_id).update(created_at=noon("2025-12-31"))
    for day in (first, "2026-02-19"):
        close_day(date.fromisoformat(day), started_by="tests", now=lambda: noon("2026-02-19"))
    assert sum(amount for _, _, amount in charges(plan)) == (19 - 4) * 5
    assert_books()


def test_nothing_beyond_the_cap_and_a_fixed_fee_once() -> None:
    capped = late(late_fee={"daily_rate": "0.05", "cap_percent": "0.12"})
    fixed = late(late_fee={"fixed": 700})
    for day in ("2026-02-05", "2026-02-06", "2026-02-07", "2026-02-08"):
        last = close(day)
    assert [amount for _, _, amount in charges(capped)] == [5, 5, 2]
    assert charges(fixed) == [("2026-02-05", "2026-02-01", 700)]
    assert last.counts["skipped"] == {"capped": 2}
    assert_books()


def test_no_fee_on_a_fee_and_none_for_a_down_payment() -> None:
    plan = late(late_fee={"daily_rate": "10", "base": "overdue_amount"}, down_payment={"percent": "20"}, grace_days=0)
    for day in ("2026-02-03", "2026-02-04"):
        close(day)
    assert [(due_on, amount) for _, due_on, amount in charges(plan)] == [("2026-02-01", 800), ("2026-02-01", 800)]
    assert plan.state().rows[0].outstanding.late_fee == 0
    assert_books()


@pytest.mark.parametrize(("free", "first"), [(True, "02-24"), (False, "02-18")])
def test_what_is_due_on_a_rest_day_is_payable_until_the_end_of_the_next_working_day(free: bool, first: str) -> None:  # noqa: FBT001
    """17 February 2026 lies in the Spring Festival; the 24th, a Tuesday, is worked again."""
    plan = late(first_due_on="2026-02-17", grace_days=0)
    with override_settings(FENQI_REST_DAYS_ARE_FREE=free):
        skipped = [close(f"2026-02-{day}").counts["skipped"] for day in (18, 23, 24, 25)]
    assert days_charged(plan)[0] == ("02-25" if free else first)
    assert skipped[0] == ({"rest_day": 1} if free else {})
    assert_books()


def test_days_that_are_nobodys_fault_are_not_charged_and_the_report_says_so() -> None:
    plan = late()
    close("2026-02-05")
    not_their_fault(plan, "2026-02-06", "2026-02-07", cause="outcome_unknown")
    assert close("2026-02-06").counts["skipped"] == {"payment_unknown": 1}
    close("2026-02-09")
    assert days_charged(plan) == ["02-05", "02-08", "02-09"]
    assert_books()


def test_no_fee_while_a_return_is_open() -> None:
    plan = late()
    not_their_fault(plan, "2026-02-03", None, cause="return_open")
    assert close("2026-02-06").counts["skipped"] == {"return_open": 1}
    assert charges(plan) == []


@pytest.mark.requirement("R119")
def test_days_found_to_be_nobodys_fault_afterwards_are_taken_back() -> None:
    plan = late()
    for day in ("2026-02-05", "2026-02-06", "2026-02-07"):
        close(day)
    not_their_fault(plan, "2026-02-05", "2026-02-06")
    done = put_right(plan)
    assert (done.taken_back, done.rows) == (2, 0)
    assert charges(plan) == [("2026-02-07", "2026-02-01", 5)]
    close("2026-02-08")
    assert days_charged(plan) == ["02-07", "02-08"]
    assert_books()


def test_a_payment_with_an_earlier_value_date_takes_back_what_was_charged_since() -> None:
    plan = late()
    for day in ("2026-02-05", "2026-02-06", "2026-02-07"):
        close(day)
    plan.record(10_000, on=date(2026, 2, 5), now=noon("2026-02-07"), key="late-news")
    assert put_right(plan).taken_back == 2
    assert days_charged(plan) == ["02-05"]
    assert plan.state().rows[0].outstanding.total == 5, "the fee of the day on which it was paid is owed"
    assert close("2026-02-08").counts.get("charged", 0) == 0
    assert_books()


def test_a_payment_in_time_that_arrives_late_leaves_nothing_charged() -> None:
    plan = late()
    for day in ("2026-02-05", "2026-02-06"):
        close(day)
    plan.record(10_000, on=date(2026, 2, 4), now=noon("2026-02-06"), key="late-news")
    put_right(plan)
    assert charges(plan) == []
    assert plan.state().rows[0].outstanding.total == 0
    assert_books()


def test_a_payment_that_never_happened_has_its_days_charged_after_all() -> None:
    plan = late()
    paid = told(plan, on="2026-02-01", kind="repayment", amount=10_000)
    close("2026-02-08")
    assert charges(plan) == []
    told(plan, on="2026-02-08", kind="reversal", of=str(paid))
    close("2026-02-09")
    assert days_charged(plan) == [f"02-0{n}" for n in range(5, 10)]
    assert_books()


def test_a_part_that_is_paid_lowers_what_the_next_day_costs() -> None:
    plan = late()
    close("2026-02-05")
    plan.record(6_005, on=date(2026, 2, 5), now=noon("2026-02-05"), key="part")
    close("2026-02-06")
    assert [amount for _, _, amount in charges(plan)] == [5, 2]
    assert_books()


def test_a_waived_fee_is_not_charged_again() -> None:
    plan = late(late_fee={"daily_rate": "0.05", "cap_percent": "0.12"})
    for day in ("2026-02-05", "2026-02-06"):
        close(day)
    told(plan, on="2026-02-06", kind="waiver", amount=10, component="late_fee")
    assert plan.state().rows[0].outstanding.late_fee == 0
    for day in ("2026-02-07", "2026-02-08"):
        close(day)
    assert [amount for _, _, amount in charges(plan)] == [5, 5, 2], "what was waived counts toward the cap"
    assert plan.state().rows[0].outstanding.late_fee == 2
    assert_books()


def test_an_extension_stops_the_fee_until_the_new_date_is_past() -> None:
    plan = late()
    close("2026-02-05")
    told(plan, on="2026-02-05", kind="extension", from_row=1, days=7)
    for day in ("2026-02-06", "2026-02-11", "2026-02-12"):
        close(day)
    assert days_charged(plan) == ["02-05", "02-12"]
    assert_books()


def test_a_new_schedule_begins_with_clean_rows() -> None:
    plan = late()
    close("2026-02-06")
    told(plan, on="2026-02-06", kind="reschedule", installments=3, first_due_on="2026-02-10")
    close("2026-02-14")
    assert days_charged(plan) == ["02-05", "02-06", "02-14"]
    assert_books()


def test_a_plan_that_is_charged_off_takes_no_more() -> None:
    plan = late()
    close("2026-02-05")
    told(plan, on="2026-02-05", kind="charge_off")
    close("2026-02-07")
    assert days_charged(plan) == ["02-05"]
    assert_books()


def test_whoever_has_confirmed_a_sum_pays_that_sum() -> None:
    """A payment is under way at midnight: the day waits for what becomes of it."""
    plan, now = late(), noon("2026-02-05")
    payment = Payment.objects.create(
        customer_id=plan.customer_id,
        id=new_id(),
        plan_id=plan.plan_id,
        purpose="installments",
        installments=[1],
        amount_minor=10_000,
        currency="CNY",
        state="open",
        quoted_on=date(2026, 2, 4),
        request_key="k",
        created_at=now,
        updated_at=now,
    )
    assert close("2026-02-05").counts["skipped"] == {"payment_under_way": 1}
    Payment.objects.filter(customer_id=plan.customer_id, id=payment.id).update(state="closed")
    close("2026-02-06")
    assert days_charged(plan) == ["02-05", "02-06"]


def test_events_of_the_close_name_it_and_no_payment() -> None:
    plan = late()
    close("2026-02-05")
    event = PlanEvent.objects.get(customer_id=plan.customer_id)
    assert (event.actor, event.payment_id, event.kind) == ("close", None, "late_fee")
