"""When a rail or a bank can carry a sum, and when it opens again."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments.conditions import (
    Condition,
    ConditionKind,
    Unavailability,
    UnavailableReason,
    unavailable,
    upcoming_maintenance,
)

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=ZONE)


def a_condition(kind: ConditionKind, name: str = "one", bank: str = "", **more: Any) -> Condition:
    return Condition(id=name, channel="bank_card", bank=bank, kind=kind, **more)


def maintenance(starts: str, ends: str, **more: Any) -> Condition:
    return a_condition(ConditionKind.MAINTENANCE, starts_at=at(starts), ends_at=at(ends), **more)


def hours(opens: str, closes: str, **more: Any) -> Condition:
    return a_condition(
        ConditionKind.HOURS, opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes), **more
    )


def limit(kind: ConditionKind, amount: int, **more: Any) -> Condition:
    return a_condition(kind, amount_minor=amount, currency="CNY", **more)


def asked(*conditions: Condition, now: str = "22 12:00", **more: Any) -> Unavailability | None:
    asks: dict[str, Any] = {"channel": "bank_card", "bank": "CMB", "amount_minor": 38_404, "currency": "CNY"}
    return unavailable(conditions, **{**asks, "spent_today": {}, **more}, now=at(now))


@pytest.mark.requirement("R139", "R140")
def test_maintenance_closes_a_rail_until_it_ends() -> None:
    night = maintenance("22 23:00", "23 01:30", note_zh="银行系统升级")
    found = asked(night, now="22 23:30")
    assert found
    assert (found.reason, found.until, found.note_zh) == (
        UnavailableReason.MAINTENANCE,
        at("23 01:30"),
        "银行系统升级",
    )
    assert found.left_minor is None
    assert asked(night, now="22 22:59") is None
    assert asked(night, now="23 01:30") is None


@pytest.mark.parametrize(
    ("opens", "closes", "now", "until"),
    [
        ("09:00", "21:00", "22 08:59", "22 09:00"),
        ("09:00", "21:00", "22 09:00", None),
        ("09:00", "21:00", "22 21:00", "23 09:00"),
        ("22:00", "06:00", "22 12:00", "22 22:00"),
        ("22:00", "06:00", "22 23:00", None),
        ("22:00", "06:00", "22 05:59", None),
        ("22:00", "06:00", "22 06:00", "22 22:00"),
        ("00:00", "00:00", "22 03:00", None),
    ],
)
def test_hours_may_cross_midnight(opens: str, closes: str, now: str, until: str | None) -> None:
    found = asked(hours(opens, closes), now=now)
    assert (found.until if found else None) == (at(until) if until else None)
    assert found is None or found.reason is UnavailableReason.CLOSED_HOURS


def test_what_closes_one_after_the_other_opens_after_the_last() -> None:
    found = asked(hours("06:00", "23:00", name="a"), maintenance("22 22:00", "23 07:00", name="b"), now="22 23:30")
    assert found
    assert (found.reason, found.until) == (UnavailableReason.MAINTENANCE, at("23 07:00"))
    assert found.conditions == ("a", "b")


def test_hours_that_leave_nothing_open_never_open() -> None:
    found = asked(hours("06:00", "12:00"), hours("12:00", "18:00"), now="22 12:00")
    assert found
    assert found.until is None


@pytest.mark.requirement("R138", "R140")
def test_a_limit_per_payment_does_not_pass_by_waiting_but_says_what_goes() -> None:
    found = asked(limit(ConditionKind.LIMIT_PER_PAYMENT, 20_000))
    assert found
    assert (found.reason, found.until, found.left_minor) == (UnavailableReason.LIMIT_PER_PAYMENT, None, 20_000)
    assert asked(limit(ConditionKind.LIMIT_PER_PAYMENT, 38_404)) is None


@pytest.mark.requirement("R138", "R140")
def test_a_day_limit_counts_what_was_paid_today_and_is_renewed_at_midnight() -> None:
    rule = limit(ConditionKind.LIMIT_PER_DAY, 50_000, bank="CMB")
    found = asked(rule, spent_today={"": 90_000, "CMB": 20_000})
    assert found
    assert (found.reason, found.until, found.left_minor) == (
        UnavailableReason.LIMIT_PER_DAY,
        at("23 00:00"),
        30_000,
    )
    assert asked(rule, spent_today={"": 90_000, "CMB": 11_596}) is None
    whole = asked(limit(ConditionKind.LIMIT_PER_DAY, 100_000), spent_today={"": 90_000, "CMB": 0})
    assert whole
    assert whole.left_minor == 10_000


def test_a_sum_above_the_whole_day_does_not_pass_tomorrow() -> None:
    found = asked(limit(ConditionKind.LIMIT_PER_DAY, 10_000))
    assert found
    assert found.until is None


@pytest.mark.parametrize(
    "more", [{"channel": "alipay"}, {"bank": "ICBC"}, {"currency": "USD"}], ids=["rail", "bank", "currency"]
)
def test_what_concerns_another_rail_bank_or_currency_does_not_stand_in_the_way(more: dict[str, str]) -> None:
    assert asked(limit(ConditionKind.LIMIT_PER_PAYMENT, 1, bank="CMB"), **more) is None


@pytest.mark.requirement("R140")
def test_the_next_maintenance_is_told_beforehand() -> None:
    soon, later = maintenance("23 02:00", "23 05:00", name="soon"), maintenance("24 02:00", "24 05:00", name="later")
    told = upcoming_maintenance(
        [later, soon], channel="bank_card", bank="CMB", now=at("22 12:00"), within=timedelta(days=3)
    )
    assert told == soon
    assert not upcoming_maintenance(
        [later, soon], channel="alipay", bank="", now=at("22 12:00"), within=timedelta(days=3)
    )


TIMES = st.times().map(lambda one: one.replace(microsecond=0))
CONDITIONS = st.one_of(
    st.builds(lambda a, b: a_condition(ConditionKind.HOURS, opens_at=a, closes_at=b), TIMES, TIMES),
    st.builds(
        lambda start, length: a_condition(
            ConditionKind.MAINTENANCE,
            starts_at=at("22 00:00") + timedelta(minutes=start),
            ends_at=at("22 00:00") + timedelta(minutes=start + length),
        ),
        st.integers(-600, 2000),
        st.integers(1, 900),
    ),
    st.builds(
        limit,
        st.sampled_from([ConditionKind.LIMIT_PER_DAY, ConditionKind.LIMIT_PER_PAYMENT]),
        st.integers(1, 100_000),
    ),
)


@given(st.lists(CONDITIONS, max_size=4), st.integers(0, 1439), st.integers(1, 100_000), st.integers(0, 100_000))
def test_when_it_is_said_to_open_it_is_open(known: list[Condition], minute: int, amount: int, spent: int) -> None:
    """Law: at `until` nothing is closed any more, and `left_minor`, if anything is left, goes at once."""
    now = at("22 00:00") + timedelta(minutes=minute)
    asks: dict[str, Any] = {"channel": "bank_card", "bank": "CMB", "currency": "CNY"}
    found = unavailable(known, **asks, amount_minor=amount, spent_today={"": spent}, now=now)
    if found is None:
        return
    if found.until is not None:
        assert found.until > now
        then = unavailable(known, **asks, amount_minor=1, spent_today={}, now=found.until)
        assert then is None or found.left_minor is not None
    if found.left_minor:
        assert unavailable(known, **asks, amount_minor=found.left_minor, spent_today={"": spent}, now=now) is None
