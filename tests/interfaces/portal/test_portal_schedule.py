"""How installments are judged by the day and laid out on the rail."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.plans import Components, Row
from fenqi.interfaces.portal.schedule import (
    Calendar,
    Standing,
    installments_of,
    next_open,
    standing_of,
    stretches,
)

TODAY = date(2026, 11, 22)
CALENDAR = Calendar(today=TODAY, grace_days=3, locked=frozenset({5}))


def row(n: int, *, due_in: int = 30, due: int = 100, paid: int = 0, down: bool = False) -> Row:
    return Row(
        n=n,
        due_on=TODAY + timedelta(days=due_in),
        is_down_payment=down,
        due=Components(principal=due),
        paid=Components(principal=paid),
        outstanding=Components(principal=due - paid),
        paid_early=0,
        paid_late=0,
        paid_on=TODAY if paid == due else None,
    )


@pytest.mark.parametrize(
    ("one", "standing", "tone"),
    [
        (row(1, paid=100), Standing.PAID, "paid"),
        (row(1, due=0), Standing.CANCELLED, "cancelled"),
        (row(5, due_in=-30), Standing.UNKNOWN, "unknown"),
        (row(5, due_in=-30, paid=100), Standing.PAID, "paid"),
        (row(1, due_in=-4), Standing.OVERDUE, "overdue"),
        (row(1, due_in=-3), Standing.GRACE, "due"),
        (row(1, due_in=-1), Standing.GRACE, "due"),
        (row(1, due_in=0), Standing.TODAY, "due"),
        (row(1, due_in=1), Standing.SOON, "due"),
        (row(1, due_in=7), Standing.SOON, "due"),
        (row(1, due_in=8), Standing.FUTURE, "future"),
        (row(1, due_in=-4, paid=99), Standing.OVERDUE, "overdue"),
    ],
)
def test_where_an_installment_stands(one: Row, standing: Standing, tone: str) -> None:
    assert standing_of(one, CALENDAR) is standing
    assert standing.tone == tone


def test_days_count_to_the_end_of_grace_while_in_grace() -> None:
    grace, soon, late = installments_of([row(1, due_in=-2), row(2, due_in=4), row(3, due_in=-9)], CALENDAR)
    assert (grace.days_left, soon.days_left, late.days_left, late.days_overdue) == (1, 4, -9, 9)


def test_the_down_payment_has_no_number_and_installments_count_from_one() -> None:
    numbered = installments_of([row(1, down=True), row(2), row(3)], CALENDAR)
    assert [one.number for one in numbered] == [None, 1, 2]


def test_what_is_paid_is_folded_and_later_equal_installments_are_joined() -> None:
    rows = [
        *(row(n, due_in=-30 * (5 - n), paid=100) for n in range(1, 5)),
        *(row(n, due_in=30 * (n - 4)) for n in range(6, 14)),
        row(14, due_in=300, due=104),
    ]
    laid_out = stretches(installments_of(rows, CALENDAR))
    assert [(one.first.row.n, one.last.row.n) for one in laid_out] == [
        (1, 4),
        (6, 6),
        (7, 7),
        (8, 8),
        (9, 13),
        (14, 14),
    ]
    assert [one.total_minor for one in laid_out] == [400, 100, 100, 100, 500, 104]


def test_the_down_payment_is_never_joined_with_an_installment() -> None:
    laid_out = stretches(installments_of([row(1, down=True, paid=100), row(2, paid=100), row(3, paid=100)], CALENDAR))
    assert [one.is_joined for one in laid_out] == [False, True]


PLANS = st.lists(
    st.tuples(st.integers(-60, 400), st.sampled_from([0, 50, 100]), st.sampled_from([0, 100, 101])), max_size=36
)


@given(PLANS)
def test_the_rail_shows_every_installment_once_and_in_order(plan: list[tuple[int, int, int]]) -> None:
    rows = [row(n, due_in=days, due=due, paid=min(paid, due)) for n, (days, paid, due) in enumerate(plan, start=1)]
    shown = [one.row.n for stretch in stretches(installments_of(rows, CALENDAR)) for one in stretch.installments]
    assert shown == [one.n for one in rows]


@given(PLANS)
def test_a_joined_row_is_of_one_standing_and_future_ones_of_one_amount(plan: list[tuple[int, int, int]]) -> None:
    rows = [row(n, due_in=days, due=due, paid=min(paid, due)) for n, (days, paid, due) in enumerate(plan, start=1)]
    for stretch in stretches(installments_of(rows, CALENDAR)):
        assert len({one.standing for one in stretch.installments}) == 1
        if stretch.is_joined and stretch.standing is Standing.FUTURE:
            assert len({one.shown_minor for one in stretch.installments}) == 1


def test_the_next_one_is_the_earliest_open_whatever_its_number() -> None:
    installments = installments_of([row(1, paid=100), row(2, due_in=60), row(3, due_in=20)], CALENDAR)
    following = next_open(installments)
    assert following
    assert following.row.n == 3
    assert next_open(installments_of([row(1, paid=100)], CALENDAR)) is None
