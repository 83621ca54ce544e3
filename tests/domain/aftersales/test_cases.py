"""How an after-sales case moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.aftersales.cases import (
    CLOSED,
    GIVEN_BY,
    MONEY_MOVED,
    NEXT_STATE,
    TAKES_PIECES,
    CaseMoveUnlisted,
    CaseSignal,
    CaseState,
    Party,
    next_state,
    possible,
)

BEFORE_MONEY = (
    CaseState.SUBMITTED,
    CaseState.IN_REVIEW,
    CaseState.EVIDENCE_ASKED,
    CaseState.APPROVED,
    CaseState.GOODS_AWAITED,
    CaseState.GOODS_RECEIVED,
    CaseState.QUOTE_CHANGED,
)
UNLISTED = [(state, signal) for state in CaseState for signal in CaseSignal if (state, signal) not in NEXT_STATE]


@pytest.mark.parametrize(("state", "signal"), UNLISTED)
def test_every_unlisted_move_is_refused_in_both_languages(state: CaseState, signal: CaseSignal) -> None:
    with pytest.raises(CaseMoveUnlisted) as refusal:
        next_state(state, signal)
    assert state.value in refusal.value.text("zh")
    assert state.value in refusal.value.text("en")
    assert refusal.value.status == 409


@pytest.mark.requirement("R040", "R041", "R046")
def test_the_way_of_a_return() -> None:
    state = CaseState.SUBMITTED
    for signal in (
        CaseSignal.TAKEN,
        CaseSignal.MORE_ASKED,
        CaseSignal.ANSWERED,
        CaseSignal.APPROVED,
        CaseSignal.GOODS_CALLED,
        CaseSignal.SENT,
        CaseSignal.RECEIVED,
        CaseSignal.EXECUTED,
        CaseSignal.ARRIVED,
    ):
        assert state not in CLOSED
        state = next_state(state, signal)
    assert state is CaseState.COMPLETED


def test_the_refund_of_an_exchange_waits_for_the_customer_who_asked_for_goods() -> None:
    offered = next_state(CaseState.REPLACING, CaseSignal.CANNOT_REPLACE)
    assert {signal for state, signal in NEXT_STATE if state is CaseState.REPLACING} == {
        CaseSignal.REPLACEMENT_SENT,
        CaseSignal.CANNOT_REPLACE,
    }
    assert (offered, next_state(offered, CaseSignal.CONFIRMED)) == (CaseState.QUOTE_CHANGED, CaseState.REFUNDING)
    assert GIVEN_BY[CaseSignal.CANNOT_REPLACE] == {Party.STAFF}
    assert GIVEN_BY[CaseSignal.CONFIRMED] == {Party.CUSTOMER}
    assert [state for state, signal in NEXT_STATE if signal is CaseSignal.CANNOT_REPLACE] == [CaseState.REPLACING]


@pytest.mark.parametrize("state", BEFORE_MONEY)
def test_it_can_be_taken_back_at_any_time_before_money_moves(state: CaseState) -> None:
    assert next_state(state, CaseSignal.WITHDRAWN) is CaseState.WITHDRAWN
    assert CaseSignal.WITHDRAWN in possible(state, Party.CUSTOMER) & possible(state, Party.STAFF)


@pytest.mark.parametrize("state", sorted(set(CaseState) - set(BEFORE_MONEY)))
def test_it_cannot_be_taken_back_afterwards(state: CaseState) -> None:
    assert (state, CaseSignal.WITHDRAWN) not in NEXT_STATE


@pytest.mark.requirement("R046")
def test_money_moves_only_after_the_approval() -> None:
    """No way leads to the money that does not pass through `approved`."""
    reached, frontier = {CaseState.SUBMITTED}, [CaseState.SUBMITTED]
    while frontier:
        state = frontier.pop()
        for (before, _), after in NEXT_STATE.items():
            if before is state and after is not CaseState.APPROVED and after not in reached:
                reached.add(after)
                frontier.append(after)
    assert not reached & MONEY_MOVED


@pytest.mark.parametrize("state", CaseState)
def test_staff_refuse_until_money_moves_and_never_the_goods_that_are_exchanged(state: CaseState) -> None:
    """What is new or just approved moves on at once; a replacement that is due is owed."""
    refused_in = {
        CaseState.IN_REVIEW,
        CaseState.EVIDENCE_ASKED,
        CaseState.GOODS_AWAITED,
        CaseState.GOODS_RECEIVED,
        CaseState.QUOTE_CHANGED,
    }
    assert (CaseSignal.REJECTED in possible(state, Party.STAFF)) is (state in refused_in)


def test_what_ended_without_goods_or_money_takes_no_pieces() -> None:
    assert set(CaseState) - TAKES_PIECES == {CaseState.REJECTED, CaseState.WITHDRAWN}


def test_somebody_gives_every_signal_and_every_state_but_the_last_ones_can_be_left() -> None:
    assert set(GIVEN_BY) == set(CaseSignal)
    assert all(GIVEN_BY.values())
    left = {state for (state, _), after in NEXT_STATE.items() if after is not state}
    assert set(CaseState) - left == {CaseState.REJECTED, CaseState.WITHDRAWN}


@given(st.lists(st.sampled_from(CaseSignal), max_size=30))
def test_no_history_leads_from_a_refusal_or_a_withdrawal_to_money(signals: list[CaseSignal]) -> None:
    state, was_dropped = CaseState.SUBMITTED, False
    for signal in signals:
        state = NEXT_STATE.get((state, signal), state)
        was_dropped |= state in (CaseState.REJECTED, CaseState.WITHDRAWN)
        assert not (was_dropped and state in MONEY_MOVED)
