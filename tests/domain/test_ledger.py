"""Recipes, the hash chain, and checks that find what is wrong."""

from datetime import date
from uuid import UUID

import pytest

from fenqi.domain.errors import InvalidInput
from fenqi.domain.ledger import (
    Account,
    Books,
    Entry,
    EntryCode,
    Line,
    balanced_entry,
    canonical_text,
    check_books,
    clearing,
    credit,
    debit,
    duplicate_payment_entry,
    entry_for,
    entry_hash,
    opening_entry,
)
from fenqi.domain.plans import Event, replay
from plan_strategies import event_of, terms_of

TERMS = terms_of(principal=40_000, installments=4, method="flat_fee", fee_rate="1")
ALIPAY = clearing("alipay")


def lines_of(*events: Event, source: str = ALIPAY) -> list[tuple[str, int, int]]:
    """The lines that the last of the events posts."""
    before, after = replay(TERMS, events[:-1]), replay(TERMS, events)
    entry = entry_for(before, after, events[-1], source=source)
    return [] if entry is None else [(line.account, line.debit, line.credit) for line in entry.lines]


REPAID = event_of("repayment", "2023-02-01", id="r", amount=10_400)


def test_opening() -> None:
    entry = opening_entry(replay(TERMS, []))
    assert entry.code is EntryCode.OPENED
    assert [(line.account, line.debit, line.credit) for line in entry.lines] == [
        ("receivable.principal", 40_000, 0),
        ("receivable.fee", 1_600, 0),
        ("sales.clearing", 0, 40_000),
        ("income.fee", 0, 1_600),
    ]


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        ([REPAID], [(ALIPAY, 10_400, 0), ("receivable.principal", 0, 10_000), ("receivable.fee", 0, 400)]),
        (
            [event_of("refund", "2023-01-05", amount=10_400)],
            [("sales.returns", 10_400, 0), ("receivable.principal", 0, 10_000), ("receivable.fee", 0, 400)],
        ),
        (
            [event_of("price_adjustment", "2023-01-05", amount=100)],
            [("expense.price_protection", 100, 0), ("receivable.fee", 0, 100)],
        ),
        (
            [event_of("credit", "2023-01-05", amount=100)],
            [("expense.goodwill", 100, 0), ("receivable.fee", 0, 100)],
        ),
        (
            [event_of("fee_refund", "2023-01-05", amount=500, component="fee")],
            [("income.fee", 500, 0), ("receivable.principal", 0, 100), ("receivable.fee", 0, 400)],
        ),
        (
            [event_of("late_fee", "2023-02-05", amount=77, due_on="2023-02-05")],
            [("receivable.late_fee", 77, 0), ("income.late_fee", 0, 77)],
        ),
        (
            [event_of("waiver", "2023-02-05", amount=500, component="fee")],
            [("expense.waiver", 500, 0), ("receivable.fee", 0, 500)],
        ),
        (
            [event_of("settlement", "2023-01-10")],
            [
                ("income.fee", 1_200, 0),
                (ALIPAY, 40_400, 0),
                ("receivable.principal", 0, 40_000),
                ("receivable.fee", 0, 1_600),
            ],
        ),
        (
            [REPAID, event_of("chargeback", "2023-02-10", of="r", amount=10_400)],
            [("receivable.principal", 10_400, 0), (ALIPAY, 0, 10_400)],
        ),
        (
            [REPAID, event_of("reversal", "2023-02-10", of="r")],
            [("receivable.principal", 10_000, 0), ("receivable.fee", 400, 0), (ALIPAY, 0, 10_400)],
        ),
        (
            [event_of("charge_off", "2023-09-01")],
            [("expense.bad_debt", 41_600, 0), ("allowance.bad_debt", 0, 41_600)],
        ),
        (
            [event_of("charge_off", "2023-09-01"), event_of("repayment", "2023-09-02", amount=10_400)],
            [
                (ALIPAY, 10_400, 0),
                ("allowance.bad_debt", 10_400, 0),
                ("receivable.principal", 0, 10_000),
                ("receivable.fee", 0, 400),
                ("expense.bad_debt", 0, 10_400),
            ],
        ),
        (
            [
                event_of("repayment", "2023-02-01", amount=42_000),
                event_of("balance_payout", "2023-02-02", amount=400),
            ],
            [("customer.balance", 400, 0), (ALIPAY, 0, 400)],
        ),
        ([event_of("look", "2023-02-02")], []),
        ([event_of("extension", "2023-01-02", from_row=1, days=9)], []),
    ],
)
def test_the_lines_of_each_event(events: list[Event], lines: list[tuple[str, int, int]]) -> None:
    assert sorted(lines_of(*events)) == sorted(lines)


