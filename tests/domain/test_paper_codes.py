"""Codes of papers, and the account over a period: as laws."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.vouchers import (
    CODE_LENGTH,
    Balances,
    Movement,
    Said,
    code_of,
    normal_code,
    over_period,
    shown_code,
)
from fenqi.domain.vouchers.period import change_of

SOMEBODY = UUID(int=7)
START = date(2026, 1, 1)
PAPER = Said(
    kind="payment",
    subject_id=UUID(int=9),
    number="P20260101",
    amount_minor=10_000,
    currency="CNY",
    on=START,
    entry_seq=2,
    entry_hash="ab" * 32,
)


@pytest.mark.requirement("R079")
@pytest.mark.parametrize(
    "other",
    [
        replace(PAPER, amount_minor=10_001),
        replace(PAPER, on=date(2026, 1, 2)),
        replace(PAPER, number="P20260102"),
        replace(PAPER, kind="refund"),
        replace(PAPER, entry_seq=3),
        replace(PAPER, entry_hash="ac" * 32),
        replace(PAPER, details={"undone": "4"}),
    ],
    ids=["sum", "day", "number", "kind", "entry", "hash", "details"],
)
def test_another_word_makes_another_code(other: Said) -> None:
    assert code_of(SOMEBODY, other) != code_of(SOMEBODY, PAPER)
    assert code_of(UUID(int=8), PAPER) != code_of(SOMEBODY, PAPER)


def test_a_code_is_read_however_it_is_written() -> None:
    code = code_of(SOMEBODY, PAPER)
    assert len(code) == CODE_LENGTH
    assert shown_code(code).count("-") == 3
    for written in (shown_code(code).lower(), f" {shown_code(code)} ", shown_code(code).replace("-", " ")):
        assert normal_code(written) == code
    assert normal_code("0" * 18 + "oi") == "0" * 19 + "1"


@pytest.mark.parametrize("text", ["", "U" * 20, "0" * 19, "0" * 21, "0" * 19 + "ß", "<script>", "0" * 5000])
def test_what_is_no_code_is_none(text: str) -> None:
    assert normal_code(text) is None


MOVEMENTS = st.lists(
    st.tuples(
        st.integers(0, 60), st.integers(-50_000, 50_000), st.integers(-50_000, 50_000), st.integers(-50_000, 50_000)
    ),
    max_size=30,
).map(
    lambda rows: [
        Movement(
            entry_id=UUID(int=n),
            seq=n,
            code="repayment",
            on=START + timedelta(days=day),
            posted_at=datetime(2026, 3, 1, tzinfo=UTC),
            change=Balances(*change),
        )
        for n, (day, *change) in enumerate(rows, 1)
    ]
)


@pytest.mark.requirement("R076")
@given(MOVEMENTS, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_opening_and_movements_are_closing_for_any_split(
    movements: list[Movement], one: int, two: int, three: int
) -> None:
    first, middle, last = (START + timedelta(days=days) for days in sorted((one, two, three)))
    whole = over_period(movements, first, last)
    total = whole.opening
    for movement, after in whole.movements:
        total = total.plus(movement.change)
        assert total == after
    assert total == whole.closing
    left = over_period(movements, first, middle)
    right = over_period(movements, middle + timedelta(days=1), last)
    assert left.opening == whole.opening
    assert right.opening == left.closing
    assert right.closing == whole.closing
    assert [one.seq for one, _ in left.movements + right.movements] == [one.seq for one, _ in whole.movements]


@pytest.mark.parametrize(
    ("account", "change"),
    [
        ("receivable.principal", Balances(owed=100)),
        ("receivable.late_fee", Balances(owed=100)),
        ("payable.refund", Balances(credit=-100)),
        ("customer.balance", Balances(credit=-100)),
        ("reserve.owed", Balances(reserve=-100)),
        ("clearing.alipay", Balances()),
        ("reserve.held", Balances()),
    ],
)
def test_a_debit_changes_what_the_customer_sees(account: str, change: Balances) -> None:
    assert change_of(account, 100, 0) == change
