"""Laws that hold for every plan and everything that can happen to it."""

from datetime import date

from hypothesis import assume, example, given
from hypothesis import strategies as st

import plan_strategies as plans
from fenqi.domain.ledger import Books, check_books, clearing, entry_for
from fenqi.domain.plans import (
    Event,
    EventKind,
    PlanState,
    PlanStatus,
    Terms,
    lay_out,
    parse_event,
    parse_terms,
    rates,
    replay,
    replay_each,
    settlement_quote,
)
from fenqi.domain.plans.events import ALLOCATED, MONEY_IN, MONEY_OUT
from fenqi.domain.plans.terms import Method

SOURCE = clearing("test")


@given(plans.terms())
def test_the_schedule_adds_up_to_what_was_financed(terms: Terms) -> None:
    rows = lay_out(terms)
    assert sum(row.principal for row in rows) == terms.principal
    assert all(row.principal >= 0 and row.interest >= 0 and row.fee >= 0 for row in rows)
    assert [row.due_on for row in rows] == sorted(row.due_on for row in rows)
    assert len(rows) == terms.installments + bool(terms.down_payment_amount)


@given(plans.terms())
def test_principal_rows_are_whole_steps_but_for_the_one_that_takes_the_remainder(terms: Terms) -> None:
    assume(terms.method is not Method.EQUAL_INSTALLMENT)
    principals = [row.principal for row in lay_out(terms) if not row.is_down_payment]
    uneven = [place for place, principal in enumerate(principals) if principal % terms.round_to]
    assert len(uneven) <= 1


@given(plans.terms(), plans.events())
def test_every_row_and_the_totals_are_consistent(terms: Terms, events: list[Event]) -> None:
    for state in replay_each(terms, events):
        for row in state.rows:
            assert all(amount >= 0 for amount in (*row.due, *row.paid, *row.outstanding))
            assert row.paid_early + row.paid_late <= row.paid.total
            assert row.paid_on is None or not row.outstanding.total
        assert state.totals.outstanding.total == sum(row.outstanding.total for row in state.rows)
        assert state.balance >= 0
        assert not (state.balance and state.totals.outstanding.total)
        assert (state.status in {PlanStatus.ACTIVE, PlanStatus.CHARGED_OFF}) == bool(state.totals.outstanding.total)
        assert 0 <= state.settlement_quote <= state.totals.outstanding.total
        assert sum(row.due_on is not None for row in state.rows) == len(state.rows)


@given(plans.terms(), plans.events())
def test_every_event_conserves_its_money(terms: Terms, events: list[Event]) -> None:
    state = replay(terms, events)
    amounts = {event.id: event.amount for event in events}
    for done in state.allocations:
        allocated = done.principal + done.interest + done.fee + done.late_fee
        if done.kind in ALLOCATED:
            assert allocated + done.balance == done.amount == amounts[done.event]
        elif done.kind in MONEY_IN:
            assert allocated + done.balance == done.amount
        elif done.kind in MONEY_OUT:
            assert allocated - done.balance == done.amount == amounts[done.event]
        else:
            assert allocated == done.balance == 0
    assert sum(done.balance for done in state.allocations) == state.balance
    _assert_paid_as_allocated(state)


def _assert_paid_as_allocated(state: PlanState) -> None:
    money_in = [done for done in state.allocations if done.kind in MONEY_IN]
    for component in ("principal", "interest", "fee", "late_fee"):
        assert sum(getattr(done, component) for done in money_in) == getattr(state.totals.paid, component)


@given(plans.terms(), plans.events(), st.sampled_from(["next", "last", "next_last", "spread"]), st.integers(1, 10**7))
def test_no_future_rule_loses_or_invents_a_fen(terms: Terms, events: list[Event], future: str, amount: int) -> None:
    before = replay(terms, events)
    event = plans.event_of("repayment", before.on.isoformat(), id="last", amount=amount, future=future)
    after = replay(terms, [*events, event])
    paid = before.totals.outstanding.total - after.totals.outstanding.total
    assert paid + after.balance - before.balance == amount
    assert paid == min(amount, before.totals.outstanding.total)


@given(plans.terms(), plans.events(distinct_days=True), st.randoms(use_true_random=False))
def test_facts_may_become_known_in_any_order(terms: Terms, events: list[Event], chance: object) -> None:
    shuffled = sorted(events, key=lambda _: chance.random())  # type: ignore[attr-defined]  # hypothesis's Random
    assert _last(terms, _references_after_their_targets(shuffled)) == _last(terms, events)


