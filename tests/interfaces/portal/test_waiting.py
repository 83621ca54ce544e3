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


def test_what_was_charged_is_told_apart_from_what_can_still_come() -> None:
    rule = {"daily_rate": "0.05", "cap_percent": "0.15"}
    late = ROW._replace(
        due=Components(principal=38404, late_fee=38), outstanding=Components(principal=38404, late_fee=19)
    )
    cost = cost_of_waiting(terms(late_fee=rule), late, today=date(2026, 12, 1), charged=38)
    assert (cost.charged_minor, cost.owed_minor, cost.daily_minor) == (38, 19, 19)
    assert (cost.left_minor, cost.cap_minor, cost.is_at_most) == (20, 58, False)
    at_most = cost_of_waiting(terms(late_fee=rule), late, today=date(2026, 12, 2), charged=58)
    assert (at_most.daily_minor, at_most.left_minor, at_most.is_at_most) == (0, 0, True)


def test_what_is_due_on_a_rest_day_is_free_until_the_next_working_day_has_ended() -> None:
    saturday = ROW._replace(due_on=date(2026, 11, 28))
    cost = cost_of_waiting(terms(grace_days=0, late_fee={"fixed": 1000}), saturday, today=date(2026, 11, 30))
    assert cost.last_free_on == date(2026, 11, 30)
    assert not cost.is_late


def test_terms_without_a_late_fee_cost_nothing() -> None:
    cost = cost_of_waiting(terms(), ROW, today=date(2026, 11, 22))
    assert (cost.fee_from_on, cost.daily_minor, cost.fixed_minor) == (None, 0, 0)
