"""How an attempt moves."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments import (
    QUERY_DELAYS,
    AttemptState,
    Outcome,
    Step,
    UnlistedMove,
    next_query_at,
    next_state,
    payment_state,
)
from fenqi.domain.payments.attempts import NEXT_STATE

SIGNALS = [*(outcome for outcome in Outcome if outcome is not Outcome.ABNORMAL), *Step]
HARMLESS = [Outcome.WAITING, Outcome.NOT_FOUND, Outcome.UNKNOWN]


@pytest.mark.parametrize(
    ("state", "signal", "after"),
    [
        (AttemptState.CREATED, Step.SENT, AttemptState.SUBMITTED),
        (AttemptState.SUBMITTED, Outcome.NOT_FOUND, AttemptState.SUBMITTED),
        (AttemptState.SUBMITTED, Outcome.UNKNOWN, AttemptState.UNKNOWN),
        (AttemptState.UNKNOWN, Outcome.NOT_FOUND, AttemptState.UNKNOWN),
        (AttemptState.UNKNOWN, Outcome.WAITING, AttemptState.SUBMITTED),
        (AttemptState.UNKNOWN, Step.EXPIRED, AttemptState.CLOSED),
        (AttemptState.SUBMITTED, Outcome.CLOSED, AttemptState.CLOSED),
        (AttemptState.SUCCEEDED, Outcome.CLOSED, AttemptState.SUCCEEDED),  # refunded in full
    ],
)
def test_the_moves_that_matter(state: AttemptState, signal: Outcome | Step, after: AttemptState) -> None:
    assert next_state(state, signal) is after


@pytest.mark.parametrize("state", AttemptState)
def test_money_is_never_dropped_however_late_it_comes(state: AttemptState) -> None:
    assert next_state(state, Outcome.SUCCEEDED) is AttemptState.SUCCEEDED


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        (AttemptState.UNKNOWN, Step.SENT),
        (AttemptState.SUCCEEDED, Step.SENT),
        (AttemptState.FAILED, Step.SENT),
        (AttemptState.CLOSED, Step.SENT),
        (AttemptState.SUCCEEDED, Step.EXPIRED),
        (AttemptState.SUCCEEDED, Outcome.FAILED),
        (AttemptState.SUCCEEDED, Outcome.NOT_EXECUTED),
    ],
)
def test_an_unlisted_move_is_refused_and_says_so_in_both_languages(state: AttemptState, signal: Outcome | Step) -> None:
    with pytest.raises(UnlistedMove) as refusal:
        next_state(state, signal)
    assert state.value in refusal.value.text("zh")
    assert signal.value in refusal.value.text("en")


def test_all_pairs_but_those_seven_are_listed() -> None:
    assert len(NEXT_STATE) == len(AttemptState) * len(SIGNALS) - 7


@pytest.mark.requirement("R137")
def test_nothing_is_sent_again_while_the_outcome_is_unknown() -> None:
    with pytest.raises(UnlistedMove):
        next_state(next_state(AttemptState.SUBMITTED, Outcome.UNKNOWN), Step.SENT)


@given(st.lists(st.sampled_from(HARMLESS)))
def test_an_attempt_never_fails_by_not_being_known(answers: list[Outcome]) -> None:
    state = AttemptState.SUBMITTED
    for answer in answers:
        state = next_state(state, answer)
    assert state in {AttemptState.SUBMITTED, AttemptState.UNKNOWN}


@given(st.lists(st.sampled_from([*HARMLESS, Outcome.SUCCEEDED, Outcome.CLOSED])))
def test_a_success_wins_in_whatever_order_the_answers_come(answers: list[Outcome]) -> None:
    state = AttemptState.SUBMITTED
    for answer in answers:
        state = next_state(state, answer)
    assert (state is AttemptState.SUCCEEDED) == (Outcome.SUCCEEDED in answers)


def test_a_payment_is_what_its_attempts_say_in_any_order() -> None:
    for attempts in permutations([AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.CLOSED]):
        assert payment_state(attempts) is AttemptState.UNKNOWN
    assert payment_state([AttemptState.UNKNOWN, AttemptState.SUCCEEDED]) is AttemptState.SUCCEEDED
    assert payment_state([]) is AttemptState.CREATED


def test_the_queries_come_after_5_s_30_s_2_min_10_min_1_h_and_then_the_daily_bill() -> None:
    since = datetime(2026, 11, 22, 12, tzinfo=UTC)
    asked_at = [next_query_at(asked, since) for asked in range(6)]
    seconds = (5, 30, 120, 600, 3600)
    assert asked_at == [*(since + timedelta(seconds=s) for s in seconds), None]
    assert len(QUERY_DELAYS) == 5
