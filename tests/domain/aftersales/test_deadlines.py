"""The clocks of a case: what was promised, what the law demands, and which of them binds."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fenqi.domain.aftersales.cases import CLOSED, CaseState
from fenqi.domain.aftersales.deadlines import (
    Clock,
    Deadline,
    Terms,
    binding,
    customers_due_day,
    is_late,
    law_by,
    parcel_due_day,
    promised,
    waited_out,
)

USUAL = Terms(
    review_hours=48,
    usual_working_days=3,
    promise_working_days=15,
    refund_after_received_days=7,
    hard_limit_days=15,
    goods_due_days=7,
)
APPLIED_ON = date(2026, 3, 10)  # a Tuesday
APPLIED_AT = datetime(2026, 3, 10, 6, tzinfo=UTC)


@pytest.mark.requirement("R058", "R059", "R061")
def test_the_promise_counts_working_days_from_the_application() -> None:
    said = promised(USUAL, applied_at=APPLIED_AT, applied_on=APPLIED_ON)
    assert said.review_due_at == APPLIED_AT + timedelta(hours=48)
    assert said.usual_by == date(2026, 3, 13)
    assert said.promise_by == date(2026, 3, 31)
    assert said.law_by == date(2026, 3, 25)
    assert not said.is_estimated


def test_holidays_do_not_count_towards_the_promise() -> None:
    said = promised(USUAL, applied_at=datetime(2026, 9, 29, 6, tzinfo=UTC), applied_on=date(2026, 9, 29))
    assert said.usual_by == date(2026, 10, 9), "National Day is between"


@pytest.mark.parametrize(
    ("received_on", "expected"),
    [
        (None, date(2026, 3, 25)),
        (date(2026, 3, 12), date(2026, 3, 19)),
        (date(2026, 3, 18), date(2026, 3, 25)),
        (date(2026, 3, 24), date(2026, 3, 25)),
    ],
)
def test_the_earlier_of_the_two_legal_deadlines_binds(received_on: date | None, expected: date) -> None:
    assert law_by(USUAL, applied_on=APPLIED_ON, received_on=received_on) == expected


def test_goods_are_to_be_sent_within_the_policys_days_of_the_approval() -> None:
    assert customers_due_day(USUAL, asked_on=date(2026, 3, 12)) == date(2026, 3, 19)


DAYS = {"review_due_on": date(2026, 3, 12), "promise_by": date(2026, 3, 31), "law_by": date(2026, 3, 25)}


@pytest.mark.parametrize(
    ("state", "clock"),
    [
        (CaseState.SUBMITTED, Clock.REVIEW),
        (CaseState.IN_REVIEW, Clock.REVIEW),
        (CaseState.APPROVED, Clock.LAW),
        (CaseState.GOODS_RECEIVED, Clock.LAW),
        (CaseState.REPLACING, Clock.LAW),
        (CaseState.REFUNDING, Clock.PROMISE),
    ],
)
def test_the_earliest_clock_that_runs_binds(state: CaseState, clock: Clock) -> None:
    found = binding(state, **DAYS)
    assert found is not None
    assert found.clock is clock


@pytest.mark.parametrize(
    "state", sorted(CLOSED | {CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED, CaseState.QUOTE_CHANGED})
)
def test_none_binds_us_when_it_is_over_or_the_customers_turn(state: CaseState) -> None:
    assert binding(state, **DAYS) is None


def test_a_parcel_and_an_answer_are_ours_to_look_for_the_day_after_the_last() -> None:
    last_day = parcel_due_day(sent_on=date(2026, 3, 12))
    assert last_day == date(2026, 3, 27)
    assert waited_out(last_day, today=last_day) is None
    found = waited_out(last_day, today=date(2026, 3, 28))
    assert found == Deadline(Clock.CUSTOMER, last_day)
    assert is_late(found, review_due_at=APPLIED_AT, now=APPLIED_AT, today=date(2026, 3, 28))


def test_our_target_is_late_by_the_minute_the_others_by_the_day() -> None:
    due_at = datetime(2026, 3, 12, 6, tzinfo=UTC)
    review, law = Deadline(Clock.REVIEW, date(2026, 3, 12)), Deadline(Clock.LAW, date(2026, 3, 12))
    later = due_at + timedelta(minutes=1)
    assert is_late(review, review_due_at=due_at, now=later, today=date(2026, 3, 12))
    assert not is_late(law, review_due_at=due_at, now=later, today=date(2026, 3, 12))
    assert is_late(law, review_due_at=due_at, now=later, today=date(2026, 3, 13))
    assert not is_late(None, review_due_at=due_at, now=later, today=date(2026, 4, 1))
