"""Laws of the refund quote, for every plan and everything that can have happened to it."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import plan_strategies as plans
from fenqi.domain.aftersales.quote import PlanFacts, QuoteFacts, RefundQuote, quote_return
from fenqi.domain.aftersales.worth import BoughtLine, GivenDifference, LineWorth, worth_of
from fenqi.domain.ledger import Account, Books, Entry, check_books, clearing, entry_for
from fenqi.domain.plans import Event, EventKind, FutureRule, PlanState, Terms, replay
from fenqi.domain.plans.terms import FeeOnRefund
from returns import carried_out, is_conserved, returned

SOURCE = clearing("test")
RULES = st.sampled_from(FeeOnRefund)
FUTURES = st.sampled_from([None, *FutureRule])
VALUES = st.one_of(st.integers(0, 300), st.integers(0, 6_000_000))


@st.composite
def histories(draw: st.DrawFn, *, most: int = 9) -> tuple[Terms, list[Event], date]:
    """A plan, what happened to it, and a day on which goods go back, often before the last of it.

    What settles a plan after that day says what was really paid, as everything on record does.
    """
    terms = draw(plans.terms())
    events = draw(plans.events(most=most))
    on = terms.opened_on + timedelta(days=draw(st.integers(0, 450)))
    stated = [event for event in events if event.kind is not EventKind.SETTLEMENT or event.on <= on]
    return terms, _without_dangling(stated), on


def _without_dangling(events: Sequence[Event]) -> list[Event]:
    known: dict[str, Event] = {}
    for event in events:
        if event.of is None or event.of in known:
            known[event.id] = event
    return list(known.values())


@given(history=histories(), value=VALUES, rule=RULES, future=FUTURES, late=st.booleans())
def test_no_fen_is_lost_or_invented(
    *, history: tuple[Terms, list[Event], date], value: int, rule: FeeOnRefund, future: FutureRule | None, late: bool
) -> None:
    terms, events, on = history
    quote = returned(value, terms, events, on, fee_rule=rule, future=future, late_fees_back=late)
    assert is_conserved(quote)
    assert min(quote.on_plan, quote.cash, quote.balance_after, quote.gifts, *quote.fees_back) >= 0
    assert quote.on_plan + quote.gifts + quote.unpaid == value
    assert quote.fees_back.principal == 0


@given(
    history=histories(),
    value=VALUES,
    rule=RULES,
    future=FUTURES,
    late=st.booleans(),
    differences=st.integers(0, 50_000),
)
def test_nobody_gets_back_more_than_was_paid(
    *,
    history: tuple[Terms, list[Event], date],
    value: int,
    rule: FeeOnRefund,
    future: FutureRule | None,
    late: bool,
    differences: int,
) -> None:
    terms, events, on = history
    quote = returned(
        value, terms, events, on, fee_rule=rule, future=future, late_fees_back=late, differences_paid=differences
    )
    done = replay(terms, events)
    paid_in, paid_out = moved(done)
    assert quote.cash <= max(0, paid_in - paid_out - differences)
    for component, charged in zip(quote.fees_back._fields[1:], done.totals.due[1:], strict=True):
        assert getattr(quote.fees_back, component) <= charged


def moved(state: PlanState) -> tuple[int, int]:
    """What came in, less what was charged back, and what was paid out."""
    paid_in = sum(
        done.amount for done in state.allocations if done.kind in {EventKind.REPAYMENT, EventKind.SETTLEMENT}
    ) - sum(done.amount for done in state.allocations if done.kind is EventKind.CHARGEBACK)
    return paid_in, sum(done.amount for done in state.allocations if done.kind is EventKind.BALANCE_PAYOUT)


@given(histories(), VALUES, RULES, FUTURES)
def test_what_is_shown_is_what_the_replay_gives(
    history: tuple[Terms, list[Event], date], value: int, rule: FeeOnRefund, future: FutureRule | None
) -> None:
    terms, events, on = history
    quote = returned(value, terms, events, on, fee_rule=rule, future=future)
    assert quote.before is not None
    assert quote.after is not None
    before, after = replay(terms, events), replay(terms, carried_out(events, quote))
    assert (quote.before.rows, quote.before.balance, quote.before.totals) == (
        before.rows,
        before.balance,
        before.totals,
    )
    assert (quote.after.rows, quote.after.balance, quote.after.totals) == (after.rows, after.balance, after.totals)
    assert quote.after.allocations == after.allocations
    if quote.events:
        assert quote.after == after


@given(history=histories(), value=VALUES, rule=RULES, late=st.booleans())
def test_the_books_balance_and_income_is_lowered_by_what_goes_back(
    *, history: tuple[Terms, list[Event], date], value: int, rule: FeeOnRefund, late: bool
) -> None:
    terms, events, _ = history
    on = max([terms.opened_on, *(event.on for event in events)])
    quote = returned(value, terms, events, on, fee_rule=rule, late_fees_back=late)
    known, entries = list(events), [entry_for(None, replay(terms, events), None, source=SOURCE)]
    for event in quote.events:
        before, after = replay(terms, known), replay(terms, [*known, event])
        entries.append(entry_for(before, after, event, source=Account.PAYABLE_REFUND))
        known.append(event)
    posted = [entry for entry in entries if entry is not None]
    assert check_books(Books(entries={"p": posted}, states={"p": replay(terms, known)})) == []
    moved_by = standing(posted[1:])
    assert moved_by.get(Account.SALES_RETURNS, 0) == quote.on_plan
    assert moved_by.get(Account.PAYABLE_REFUND, 0) == -quote.cash
    assert moved_by.get(Account.INCOME_INTEREST, 0) == quote.fees_back.interest
    assert moved_by.get(Account.INCOME_FEE, 0) == quote.fees_back.fee
    assert moved_by.get(Account.INCOME_LATE_FEE, 0) == quote.fees_back.late_fee


def standing(entries: Sequence[Entry]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for entry in entries:
        for line in entry.lines:
            sums[line.account] = sums.get(line.account, 0) + line.debit - line.credit
    return sums


@st.composite
def bought_lines(draw: st.DrawFn) -> BoughtLine:
    quantity = draw(st.integers(1, 6))
    price = draw(st.integers(100, 200_000))
    return BoughtLine(
        line_no=1,
        quantity=quantity,
        unit_price=price,
        discount=draw(st.integers(0, price * quantity // 2)),
        freight=draw(st.integers(0, 2_000)),
        differences=tuple(
            GivenDifference(amount=draw(st.integers(1, price // 4)), pieces=tuple(range(1, quantity + 1)))
            for _ in range(draw(st.integers(0, 2)))
        ),
    )


@given(line=bought_lines(), chance=st.randoms(use_true_random=False), freight=st.booleans())
def test_pieces_are_worth_together_what_the_line_is(*, line: BoughtLine, chance: object, freight: bool) -> None:
    """Whatever the order they go back in, and however they are put together."""
    whole = worth_of(line, tuple(range(1, line.quantity + 1)), freight_back=freight)
    numbers = list(range(1, line.quantity + 1))
    chance.shuffle(numbers)  # type: ignore[attr-defined]  # hypothesis's Random
    cut = len(numbers) // 2
    parts = [worth_of(line, tuple(sorted(part)), freight_back=freight) for part in (numbers[:cut], numbers[cut:])]
    given_back = sum(given.amount for given in line.differences)
    assert whole.discount == line.discount
    assert whole.difference == given_back
    assert whole.value == line.unit_price * line.quantity - line.discount - given_back + freight * line.freight
    assert sum(part.value for part in parts) == whole.value
    assert all(min(part.value, part.discount, part.difference, part.freight) >= 0 for part in parts)


@given(
    terms=plans.terms(),
    events=plans.events(most=6),
    values=st.lists(st.integers(1, 400_000), min_size=1, max_size=5),
    rule=RULES,
    late=st.booleans(),
    days=st.integers(0, 400),
)
def test_several_returns_of_a_day_come_to_what_one_would(
    *, terms: Terms, events: list[Event], values: list[int], rule: FeeOnRefund, late: bool, days: int
) -> None:
    """To the fen, for the value and for each charge."""
    kept = _without_dangling([event for event in events if event.kind is not EventKind.CREDIT])
    on = max([terms.opened_on + timedelta(days=days), *(event.on for event in kept)])
    whole = returned(sum(values), terms, kept, on, fee_rule=rule, late_fees_back=late)
    assume(not whole.gifts)
    parts: list[RefundQuote] = []
    known = list(kept)
    for n, value in enumerate(values):
        part = returned(value, terms, known, on, fee_rule=rule, late_fees_back=late, case=f"case {n}")
        known = carried_out(known, part)
        parts.append(part)
    assume(not any(part.gifts for part in parts))
    assert sum(part.on_plan for part in parts) == whole.on_plan
    for component in whole.fees_back._fields:
        assert sum(getattr(part.fees_back, component) for part in parts) == getattr(whole.fees_back, component)
    assert sum(part.cash for part in parts) + parts[-1].balance_after == whole.cash + whole.balance_after


@st.composite
def repayments(draw: st.DrawFn, *, most: int = 6) -> list[Event]:
    """Money that came in, on any days and in any amounts."""
    days = draw(st.lists(st.integers(0, 420), max_size=most))
    return [
        Event(
            id=f"r{place}",
            on=plans.OPENED_ON + timedelta(days=day),
            kind=EventKind.REPAYMENT,
            amount=draw(st.integers(1, 2_000_000)),
        )
        for place, day in enumerate(days)
    ]


@given(plans.terms(), repayments(), st.integers(0, 420))
def test_who_returns_everything_and_gets_all_charges_back_has_paid_nothing(
    terms: Terms, events: list[Event], days: int
) -> None:
    on = terms.opened_on + timedelta(days=days)
    quote = returned(terms.principal, terms, events, on, fee_rule=FeeOnRefund.ALL)
    assert quote.cash == sum(event.amount or 0 for event in events)
    assert quote.after is not None
    assert quote.after.totals.outstanding.total == quote.after.balance == 0


@given(
    terms=plans.terms(),
    events=repayments(),
    rule=RULES,
    days=st.integers(0, 420),
    amount=st.integers(1, 1_000_000),
    paid_after=st.integers(0, 420),
)
def test_a_payment_told_after_the_quote_changes_the_cash_alone(
    *, terms: Terms, events: list[Event], rule: FeeOnRefund, days: int, amount: int, paid_after: int
) -> None:
    """Value and charges are as quoted; the money that came besides is owed back or pays what is still owed."""
    on = terms.opened_on + timedelta(days=days)
    value = terms.principal // 2
    quoted = returned(value, terms, events, on, fee_rule=rule)
    late = Event(id="late", on=terms.opened_on + timedelta(days=paid_after), kind=EventKind.REPAYMENT, amount=amount)
    executed = returned(value, terms, [*events, late], on, fee_rule=rule)
    assert (executed.value, executed.fees_back) == (quoted.value, quoted.fees_back)
    assert is_conserved(executed)
    assert executed.before is not None
    assert quoted.after is not None
    assert executed.after is not None
    less_owed = quoted.after.totals.outstanding.total - executed.after.totals.outstanding.total
    assert executed.cash - quoted.cash + less_owed == amount


@given(plans.terms(), repayments(), RULES, st.integers(0, 420))
def test_whoever_paid_ahead_gets_the_same_charges_back(
    terms: Terms, events: list[Event], rule: FeeOnRefund, days: int
) -> None:
    on = terms.opened_on + timedelta(days=days)
    paid, unpaid = (returned(terms.principal, terms, known, on, fee_rule=rule) for known in (events, []))
    assert paid.fees_back == unpaid.fees_back


@given(plans.terms(), st.integers(0, 420))
def test_the_kinder_the_rule_the_more_goes_back(terms: Terms, days: int) -> None:
    on = terms.opened_on + timedelta(days=days)
    none, unearned, prorata, everything = (
        returned(terms.principal, terms, [], on, fee_rule=rule).fees_back
        for rule in (FeeOnRefund.NONE, FeeOnRefund.UNEARNED, FeeOnRefund.PRORATA, FeeOnRefund.ALL)
    )
    assert none.total == 0
    assert unearned.total <= prorata.total <= everything.total
    asked = replay(terms, [], as_of=on)
    assert asked.totals.outstanding.total - asked.settlement_quote == unearned.total


@pytest.mark.parametrize("day", ["2023-01-30"])
def test_nothing_goes_back_before_the_plan_was_opened(day: str) -> None:
    terms = plans.terms_of(opened_on="2023-01-31")
    with pytest.raises(Exception, match="lies before the plan was opened"):
        returned(100, terms, [], day)


def test_an_order_without_a_plan_gives_back_what_was_paid_for_it() -> None:
    lines = (LineWorth(line_no=1, pieces=(1,), goods=9_900, discount=0, difference=0, freight=0, deduction=0),)
    quote = quote_return(QuoteFacts(lines=lines, paid_at_ordering=9_000), on=date(2026, 1, 1))
    assert (quote.value, quote.at_ordering, quote.on_plan, quote.unpaid, quote.money_back) == (
        9_000,
        9_000,
        0,
        900,
        9_000,
    )
    assert quote.before is quote.after is None


def test_a_plan_comes_first_and_the_rest_was_paid_at_ordering() -> None:
    terms = plans.terms_of(principal=60_000)
    plan = PlanFacts(terms=terms)
    lines = (LineWorth(line_no=1, pieces=(1,), goods=100_000, discount=0, difference=0, freight=0, deduction=0),)
    quote = quote_return(QuoteFacts(lines=lines, plan=plan, paid_at_ordering=40_000), on=date(2023, 1, 5))
    assert (quote.on_plan, quote.at_ordering, quote.cash, quote.money_back) == (60_000, 40_000, 0, 40_000)
