"""The laws of a reserve, over whatever is done to it in whatever order (P303), and the rules of its end."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.ledger import (
    Account,
    Entry,
    clearing,
    reserve_captured_entry,
    reserve_frozen_entry,
    reserve_paid_entry,
    reserve_refunded_entry,
    reserve_unfrozen_entry,
)
from fenqi.domain.payments import Outcome
from fenqi.domain.reserves import (
    AT_CHANNEL,
    LIVE,
    NEXT_HOLD_STATE,
    NEXT_MOVE_STATE,
    NOTICE,
    UNDER_WAY,
    AboveHeld,
    ConsentMissing,
    HoldState,
    HoldStep,
    MoveKind,
    MoveState,
    MoveStep,
    NothingHeld,
    NothingOverdue,
    Obligations,
    ReleaseRule,
    ReserveMoveUnlisted,
    Sums,
    Why,
    check_capture,
    due_advance,
    due_release,
    holds_until,
    is_expiring,
    next_hold_state,
    next_move_state,
    still_needed,
    term_is_over,
)

AMOUNTS = st.integers(1, 1_000_00)
ACTS = st.lists(st.tuples(st.sampled_from(["promise", "keep", "forget", "move"]), st.sampled_from(MoveKind), AMOUNTS))
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass
class Held:
    """A reserve beside its books."""

    sums: Sums
    books: dict[str, int]
    promised: list[int]

    def post(self, entry: Entry) -> None:
        for line in entry.lines:
            self.books[line.account] = self.books.get(line.account, 0) + line.debit - line.credit

    def do(self, act: str, kind: MoveKind, amount: int, *, prepaid: bool) -> None:
        """What the sums refuse is not posted."""
        if act in ("keep", "forget"):
            if not self.promised:
                return
            amount = self.promised.pop()
            self.sums = self.sums.keep(kind, amount) if act == "keep" else self.sums.forget(amount)
            if act == "forget":
                return
        elif act == "promise":
            self.sums = self.sums.promise(amount)
            self.promised.append(amount)
            return
        else:
            self.sums = self.sums.move(kind, amount)
        self.post(voided(kind, amount, prepaid=prepaid))


def voided(kind: MoveKind, amount: int, *, prepaid: bool) -> Entry:
    if kind is MoveKind.CAPTURE:
        return reserve_captured_entry(amount)
    return reserve_refunded_entry(amount) if prepaid else reserve_unfrozen_entry(amount)


@pytest.mark.requirement("R063")
@pytest.mark.requirement("R064")
@given(frozen=AMOUNTS, acts=ACTS, prepaid=st.booleans())
def test_frozen_is_released_and_captured_and_held_whatever_happens(
    frozen: int, acts: list[tuple[str, MoveKind, int]], *, prepaid: bool
) -> None:
    held = Held(Sums(frozen=frozen), {}, [])
    held.post(reserve_paid_entry(frozen, source=clearing("alipay")) if prepaid else reserve_frozen_entry(frozen))
    for act, kind, amount in acts:
        before = held.sums
        try:
            held.do(act, MoveKind.RELEASE if prepaid and kind is MoveKind.CAPTURE else kind, amount, prepaid=prepaid)
        except (AboveHeld, NothingHeld):
            assert held.sums == before
        assert held.sums.frozen == held.sums.released + held.sums.captured + held.sums.held
        assert 0 <= held.sums.free <= held.sums.held <= frozen
        assert held.books.get(Account.RESERVE_OWED, 0) == -held.sums.held, "what is owed is what is held"
        if not prepaid:
            assert held.books.get(Account.RESERVE_HELD, 0) == held.sums.held, "the memo pair agrees"
        assert sum(held.books.values()) == 0


def test_no_more_is_promised_than_is_free() -> None:
    sums = Sums(frozen=100).promise(60)
    with pytest.raises(AboveHeld):
        sums.promise(41)
    assert sums.promise(40).free == 0
    with pytest.raises(AboveHeld):
        sums.promise(0)
    with pytest.raises(NothingHeld):
        Sums(frozen=100, released=100).promise(1)


def owed(**facts: object) -> Obligations:
    return Obligations(**{"has_plan": True, "is_settled": False, "financed": 1000, **facts})  # type: ignore[arg-type]  # facts of the test


@pytest.mark.requirement("R067")
@pytest.mark.parametrize(
    ("facts", "rule", "amount", "why"),
    [
        ({}, ReleaseRule.WHEN_NOTHING_IS_OWED, 0, Why.STILL_OWED),
        ({"is_settled": True}, ReleaseRule.WHEN_NOTHING_IS_OWED, 500, Why.PLAN_SETTLED),
        ({"is_settled": True, "refund_was_final": True}, ReleaseRule.WHEN_NOTHING_IS_OWED, 500, Why.REFUND_FINAL),
        ({"is_settled": True, "refund_is_under_way": True}, ReleaseRule.WHEN_NOTHING_IS_OWED, 0, Why.REFUND_UNDER_WAY),
        ({"refund_was_final": True, "returned": 400}, ReleaseRule.WHEN_NOTHING_IS_OWED, 0, Why.STILL_OWED),
        ({"refund_was_final": True, "returned": 401}, ReleaseRule.IN_PROPORTION, 200, Why.IN_PROPORTION),
        ({"refund_was_final": True, "returned": 9999}, ReleaseRule.IN_PROPORTION, 500, Why.IN_PROPORTION),
        ({"has_plan": False}, ReleaseRule.WHEN_NOTHING_IS_OWED, 0, Why.NO_END_YET),
        ({"has_plan": False, "refund_was_final": True}, ReleaseRule.WHEN_NOTHING_IS_OWED, 500, Why.REFUND_FINAL),
    ],
)
def test_it_goes_back_once_nothing_is_owed_and_no_refund_is_under_way(
    facts: dict[str, object], rule: ReleaseRule, amount: int, why: Why
) -> None:
    due = due_release(Sums(frozen=500), rule, owed(**facts))
    assert (due.amount, due.why) == (amount, why)


@pytest.mark.requirement("R067", "R068")
@pytest.mark.parametrize(
    ("facts", "promised", "amount", "why"),
    [
        ({}, 0, 0, Why.STILL_OWED),
        ({"refund_was_final": True, "returned": 401}, 0, 0, Why.STILL_OWED),
        ({"refund_was_final": True, "returned": 401}, 200, 0, Why.STILL_OWED),
        ({"is_settled": True}, 0, 500, Why.PLAN_SETTLED),
        ({"is_settled": True}, 200, 0, Why.ONE_PIECE),
        ({"is_settled": True, "refund_is_under_way": True}, 200, 0, Why.REFUND_UNDER_WAY),
    ],
)
def test_what_is_in_one_piece_goes_back_whole_or_waits(
    facts: dict[str, object], promised: int, amount: int, why: Why
) -> None:
    sums = Sums(frozen=500, promised=promised)
    due = due_release(sums, ReleaseRule.IN_PROPORTION, owed(**facts), is_whole=True)
    assert (due.amount, due.why) == (amount, why)


@given(frozen=AMOUNTS, financed=AMOUNTS, parts=st.lists(st.integers(0, 500_00), max_size=6))
def test_several_returns_release_together_what_one_would(frozen: int, financed: int, parts: list[int]) -> None:
    sums, returned = Sums(frozen=frozen), 0
    for part in parts:
        returned += part
        due = due_release(
            sums,
            ReleaseRule.IN_PROPORTION,
            owed(financed=financed, returned=returned, refund_was_final=True),
        )
        if due.amount:
            sums = sums.move(MoveKind.RELEASE, due.amount)
    assert sums.released == frozen * min(returned, financed) // financed


@pytest.mark.requirement("R066")
def test_an_advance_is_at_most_the_refund_and_at_most_what_is_free() -> None:
    sums = Sums(frozen=300)
    assert due_advance(sums, refund=200, advanced=0) == 200
    assert due_advance(sums, refund=200, advanced=150) == 50
    assert due_advance(sums, refund=900, advanced=0) == 300
    assert due_advance(Sums(frozen=300, promised=250), refund=200, advanced=0) == 50
    assert due_advance(sums, refund=200, advanced=200) == 0


@pytest.mark.requirement("R065")
def test_a_capture_needs_consent_and_takes_only_what_is_overdue() -> None:
    sums = Sums(frozen=300)
    with pytest.raises(ConsentMissing):
        check_capture(sums, 100, overdue=100, consented_at=None)
    with pytest.raises(NothingOverdue):
        check_capture(sums, 101, overdue=100, consented_at=NOW)
    with pytest.raises(AboveHeld):
        check_capture(sums, 301, overdue=900, consented_at=NOW)
    assert check_capture(sums, 100, overdue=100, consented_at=NOW).free == 200
    assert still_needed(100, overdue=30) == 30
    assert still_needed(100, overdue=0) == 0
    assert timedelta(days=3) == NOTICE


def test_a_hold_lasts_a_month_beyond_the_plan_and_is_warned_of_a_week_before_its_end() -> None:
    assert holds_until(date(2026, 1, 1), last_due_on=date(2026, 6, 1)) == date(2026, 7, 1)
    assert holds_until(date(2026, 1, 1), last_due_on=date(2028, 6, 1)) == date(2026, 12, 27)
    assert holds_until(date(2026, 1, 1), last_due_on=None) == date(2026, 12, 27)
    month = timedelta(days=30)
    assert holds_until(date(2026, 1, 1), last_due_on=date(2026, 6, 1), term=month) == date(2026, 1, 31)
    assert holds_until(date(2026, 1, 1), last_due_on=date(2025, 12, 20), term=month) == date(2026, 1, 19)
    assert not term_is_over(date(2026, 1, 1), term=month, today=date(2026, 1, 30))
    assert term_is_over(date(2026, 1, 1), term=month, today=date(2026, 1, 31))
    assert not is_expiring(date(2026, 7, 1), today=date(2026, 6, 23))
    assert is_expiring(date(2026, 7, 1), today=date(2026, 6, 24))


def test_every_answer_of_a_channel_is_listed_wherever_it_may_come() -> None:
    answers = [outcome for outcome in Outcome if outcome is not Outcome.ABNORMAL]
    for state in (HoldState.OFFERED, HoldState.UNKNOWN, HoldState.CLOSED):
        assert all((state, outcome) in NEXT_HOLD_STATE for outcome in answers)
    for moved in (*AT_CHANNEL, MoveState.FAILED):
        assert all((moved, outcome) in NEXT_MOVE_STATE for outcome in answers)


@given(st.lists(st.sampled_from([*Outcome, *MoveStep])))
def test_what_is_done_stays_done(signals: list[Outcome | MoveStep]) -> None:
    state = MoveState.CREATED
    for signal in signals:
        was_done = state is MoveState.DONE
        try:
            state = next_move_state(state, signal)
        except ReserveMoveUnlisted:
            continue
        assert not was_done or state is MoveState.DONE
        assert state in UNDER_WAY or state in (MoveState.DONE, MoveState.FAILED, MoveState.WITHDRAWN)


@given(st.lists(st.sampled_from([*Outcome, *HoldStep])))
def test_nothing_is_held_without_the_channels_word(signals: list[Outcome | HoldStep]) -> None:
    state, was_told = HoldState.WANTED, False
    for signal in signals:
        try:
            state = next_hold_state(state, signal)
        except ReserveMoveUnlisted:
            continue
        was_told = was_told or signal is Outcome.SUCCEEDED
        assert was_told or state not in (HoldState.HELD, HoldState.ENDED)
        assert state in LIVE or state in (HoldState.ENDED, HoldState.CLOSED)
