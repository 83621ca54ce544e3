"""By when an answer is promised, how long the wait is told to be, and numbers that survive the telephone."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.support.promise import ServiceHours, answer_by
from fenqi.domain.support.saved_words import fill, gaps, unknown_gaps
from fenqi.domain.support.ticket_numbers import LENGTH, read_ticket_number, spoken, ticket_number
from fenqi.domain.support.waiting import RECENTLY, Answered, expected_wait

DAY = ServiceHours(time(9), time(21))
NIGHT = ServiceHours(time(22), time(6))
ALWAYS = ServiceHours(time(0), time(0))
HALF_AN_HOUR = timedelta(minutes=30)
NOW = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - local time


def at(clock: str, day: int = 23) -> datetime:
    return datetime.combine(NOW.replace(day=day), time.fromisoformat(clock))


@pytest.mark.requirement("R133", "R167")
@pytest.mark.parametrize(
    ("hours", "asked", "promised"),
    [
        (DAY, at("12:00"), at("12:30")),
        (DAY, at("08:59"), at("09:30")),
        (DAY, at("20:30"), at("21:00")),
        (DAY, at("20:50"), at("09:20", 24)),
        (DAY, at("21:00"), at("09:30", 24)),
        (DAY, at("23:59"), at("09:30", 24)),
        (NIGHT, at("23:50"), at("00:20", 24)),
        (NIGHT, at("05:45"), at("22:15")),
        (NIGHT, at("12:00"), at("22:30")),
        (ALWAYS, at("23:50"), at("00:20", 24)),
    ],
)
def test_the_promise_counts_service_time(hours: ServiceHours, asked: datetime, promised: datetime) -> None:
    assert answer_by(asked, hours=hours, within=HALF_AN_HOUR) == promised


@given(
    opens=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    closes=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    asked=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31)),  # noqa: DTZ001
    minutes=st.integers(1, 600),
)
def test_a_promise_ends_in_the_hours_and_not_before_its_time(
    opens: time, closes: time, asked: datetime, minutes: int
) -> None:
    hours, within = ServiceHours(opens, closes), timedelta(minutes=minutes)
    promised = answer_by(asked, hours=hours, within=within)
    assert promised >= asked + within
    assert hours.are_open(promised) or hours.are_open(promised - timedelta(microseconds=1))


def answered(count: int, *, waited_minutes: int) -> list[Answered]:
    return [Answered(NOW - timedelta(minutes=10 * n), timedelta(minutes=waited_minutes)) for n in range(count)]


def test_the_wait_is_what_was_waited_lately_or_what_the_queue_takes() -> None:
    assert expected_wait(ahead=0, answered=answered(6, waited_minutes=12), now=NOW) == timedelta(minutes=15)
    # six answers in fifty minutes: ten people take about 83
    assert expected_wait(ahead=10, answered=answered(6, waited_minutes=12), now=NOW) == timedelta(minutes=85)


def test_too_little_known_is_no_wait_told() -> None:
    assert expected_wait(ahead=3, answered=answered(4, waited_minutes=1), now=NOW) is None
    old = [Answered(NOW - RECENTLY - timedelta(minutes=1), HALF_AN_HOUR)] * 9
    assert expected_wait(ahead=3, answered=old, now=NOW) is None


@given(st.integers(0, 99_999_999), st.integers(0, LENGTH - 1), st.integers(1, 9))
def test_a_digit_that_was_misheard_names_no_other_ticket(serial: int, place: int, off: int) -> None:
    number = ticket_number(serial)
    assert read_ticket_number(spoken(number)) == number
    misheard = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]
    assert read_ticket_number(misheard) is None


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "１２３４５６７８９", "abcdefghi", "١٢٣٤٥٦٧٨٩"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_ticket_number(text) is None


def test_gaps_are_filled_and_what_is_not_known_stays_in_sight() -> None:
    text = "{title}: {amount} {left} {nonsense}"
    assert fill(text, {"title": "X2", "amount": "1 {left}"}) == "X2: 1 {left} {left} {nonsense}"
    assert gaps(text) == ("title", "amount", "left", "nonsense")
    assert unknown_gaps(text) == ("nonsense",)
