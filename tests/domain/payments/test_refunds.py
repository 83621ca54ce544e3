"""How a leg of a refund moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.payments import Outcome, RetryMark, UnlistedMove
from fenqi.domain.payments.refund_schedule import ask_refund_after, pause_between_refunds
from fenqi.domain.payments.refunds import (
    NEXT_REFUND_STATE,
    SPENT,
    RefundSignal,
    RefundState,
    RefundStep,
    next_refund_state,
)

SAYS_NOTHING = [Outcome.UNKNOWN, Outcome.NOT_FOUND, Outcome.NOT_EXECUTED]


@pytest.mark.parametrize(
    ("state", "signal", "after"),
    [
        (RefundState.CREATED, RefundStep.SENT, RefundState.SUBMITTED),
        (RefundState.SUBMITTED, Outcome.WAITING, RefundState.PROCESSING),
        (RefundState.SUBMITTED, Outcome.UNKNOWN, RefundState.UNKNOWN),
        (RefundState.UNKNOWN, RefundStep.SENT, RefundState.UNKNOWN),  # the same number again
        (RefundState.PROCESSING, Outcome.CLOSED, RefundState.FAILED),
        (RefundState.PROCESSING, Outcome.ABNORMAL, RefundState.ABNORMAL),
        (RefundState.ABNORMAL, RefundStep.GIVEN_UP, RefundState.FAILED),
        (RefundState.SUCCEEDED, Outcome.FAILED, RefundState.RETURNED),
        (RefundState.SUCCEEDED, Outcome.ABNORMAL, RefundState.RETURNED),
        (RefundState.RETURNED, Outcome.SUCCEEDED, RefundState.RETURNED),  # told again, out of order
    ],
)
def test_the_moves_that_matter(state: RefundState, signal: RefundSignal, after: RefundState) -> None:
    assert next_refund_state(state, signal) is after


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        (RefundState.CREATED, Outcome.SUCCEEDED),
        (RefundState.SUCCEEDED, RefundStep.SENT),
        (RefundState.FAILED, RefundStep.SENT),
        (RefundState.FAILED, Outcome.SUCCEEDED),
        (RefundState.RETURNED, RefundStep.SENT),
        (RefundState.PROCESSING, RefundStep.GIVEN_UP),
        (RefundState.UNKNOWN, RefundStep.GIVEN_UP),
    ],
)
def test_an_unlisted_move_is_refused(state: RefundState, signal: RefundSignal) -> None:
    with pytest.raises(UnlistedMove):
        next_refund_state(state, signal)


@given(st.lists(st.sampled_from([*SAYS_NOTHING, RefundStep.SENT]), max_size=12))
def test_what_is_not_known_neither_fails_nor_succeeds(answers: list[RefundSignal]) -> None:
    state = RefundState.SUBMITTED
    for answer in answers:
        state = next_refund_state(state, answer)
        assert state in (RefundState.SUBMITTED, RefundState.UNKNOWN)


@given(st.sampled_from(sorted(SPENT)), st.lists(st.sampled_from([*Outcome, *RefundStep]), max_size=12))
def test_what_is_spent_never_carries_money_again(state: RefundState, signals: list[RefundSignal]) -> None:
    """Its sum goes by another leg: were it to succeed, it would go twice."""
    for signal in signals:
        after = NEXT_REFUND_STATE.get((state, signal))
        assert after in (None, state)


@given(st.integers(0, 40))
def test_a_refund_is_always_asked_about_again(asked: int) -> None:
    waits = [ask_refund_after(asked, mark) for mark in (None, *RetryMark)]
    assert all(10 <= wait.total_seconds() <= 6 * 3600 for wait in waits)
    assert ask_refund_after(asked, RetryMark.LATER).total_seconds() >= 3600


def test_two_refunds_of_one_payment_keep_apart_as_each_channel_asks() -> None:
    assert pause_between_refunds("alipay").total_seconds() == 3
    assert pause_between_refunds("wechat_pay").total_seconds() == 60
