"""P501 to P507: the working-day calendar, known years and years to come."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.errors import InvalidInput
from fenqi.domain.workdays import Deadline, add_workdays, next_workday, workday


@pytest.mark.requirement("R061")
@pytest.mark.parametrize(("days", "on"), [(3, date(2026, 9, 30)), (15, date(2026, 10, 22))])
def test_p506_over_the_national_holiday_and_its_make_up_day(days: int, on: date) -> None:
    assert add_workdays(date(2026, 9, 24), days) == Deadline(on, is_estimated=False)


@pytest.mark.parametrize(
    ("day", "is_workday"),
    [(date(2026, 2, 14), True), (date(2026, 10, 10), True), (date(2026, 2, 16), False), (date(2026, 9, 24), True)],
)
def test_p502_make_up_days_are_working_days(day: date, is_workday: bool) -> None:  # noqa: FBT001  a table
    assert workday(day) == (is_workday, False)


def test_p503_a_deadline_that_runs_into_an_unknown_year_is_an_estimate() -> None:
    assert add_workdays(date(2026, 12, 20), 15) == Deadline(date(2027, 1, 11), is_estimated=True)


@pytest.mark.parametrize(
    "day", [date(2027, 1, 1), date(2027, 2, 8), date(2027, 9, 15), date(2028, 5, 1), date(2029, 10, 3)]
)
def test_p505_statutory_days_of_unknown_years(day: date) -> None:
    assert workday(day) == (False, True)


def test_p503_the_operators_table_comes_first() -> None:
    table = {date(2027, 2, 5): True, date(2026, 9, 25): True}
    assert workday(date(2027, 2, 5), overrides=table) == (True, False)
    assert add_workdays(date(2026, 9, 24), 1, overrides=table) == Deadline(date(2026, 9, 25), is_estimated=False)


def test_a_term_that_ends_on_a_rest_day_ends_on_the_next_working_day() -> None:
    assert next_workday(date(2026, 10, 1)) == Deadline(date(2026, 10, 8), is_estimated=False)
    assert next_workday(date(2026, 10, 8)).on == date(2026, 10, 8)


@given(st.dates(date(1990, 1, 1), date(2150, 1, 1)), st.integers(0, 40))
def test_there_is_always_an_answer_and_it_is_a_working_day(start: date, days: int) -> None:
    deadline = add_workdays(start, days)
    counted = sum(workday(start + timedelta(days=n)).is_workday for n in range(1, (deadline.on - start).days + 1))
    assert counted == days
    assert days == 0 or workday(deadline.on).is_workday


def test_an_absurd_count_is_refused() -> None:
    with pytest.raises(InvalidInput):
        add_workdays(date(2026, 1, 1), -1)