def _references_after_their_targets(events: list[Event]) -> list[Event]:
    """The same events, each moved behind the one it names."""
    ordered: list[Event] = []
    waiting = list(events)
    while waiting:
        known = {event.id for event in ordered}
        ready = next(event for event in waiting if event.of is None or event.of in known)
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _last(terms: Terms, events: list[Event]) -> PlanState:
    *_, last = replay_each(terms, events)
    return last


@given(plans.terms(), plans.events(), plans.events(most=3))
def test_a_reversal_restores_the_plan(terms: Terms, events: list[Event], more: list[Event]) -> None:
    before = replay(terms, events)
    for event in more:
        if event.of is None:
            undone = Event(id="undo", on=before.on, kind=EventKind.REVERSAL, of="done")
            done = parse_event({**event.to_mapping(), "id": "done"})
            after = replay(terms, [*events, done, undone])
            assert (after.rows, after.balance, after.status) == (before.rows, before.balance, before.status)
            assert after.allocations[: len(before.allocations)] == before.allocations


@given(plans.terms(), plans.events())
def test_a_reversed_reversal_lets_its_event_stand_again(terms: Terms, events: list[Event]) -> None:
    state = replay(terms, events)
    for event in events:
        undo = Event(id="undo", on=state.on, kind=EventKind.REVERSAL, of=event.id)
        redo = Event(id="redo", on=state.on, kind=EventKind.REVERSAL, of="undo")
        assert replay(terms, [*events, undo, redo]).rows == state.rows


@given(plans.terms(), plans.events())
def test_every_prefix_replays_to_the_state_it_had_then(terms: Terms, events: list[Event]) -> None:
    states = list(replay_each(terms, events))
    assert len(states) == len(events) + 1
    for known, state in enumerate(states):
        assert replay(terms, events[:known]) == state


@given(plans.terms(), plans.events())
def test_as_of_a_day_only_what_took_effect_by_then_counts(terms: Terms, events: list[Event]) -> None:
    straight = [event for event in events if event.kind is not EventKind.REVERSAL and event.of is None]
    for event in straight:
        counting = [other for other in straight if other.on <= event.on]
        assert replay(terms, straight, as_of=event.on) == replay(terms, counting)


@given(plans.terms(), plans.events(), st.integers(0, 500))
def test_the_quote_settles_exactly(terms: Terms, events: list[Event], days: int) -> None:
    on = max(date.fromordinal(terms.opened_on.toordinal() + days), replay(terms, events).on)
    quote = settlement_quote(terms, events, on).total
    settled = Event(id="settled", on=on, kind=EventKind.SETTLEMENT)
    after = replay(terms, [*events, settled])
    assert after.totals.outstanding.total == after.settlement_quote == 0
    assert after.balance == replay(terms, events).balance
    assert after.allocations[-1].amount == quote
    promised = Event(id="settled", on=on, kind=EventKind.SETTLEMENT, amount=quote or None)
    assert replay(terms, [*events, promised]) == after


@given(plans.terms(), plans.events())
def test_the_journal_balances_and_its_receivables_are_the_rows(terms: Terms, events: list[Event]) -> None:
    states = list(replay_each(terms, events))
    entries = [entry_for(None, states[0], None, source=SOURCE)]
    for before, after, event in zip(states, states[1:], events, strict=False):
        entries.append(entry_for(before, after, event, source=SOURCE))
        posted = [entry for entry in entries if entry is not None]
        assert check_books(Books(entries={"plan": posted}, states={"plan": after})) == []


@given(plans.terms(), plans.events())
def test_terms_and_events_survive_their_mappings(terms: Terms, events: list[Event]) -> None:
    assert parse_terms(terms.to_mapping()) == terms
    assert [parse_event(event.to_mapping()) for event in events] == events


@given(plans.terms())
@example(plans.terms_of(principal=10**15, method="flat_fee", fee_rate="100", installments=600))
@example(plans.terms_of(principal=2, method="flat_fee", fee_rate="100", installments=1, unit="day"))
@example(plans.terms_of(principal=10**15, method="equal_installment", annual_rate="1000", unit="day", installments=60))
def test_rates_are_never_below_zero_and_simple_is_not_above_compound(terms: Terms) -> None:
    cost = rates(terms)
    assert 0 <= cost.annual_rate_simple <= cost.annual_rate_irr
    charged = sum(row.interest + row.fee for row in lay_out(terms))
    assert (cost.annual_rate_irr > 0) == (charged > 0)
