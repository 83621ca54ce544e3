"""The rules of telling people, as laws: hours, caps, and the ways that may be switched off."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.hardship.contact_rules import ContactRules, hindrance
from fenqi.domain.notices import (
    Pace,
    QuietHours,
    Way,
    Weight,
    Wishes,
    is_wanted,
    offsets_of,
    ways_of,
)

ZONE = ZoneInfo("Asia/Shanghai")
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds take none
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
OFFSETS = offsets_of((7, 3, 1, 0), (1, 3, 7, 14, 30))


@given(at=INSTANTS, starts=TIMES, ends=TIMES)
def test_a_polite_instant_is_never_quiet_and_never_more_than_a_day_later(
    at: datetime, starts: time, ends: time
) -> None:
    hours = QuietHours(starts=starts, ends=ends, zone=ZONE)
    polite = hours.polite(at)
    assert not hours.are_at(polite)
    assert at <= polite < at + timedelta(days=1)
    assert hours.polite(polite) == polite


@given(at=INSTANTS)
def test_hours_that_begin_and_end_together_are_none(at: datetime) -> None:
    assert not QuietHours(starts=time(8), ends=time(8), zone=ZONE).are_at(at)


@given(st.lists(INSTANTS, max_size=60), st.integers(1, 3), st.integers(1, 5))
def test_no_bill_is_told_of_above_its_caps(wanted: list[datetime], a_day: int, a_week: int) -> None:
    """Whatever is asked for in whatever order of time, the caps hold over every day and every seven days."""
    rules = ContactRules(opens=time(0), closes=time(23, 59), per_day=a_day, per_week=a_week)
    told: list[datetime] = []
    for at in sorted(one.astimezone(ZONE) for one in wanted):
        if hindrance(rules, at, told) is None:
            told.append(at)
    days = [at.date() for at in told]
    for day in set(days):
        assert days.count(day) <= a_day
        assert sum(1 for other in days if timedelta(0) <= other - day < timedelta(days=7)) <= a_week


@given(st.builds(Wishes, by_sms=st.booleans(), by_email=st.booleans()), st.booleans(), st.booleans())
def test_a_critical_message_goes_out_wherever_there_is_a_way(wishes: Wishes, has_phone: bool, has_email: bool) -> None:  # noqa: FBT001
    ways = ways_of(Weight.CRITICAL, wishes, has_phone=has_phone, has_email=has_email)
    assert ways[0] is Way.INBOX
    assert (Way.SMS in ways) == has_phone
    assert len(ways) > 1 or not (has_phone or has_email)


@given(st.sampled_from([Weight.NEWS, Weight.REMINDER]), st.booleans(), st.booleans())
def test_what_is_switched_off_stays_in_the_inbox(weight: Weight, has_phone: bool, has_email: bool) -> None:  # noqa: FBT001
    off = Wishes(by_sms=False, by_email=False)
    assert ways_of(weight, off, has_phone=has_phone, has_email=has_email) == (Way.INBOX,)


@pytest.mark.parametrize(
    ("pace", "wanted"), [(Pace.ALL, list(OFFSETS)), (Pace.FEWER, [1, -3, -14]), (Pace.INBOX, [-3, -14])]
)
def test_the_pace_leaves_out_what_it_says(pace: Pace, wanted: list[int]) -> None:
    assert [offset for offset in OFFSETS if is_wanted(offset, pace, offsets=OFFSETS)] == wanted


def test_offsets_are_days_until_the_due_date() -> None:
    assert OFFSETS == (7, 3, 1, 0, -1, -3, -7, -14, -30)
    assert offsets_of((3, 3), ()) == (3,)
