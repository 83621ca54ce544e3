"""When an installment is debited without the payer: by the reason of the failure, in the hours, never too often."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.auto_debit import (
    BEIJING,
    RULES,
    DebitRules,
    DebitTry,
    beijing_day,
    debit_rules,
    first_announceable,
    is_open,
    last_day,
    next_try,
    notice_at,
    stopped_by,
    tries_on,
)

DUE_ON = date(2026, 3, 10)
RULES_OF_TESTS = DebitRules(most_tries_a_day=2, days_after=3)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=BEIJING)


def failed(when: datetime, category: str, until: datetime | None = None) -> DebitTry:
    return DebitTry(at=when, state=AttemptState.FAILED, category=FailureCategory(category), until=until)


def test_the_first_try_is_at_the_first_hour_of_the_due_day() -> None:
    assert next_try(RULES_OF_TESTS, DUE_ON, (), at(1, 0)) == at(10, 8)


def test_a_plan_signed_on_the_due_day_is_tried_at_the_next_hour() -> None:
    assert next_try(RULES_OF_TESTS, DUE_ON, (), at(10, 9)) == at(10, 12)


def test_insufficient_balance_is_tried_at_the_next_hours_and_then_on_the_next_day() -> None:
    tries = [failed(at(10, 8, 2), "insufficient_balance")]
    assert next_try(RULES_OF_TESTS, DUE_ON, tries, at(10, 8, 3)) == at(10, 12)
    tries.append(failed(at(10, 12, 1), "insufficient_balance"))
    assert next_try(RULES_OF_TESTS, DUE_ON, tries, at(10, 12, 2)) == at(11, 8)


def test_a_limit_is_tried_on_the_next_day() -> None:
    assert next_try(RULES_OF_TESTS, DUE_ON, [failed(at(10, 8), "limit_exceeded")], at(10, 8, 1)) == at(11, 8)


def test_maintenance_is_waited_out() -> None:
    unknown_end = [failed(at(10, 8), "channel_maintenance")]
    assert next_try(RULES_OF_TESTS, DUE_ON, unknown_end, at(10, 8, 1)) == at(10, 12)
    known_end = [failed(at(10, 8), "channel_maintenance", until=at(11, 9))]
    assert next_try(RULES_OF_TESTS, DUE_ON, known_end, at(10, 8, 1)) == at(11, 12)


@pytest.mark.parametrize("state", [AttemptState.SUBMITTED, AttemptState.UNKNOWN])
def test_nothing_is_tried_while_an_outcome_is_not_known(state: AttemptState) -> None:
    tries = [DebitTry(at=at(10, 8), state=state, category=FailureCategory.OUTCOME_UNKNOWN)]
    assert next_try(RULES_OF_TESTS, DUE_ON, tries, at(10, 12)) is None


def test_an_unknown_outcome_that_turned_out_to_be_nothing_is_tried_again() -> None:
    tries = [DebitTry(at=at(10, 8), state=AttemptState.CLOSED)]
    assert next_try(RULES_OF_TESTS, DUE_ON, tries, at(10, 9)) == at(10, 12)


@pytest.mark.parametrize("category", ["wrong_account_info", "method_unavailable", "contact_support", "merchant_config"])
def test_what_only_somebody_can_put_right_is_never_tried_again(category: str) -> None:
    tries = [failed(at(10, 8), category)]
    assert stopped_by(tries) == category
    assert next_try(RULES_OF_TESTS, DUE_ON, tries, at(10, 9)) is None
    assert next_try(RULES_OF_TESTS, date(2026, 4, 10), tries, at(10, 9)) is None


def test_after_the_last_day_nothing_is_tried() -> None:
    assert next_try(RULES_OF_TESTS, DUE_ON, (), at(13, 18)) == at(13, 18)
    assert next_try(RULES_OF_TESTS, DUE_ON, (), at(13, 18, 1)) is None


def test_a_debit_that_must_be_announced_waits_for_its_notice() -> None:
    rules = DebitRules(notice_days=2)
    assert next_try(rules, DUE_ON, (), at(8, 21)) == at(10, 8)
    assert next_try(rules, DUE_ON, (), at(8, 22)) == at(11, 8)  # notices are taken until 22:00
    assert next_try(rules, DUE_ON, (), at(8, 22), announced=[DUE_ON]) == at(10, 8)
    limit = [failed(at(10, 8), "limit_exceeded")]
    assert next_try(rules, DUE_ON, limit, at(10, 8, 1), announced=[DUE_ON]) == at(12, 8)


def test_a_notice_is_given_on_the_last_morning_that_is_early_enough_or_at_once() -> None:
    rules = DebitRules(notice_days=2)
    assert notice_at(rules, DUE_ON, at(1, 12)) == at(8, 8)
    assert notice_at(rules, DUE_ON, at(8, 12)) == at(8, 12)
    assert notice_at(rules, DUE_ON, at(7, 23)) == at(8, 8)
    assert notice_at(rules, DUE_ON, at(8, 3)) == at(8, 8)


def test_channels_have_rules_of_their_own_and_newcomers_the_common_ones() -> None:
    assert RULES["alipay"].latest_due_day == 28
    assert RULES["wechat_pay"].notice_days == 2
    assert debit_rules("another") == DebitRules()


# Laws ---------------------------------------------------------------------------------------------------------------

instants = st.integers(0, 20 * 24 * 60).map(lambda minutes: at(1, 0) + timedelta(minutes=minutes))
settled = st.builds(
    DebitTry,
    at=instants,
    state=st.sampled_from([AttemptState.FAILED, AttemptState.CLOSED]),
    category=st.sampled_from(
        [None, *(FailureCategory(name) for name in ("insufficient_balance", "limit_exceeded", "channel_maintenance"))]
    ),
    until=st.none() | instants,
)
histories = st.lists(settled, max_size=6)
rules_of_any = st.builds(
    DebitRules,
    slots=st.lists(st.integers(7, 20), min_size=1, max_size=4, unique=True).map(
        lambda hours: tuple(time(hour) for hour in sorted(hours))
    ),
    most_tries_a_day=st.integers(1, 3),
    days_after=st.integers(0, 5),
    notice_days=st.integers(0, 3),
)


@given(rules_of_any, histories, instants)
def test_a_proposal_is_in_the_hours_of_an_allowed_day_and_not_in_the_past(
    rules: DebitRules, tries: list[DebitTry], now: datetime
) -> None:
    proposed = next_try(rules, DUE_ON, tries, now)
    if proposed is not None:
        assert proposed >= now
        assert proposed.astimezone(BEIJING).time() in rules.slots
        assert is_open(rules, proposed)
        assert DUE_ON <= beijing_day(proposed) <= last_day(rules, DUE_ON)
        assert beijing_day(proposed) >= first_announceable(rules, now)
        assert tries_on(beijing_day(proposed), tries) < rules.most_tries_a_day
        assert all(proposed > one.at for one in tries)


@given(rules_of_any, histories, instants, st.sampled_from([AttemptState.SUBMITTED, AttemptState.UNKNOWN]), instants)
def test_never_while_an_outcome_is_unknown(
    rules: DebitRules, tries: list[DebitTry], now: datetime, state: AttemptState, tried_at: datetime
) -> None:
    assert next_try(rules, DUE_ON, [*tries, DebitTry(at=tried_at, state=state)], now) is None


@given(rules_of_any, histories, instants, instants)
def test_the_later_one_asks_the_later_is_the_answer(
    rules: DebitRules, tries: list[DebitTry], one: datetime, other: datetime
) -> None:
    sooner, later = (next_try(rules, DUE_ON, tries, now) for now in sorted((one, other)))
    assert later is None or (sooner is not None and sooner <= later)


@given(rules_of_any, instants)
def test_failing_again_and_again_never_exceeds_the_tries_of_a_day_and_ends(rules: DebitRules, now: datetime) -> None:
    tries: list[DebitTry] = []
    announced = [DUE_ON + timedelta(days=day) for day in range(10)]
    while (proposed := next_try(rules, DUE_ON, tries, now, announced=announced)) is not None:
        tries.append(failed(proposed, "insufficient_balance"))
        now = proposed
        assert tries_on(beijing_day(proposed), tries) <= rules.most_tries_a_day
    assert len(tries) <= (rules.days_after + 1) * rules.most_tries_a_day
