"""A day is closed: what is late is charged, once, within the cap, and never for days that are nobody's fault."""


import pytest

from fenqi.usecases.reconciliation.check import check_books
from late_plans import charges, close, late

pytestmark = pytest.mark.django_db


def test_each_late_day_is_charged_once_and_lands_on_its_row() -> None:
    plan = late()
    assert close("2026-02-04").counts["skipped"] == {"grace": 1}
    for day in ("2026-02-05", "2026-02-06", "2026-02-06"):
        done = close(day)
        assert done.is_finished
    assert charges(plan) == [("2026-02-05", "2026-02-01", 5), ("2026-02-06", "2026-02-01", 5)]
    row = plan.state().rows[0]
    assert (row.outstanding.principal, row.outstanding.late_fee) == (10_000, 10)
    assert list(check_books()) == []


def test_missed_days_are_caught_up_in_order() -> None:
    plan = late()
    close("2026-02-04")
    done = close("2026-02-08")
    assert not done.is_catch_up
    assert [on for on, _, _ in charges(plan)] == [f"2026-02-0{n}" for n in (5, 6, 7, 8)]
    assert list(check_books()) == []


def test_the_first_close_ever_charges_all_that_the_terms_say() -> None:
    plan = late()
    close("2026-03-06")
    assert sum(amount for _, _, amount in charges(plan)) == (30 + 2) * 5
    assert list(check_books()) == []
