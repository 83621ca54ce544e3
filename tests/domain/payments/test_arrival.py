"""When a refund arrives."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments.arrival import ARRIVES_WITHIN, ArrivalRoute, arrival_window, is_estimated

DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def test_every_route_has_its_window() -> None:
    assert set(ARRIVES_WITHIN) == set(ArrivalRoute)
    assert all(0 <= days.usual <= days.latest <= 15 for days in ARRIVES_WITHIN.values())


@pytest.mark.requirement("R044")
def test_working_days_are_those_of_the_chinese_calendar() -> None:
    """National Day 2026 is 1 to 7 October, and 10 October is worked (P506)."""
    window = arrival_window(ArrivalRoute.OTHER, date(2026, 9, 24))
    assert (window.from_on, window.by_on, window.is_estimated) == (date(2026, 9, 30), date(2026, 10, 22), False)


def test_past_the_published_calendar_a_window_is_an_estimate() -> None:
    window = arrival_window(ArrivalRoute.DEBIT_CARD, date(2026, 12, 24))
    assert window.is_estimated
    assert window.by_on > date(2027, 1, 1)
    assert is_estimated(date(2026, 12, 24), window.by_on)
    assert not is_estimated(date(2026, 6, 1), date(2026, 6, 9))


@given(st.sampled_from(ArrivalRoute), DAYS)
def test_a_window_begins_when_the_money_left_or_later(route: ArrivalRoute, sent_on: date) -> None:
    window = arrival_window(route, sent_on)
    assert sent_on <= window.from_on <= window.by_on
    assert window.is_estimated == is_estimated(sent_on, window.by_on)


@given(st.sampled_from(ArrivalRoute), DAYS, st.integers(0, 30))
def test_the_channels_own_word_wins(route: ArrivalRoute, sent_on: date, later: int) -> None:
    told = sent_on + timedelta(days=later)
    window = arrival_window(route, sent_on, expected_on=told)
    assert (window.by_on, window.is_estimated) == (told, False)
    assert sent_on <= window.from_on <= told
