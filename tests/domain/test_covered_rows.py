"""Installments that nobody paid, since goods went back, are told apart from those that were paid."""

from collections.abc import Mapping
from datetime import date

from fenqi.domain.plans import parse_event, parse_terms, replay
from fenqi.domain.plans.covered import covered_rows

TERMS = parse_terms(
    {
        "principal": 120_000,
        "currency": "CNY",
        "opened_on": "2026-01-01",
        "installments": 12,
        "unit": "month",
        "method": "interest_free",
    }
)
ON = date(2026, 3, 1)


def covered(*events: Mapping[str, object]) -> set[int]:
    told = [parse_event({"on": ON.isoformat(), **event}) for event in events]
    return set(covered_rows(TERMS, told, replay(TERMS, told, as_of=ON)))


PAID = {"id": "p", "kind": "repayment", "amount": 20_000}


def test_what_was_paid_is_not_covered() -> None:
    assert covered(PAID) == set()


def test_a_whole_return_covers_what_was_open_and_not_what_was_paid() -> None:
    assert covered(PAID, {"id": "r", "kind": "refund", "amount": 120_000}) == set(range(3, 13))


def test_a_part_covers_the_last_installments_that_it_reaches_whole() -> None:
    assert covered(PAID, {"id": "r", "kind": "refund", "amount": 25_000, "future": "last"}) == {11, 12}


def test_a_return_that_was_undone_covers_nothing() -> None:
    undone = {"id": "u", "kind": "reversal", "of": "r"}
    assert covered(PAID, {"id": "r", "kind": "refund", "amount": 120_000}, undone) == set()