def test_a_backdated_fee_posts_what_it_moves_in_one_entry() -> None:
    fee = event_of("fee", "2023-01-15", amount=100, due_on="2023-02-01")
    assert lines_of(REPAID, fee) == [("receivable.principal", 100, 0), ("income.fee", 0, 100)]


def test_paid_twice_is_owed_back() -> None:
    entry = duplicate_payment_entry(500, source=ALIPAY)
    assert entry.lines == (Line(ALIPAY, 500, 0), Line("payable.refund", 0, 500))


def test_an_entry_that_does_not_balance_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        balanced_entry(EntryCode.OPENED, debit(Account.SUSPENSE, 2), credit(Account.SALES_CLEARING, 1))
    with pytest.raises(AssertionError):
        debit(Account.SUSPENSE, -1)


@pytest.mark.parametrize("name", ["", "Alipay", "a|b", "a,b", "x" * 40, "1x"])
def test_a_channel_name_never_carries_a_separator(name: str) -> None:
    with pytest.raises(InvalidInput):
        clearing(name)


ENTRY = {
    "entry_id": UUID(int=1),
    "customer_id": UUID(int=2),
    "seq": 7,
    "posted_at_us": 1_700_000_000_000_001,
    "on": date(2023, 2, 1),
    "code": "repayment",
    "plan_id": UUID(int=3),
    "currency": "CNY",
    "lines": [(2, "receivable.principal", 0, 100), (1, "clearing.alipay", 100, 0)],
}


def test_the_canonical_text() -> None:
    assert canonical_text(b"\x0a\xff", **ENTRY) == (  # type: ignore[arg-type]  # a mapping of mixed types
        "0aff|00000000-0000-0000-0000-000000000001|00000000-0000-0000-0000-000000000002|7|1700000000000001|2023-02-01"
        "|repayment|00000000-0000-0000-0000-000000000003|CNY|1,clearing.alipay,100,0;2,receivable.principal,0,100"
    )


@pytest.mark.requirement("R079")
@pytest.mark.parametrize(
    "change",
    [
        {"seq": 8},
        {"posted_at_us": 1},
        {"plan_id": None},
        {"on": date(2023, 2, 2)},
        {"currency": "JPY"},
        {"lines": [(1, "clearing.alipay", 100, 0), (2, "receivable.fee", 0, 100)]},
    ],
)
def test_every_change_breaks_the_chain(change: dict[str, object]) -> None:
    honest = entry_hash(b"", **ENTRY)  # type: ignore[arg-type]  # a mapping of mixed types
    assert len(honest) == 32
    assert entry_hash(b"", **{**ENTRY, **change}) != honest  # type: ignore[arg-type]  # as above
    assert entry_hash(b"x", **ENTRY) != honest  # type: ignore[arg-type]  # as above


def test_checks_name_what_breaks_a_law() -> None:
    state = replay(TERMS, [])
    honest = opening_entry(state)
    assert check_books(Books(entries={"p": [honest]}, states={"p": state})) == []
    broken = Entry(EntryCode.OPENED, (*honest.lines, Line(Account.CUSTOMER_BALANCE, 0, 5)))
    found = check_books(Books(entries={"p": [broken]}, states={"p": state}))
    assert [finding.law for finding in found] == ["entries_balance", "balances_match_plans"]
    missing = check_books(Books(entries={}, states={"p": state}))
    assert {finding.law for finding in missing} == {"receivables_match_plans"}
    assert len(missing) == 2
