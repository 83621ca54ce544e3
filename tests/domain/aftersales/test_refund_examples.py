"""The worked examples of the docs, whose numbers were worked out by hand, agree with the engine and with simulate."""

from collections.abc import Mapping
from typing import Any

import pytest

from fenqi.domain.aftersales.quote import RefundQuote, quote_return
from fenqi.domain.ledger import Account, entry_for
from fenqi.domain.plans import Components, PlanState, replay
from fenqi.interfaces.commands.simulate import answer_to
from generated_parts import out_of_date
from refund_examples_page import Example, examples, pages
from returns import is_conserved

EXAMPLES = examples()
WORTH = ("goods", "discount", "difference", "freight", "deduction")
SUMS = ("value", "at_ordering", "partner", "gifts", "cash", "balance_before", "subsidy_back")


def quoted(example: Example) -> RefundQuote:
    return quote_return(example.facts(), on=example.on, paid_out_on=example.paid_out_on)


def still_open(state: PlanState | None) -> list[int]:
    return [row.outstanding.total for row in state.rows] if state else []


def test_the_page_is_up_to_date() -> None:
    assert out_of_date(pages()) == [], "run: python scripts/refund_examples_page.py --write"


def test_there_are_enough_and_no_two_have_one_name() -> None:
    assert len({example.id for example in EXAMPLES}) == len(EXAMPLES) >= 20


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_quote_comes_to_what_was_worked_out_by_hand(example: Example) -> None:
    quote, expected = quoted(example), example.expected
    assert {name: getattr(quote, name) for name in SUMS} == {name: expected.get(name, 0) for name in SUMS}
    worth = {name: sum(getattr(line, name) for line in quote.lines) for name in WORTH}
    assert {name: worth[name] for name in WORTH if name in expected} == {
        name: expected[name] for name in WORTH if name in expected
    }
    assert quote.fees_back == Components(**expected.get("fees_back", {}))
    assert quote.off_plan == Components(**expected.get("off_plan", {}))
    assert [{part.key: part.amount} for part in quote.cash_over.parts] == expected.get("cash_over", [])
    assert quote.cash_over.remainder == expected.get("transferred", 0)
    assert still_open(quote.before) == example.rows("open_before")
    assert still_open(quote.after) == example.rows("open_after")
    assert (quote.after.status if quote.after else None) == expected.get("status")
    assert quote.partner or is_conserved(quote)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_events_are_those_of_the_file(example: Example) -> None:
    assert quoted(example).events == example.own_events


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_books_are_those_of_the_file(example: Example) -> None:
    known = list(example.history)
    posted = {}
    for event in example.own_events:
        before, after = replay(example.terms, known), replay(example.terms, [*known, event])
        entry = entry_for(before, after, event, source=Account.PAYABLE_REFUND)
        known.append(event)
        if entry is not None:
            posted[event.id] = {
                side: {line.account: getattr(line, side) for line in entry.lines if getattr(line, side)}
                for side in ("debit", "credit")
            }
    assert posted == example.expected["entries"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_simulate_gives_the_same_states_from_the_very_file(example: Example) -> None:
    answer = answer_to(example.said)
    assert "error" not in answer
    quote = quoted(example)
    if not quote.partner:  # the lender's plan changes when the lender has done it
        last = answer["states"][-1]
        assert [row["outstanding"] for row in last["rows"]] == example.rows("open_after")
        assert (last["status"], last["balance"]) == (example.expected["status"], quote.balance_after)
        assert [row["outstanding"] for row in _state_before(answer, example)["rows"]] == example.rows("open_before")
    booked = {
        entry["event"]: _sides(entry) for entry in answer["journal"] if entry["event"] in example.expected["entries"]
    }
    assert booked == example.expected["entries"]


def _state_before(answer: Mapping[str, Any], example: Example) -> Mapping[str, Any]:
    """The state that the history alone makes, which the file tells before the return's own events."""
    state: Mapping[str, Any] = answer["states"][len(example.history)]
    return state


def _sides(entry: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """The entry with the account that the product books cash on."""
    return {
        side: {_account(line["account"]): line[side] for line in entry["lines"] if side in line}
        for side in ("debit", "credit")
    }


def _account(name: str) -> str:
    return Account.PAYABLE_REFUND.value if name == "clearing.simulated" else str(name)


@pytest.mark.parametrize("example", [one for one in EXAMPLES if "quoted" in one.said], ids=lambda one: one.id)
def test_what_was_quoted_before_more_became_known(example: Example) -> None:
    said = example.said["quoted"]
    quote = quote_return(example.facts(known=said["known"]), on=example.on)
    assert (quote.value, quote.cash, quote.off_plan.total) == (said["value"], said["cash"], said["off_plan"])
