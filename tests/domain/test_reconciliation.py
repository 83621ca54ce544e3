"""The rules of matching: pure ones by table, and the join over whole bills by law."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.ledger import Account
from fenqi.domain.reconciliation import (
    CAUSES,
    REPAIRS,
    Cause,
    LineState,
    Ours,
    OurStanding,
    Repair,
    RepairNotFitting,
    Theirs,
    Verdict,
    billed_minor,
    booked_minor,
    fitting_repairs,
    judge,
    suspense_repair_entry,
)
from fenqi.domain.reconciliation.causes import MOVED_NOTHING

DAY = date(2026, 2, 1)


def theirs(**more: Any) -> Theirs:
    return Theirs(**{"is_refund": False, "amount": 100, "state": LineState.SUCCEEDED, **more})


def ours(**more: Any) -> Ours:
    booked = {"standing": OurStanding.BOOKED, "booked_on": DAY}
    return Ours(**{"is_refund": False, "amount": 100, "currency": "CNY", **booked, **more})


OPEN = {"standing": OurStanding.OPEN, "booked_on": None}
ENDED = {"standing": OurStanding.ENDED, "booked_on": None}


@pytest.mark.parametrize(
    ("line", "record", "verdict", "cause"),
    [
        (theirs(), ours(), Verdict.MATCHED, None),
        (theirs(), None, Verdict.MISSING_HERE, Cause.NOBODYS),
        (theirs(state=LineState.FAILED), None, Verdict.MISSING_HERE, Cause.NO_MONEY),
        (None, ours(), Verdict.MISSING_THERE, Cause.NOT_IN_BILL),
        (theirs(occurrence=1), ours(), Verdict.DUPLICATE, Cause.LINE_TWICE),
        (theirs(amount=99), ours(), Verdict.AMOUNT_DIFFERS, Cause.OTHER_AMOUNT_BOOKED),
        (theirs(amount=99), ours(**OPEN), Verdict.AMOUNT_DIFFERS, Cause.OTHER_AMOUNT_ASKED),
        (theirs(), ours(currency="USD"), Verdict.AMOUNT_DIFFERS, Cause.OTHER_AMOUNT_BOOKED),
        (theirs(), ours(**OPEN), Verdict.STATE_DIFFERS, Cause.OUTCOME_UNKNOWN),
        (theirs(), ours(**ENDED), Verdict.STATE_DIFFERS, Cause.CLOSED_HERE),
        (theirs(), ours(booked_on=DAY + timedelta(days=1)), Verdict.STATE_DIFFERS, Cause.BOOKED_ANOTHER_DAY),
        (theirs(state=LineState.FAILED), ours(), Verdict.STATE_DIFFERS, Cause.NOT_PAID_THERE),
        (theirs(state=LineState.FAILED), ours(**ENDED), Verdict.MATCHED, None),
        (theirs(state=LineState.WAITING), ours(**OPEN), Verdict.MATCHED, None),
        (theirs(is_refund=True, state=LineState.WAITING), ours(is_refund=True), Verdict.MATCHED, None),
        (theirs(is_refund=True), ours(is_refund=True, **OPEN), Verdict.STATE_DIFFERS, Cause.REFUND_UNDER_WAY),
        (theirs(is_refund=True), ours(is_refund=True, **ENDED), Verdict.STATE_DIFFERS, Cause.REFUND_ENDED),
    ],
)
def test_the_verdict_on_a_line(line: Theirs | None, record: Ours | None, verdict: Verdict, cause: Cause | None) -> None:
    judged = judge(line, record, day=DAY, currency="CNY")
    assert (judged.verdict, judged.cause) == (verdict, cause)


def test_every_cause_is_told_in_both_languages() -> None:
    assert set(CAUSES) == set(Cause)
    for text in CAUSES.values():
        assert all((text.zh, text.en, text.todo_zh, text.todo_en))


LINES = st.builds(
    Theirs,
    is_refund=st.just(value=False),
    amount=st.integers(1, 3),
    state=st.sampled_from(LineState),
    occurrence=st.integers(0, 1),
)
RECORDS = st.builds(
    lambda amount, standing, late: Ours(
        is_refund=False,
        amount=amount,
        currency="CNY",
        standing=standing,
        booked_on=DAY + timedelta(days=late) if standing is OurStanding.BOOKED else None,
    ),
    st.integers(1, 3),
    st.sampled_from(OurStanding),
    st.integers(-1, 1),
)


@given(LINES, RECORDS)
def test_what_matches_moved_the_same_on_both_sides(line: Theirs, record: Ours) -> None:
    judged = judge(line, record, day=DAY, currency="CNY")
    if judged.verdict is Verdict.MATCHED:
        assert billed_minor(line) == booked_minor(record, day=DAY)
    assert (judged.cause in MOVED_NOTHING) <= (billed_minor(line) == 0)


@given(st.sampled_from(Cause), st.integers(-10, 10))
def test_a_repair_takes_all_of_it_off_suspense(cause: Cause, standing: int) -> None:
    for repair in fitting_repairs(cause, standing=standing):
        if repair is Repair.BOOK_LATE:
            assert cause in {Cause.OUTCOME_UNKNOWN, Cause.CLOSED_HERE}
            continue
        entry = suspense_repair_entry(repair, standing=standing)
        moved = sum(line.credit - line.debit for line in entry.lines if line.account == Account.SUSPENSE)
        assert moved == -standing
    if not standing:
        assert fitting_repairs(cause, standing=standing) == ()


@pytest.mark.parametrize(
    ("repair", "standing"), [(Repair.SENT_BACK, -1), (Repair.RECEIVED_AT_BANK, 1), (Repair.CHANNEL_CHARGE, 0)]
)
def test_a_repair_that_does_not_fit_is_refused(repair: Repair, standing: int) -> None:
    assert repair in REPAIRS
    with pytest.raises(RepairNotFitting):
        suspense_repair_entry(repair, standing=standing)
