"""What a plan should have been charged is compared with what it was: done twice, nothing is left to do."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fenqi.domain.plans import Event, EventKind, Terms, projected_late_fee, replay
from fenqi.domain.plans.charging import LateFeePlan, late_fees_through
from fenqi.domain.plans.replay import standing
from plan_strategies import event_of, terms_of

OPENED = date(2023, 1, 1)

rules = st.one_of(
    st.fixed_dictionaries({"fixed": st.integers(1, 5_000)}),
    st.fixed_dictionaries(
        {"daily_rate": st.sampled_from(["0.05", "0.0333", "1"])},
        optional={"cap_percent": st.sampled_from(["0.5", "2", "100"])},
    ),
)
payments = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 15_000)), max_size=4)
free_days = st.sets(st.integers(30, 90).map(lambda n: OPENED + timedelta(days=n)), max_size=8).map(frozenset)


def plan(rule: dict[str, Any]) -> Terms:
    return terms_of(principal=30_007, installments=3, grace_days=2, late_fee=rule, rounding="half_up")


def paid(told: list[tuple[int, int]]) -> list[Event]:
    days = [((OPENED + timedelta(days=after)).isoformat(), amount) for after, amount in told]
    return [event_of("repayment", on, amount=amount, id=f"p{n}") for n, (on, amount) in enumerate(days)]


def put_right(
    terms: Terms, events: list[Event], ours: set[str], through: date, free: frozenset[date]
) -> tuple[LateFeePlan, list[Event], set[str]]:
    """The plan after what there was to do."""
    right = late_fees_through(terms, events, ours=ours, through=through, free=lambda _due_on: free)
    known, mine = list(events), set(ours)
    for event_id in right.to_reverse:
        known.append(event_of("reversal", through.isoformat(), of=event_id, id=f"r{len(known)}"))
    for charge in right.to_charge:
        fields = {"amount": charge.amount, "due_on": charge.due_on.isoformat(), "id": f"f{len(known)}"}
        event = event_of("late_fee", charge.on.isoformat(), **fields)
        known.append(event)
        mine.add(event.id)
    return right, known, mine


@given(rules, payments, free_days, st.integers(32, 90))
@settings(max_examples=30)
def test_done_twice_nothing_is_left_to_do(
    rule: dict[str, Any], told: list[tuple[int, int]], free: frozenset[date], days: int
) -> None:
    terms, through = plan(rule), OPENED + timedelta(days=days)
    _, events, ours = put_right(terms, paid(told), set(), through, free)
    again, _, _ = put_right(terms, events, ours, through, free)
    assert (again.to_reverse, again.to_charge) == ((), ())


@given(rules, payments, free_days, free_days)
@settings(max_examples=30)
def test_facts_that_come_late_are_put_right_once(
    rule: dict[str, Any], told: list[tuple[int, int]], free: frozenset[date], found_later: frozenset[date]
) -> None:
    terms, through = plan(rule), OPENED + timedelta(days=90)
    _, events, ours = put_right(terms, [], set(), through, free)
    _, known, ours = put_right(terms, [*events, *paid(told)], ours, through, free | found_later)
    again, _, _ = put_right(terms, known, ours, through, free | found_later)
    assert (again.to_reverse, again.to_charge) == ((), ())
    charged = [event for event in standing(known) if event.kind is EventKind.LATE_FEE]
    assert not {event.on for event in charged} & (free | found_later)


@given(rules, free_days, st.integers(32, 90))
@settings(max_examples=30)
def test_what_nobody_paid_comes_to_the_forecast(rule: dict[str, Any], free: frozenset[date], days: int) -> None:
    terms, through = plan(rule), OPENED + timedelta(days=days)
    untouched = replay(terms, []).rows
    right, events, _ = put_right(terms, [], set(), through, free)
    assert {row.n: row.charged for row in right.accruals if row.charged} == {
        row.n: fee for row in untouched if (fee := projected_late_fee(terms, row, through, free))
    }
    assert all(event.kind is EventKind.LATE_FEE for event in events)
