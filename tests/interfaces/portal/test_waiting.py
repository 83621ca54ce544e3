"""What waiting costs is told before it costs (R119, R121)."""

from datetime import date

import pytest

from fenqi.domain.plans import Components, Row, Terms, parse_terms
from fenqi.interfaces.portal.waiting import cost_of_waiting

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


def terms(**more: object) -> Terms:
    return parse_terms({"principal": 38404, "opened_on": "2026-10-25", "installments": 1, "grace_days": 3, **more})


@pytest.mark.requirement("R119", "R121")
def test_free_through_grace_and_then_by_the_day_up_to_the_cap() -> None:
    cost = cost_of_waiting(terms(late_fee={"daily_rate": "0.05", "cap_percent": "20"}), ROW, today=date(2026, 11, 22))
    assert cost.last_free_on == date(2026, 11, 28)
    assert cost.fee_from_on == date(2026, 11, 29)
    assert (cost.daily_minor, cost.fixed_minor, cost.cap_minor) == (19, 0, 7681)
    assert not cost.is_late


def test_a_fixed_late_fee_is_charged_once_and_has_no_cap() -> None:
    cost = cost_of_waiting(terms(late_fee={"fixed": 1000}), ROW, today=date(2026, 11, 29))
    assert (cost.daily_minor, cost.fixed_minor, cost.cap_minor) == (0, 1000, None)
    assert cost.is_late


def test_terms_without_a_late_fee_cost_nothing() -> None:
    cost = cost_of_waiting(terms(), ROW, today=date(2026, 11, 22))
    assert (cost.fee_from_on, cost.daily_minor, cost.fixed_minor) == (None, 0, 0)
