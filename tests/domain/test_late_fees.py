"""What each late day adds: the days come to the forecast, no more than the cap, and exempt days add nothing."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.plans import Event, PlanState, Terms, projected_late_fee, replay
from fenqi.domain.plans.late_fees import charge_of_day, counted_days, first_late_fee_on, late_fee_cap
from plan_strategies import event_of, terms_of

DUE = date(2023, 2, 1)
LAST = DUE + timedelta(days=75)

rules = st.one_of(
    st.fixed_dictionaries({"fixed": st.integers(1, 5_000)}),
    st.fixed_dictionaries(
        {
            "daily_rate": st.sampled_from(["0.01", "0.05", "0.0333", "1"]),
            "base": st.sampled_from(["overdue_amount", "overdue_principal"]),
        },
        optional={"cap_percent": st.sampled_from(["0.5", "2", "100"])},
    ),
)
days_off = st.sets(st.integers(0, 70).map(lambda n: DUE + timedelta(days=n)), max_size=12)


def plan(rule: dict[str, Any], *, principal: int = 30_007, grace: int = 3) -> Terms:
    return terms_of(principal=principal, installments=3, grace_days=grace, late_fee=rule, rounding="half_up")


def charged(terms: Terms, through: date, exempt: frozenset[date], *paid: Event) -> tuple[PlanState, int]:
    """The plan after each day took its charge for the first row, and what all of them came to."""
    known, total, day = list(paid), 0, DUE
    while day <= through:
        row = replay(terms, [event for event in known if event.on <= day], as_of=day).rows[0]
        amount = charge_of_day(terms, row, day, charged=total, exempt=exempt)
        if amount:
            known.append(event_of("late_fee", day.isoformat(), amount=amount, due_on=row.due_on.isoformat()))
            total += amount
        day += timedelta(days=1)
    return replay(terms, known, as_of=through), total


@given(rules, st.integers(1, 900_000), st.integers(0, 9), days_off, st.integers(0, 75))
def test_the_days_come_to_the_forecast(
    rule: dict[str, Any], principal: int, grace: int, exempt: set[date], late: int
) -> None:
    terms, through = plan(rule, principal=principal, grace=grace), DUE + timedelta(days=late)
    untouched = replay(terms, []).rows[0]
    forecast = projected_late_fee(terms, untouched, through, frozenset(exempt))
    state, total = charged(terms, through, frozenset(exempt))
    assert total == forecast
    assert state.rows[0].outstanding.late_fee == forecast


@given(rules, st.integers(1, 9_000), st.integers(4, 40))
def test_what_is_paid_down_costs_less_from_then_on_and_never_more_than_the_cap(
    rule: dict[str, Any], amount: int, paid_after: int
) -> None:
    terms = plan(rule)
    paid = event_of("repayment", (DUE + timedelta(days=paid_after)).isoformat(), amount=amount)
    _, without = charged(terms, LAST, frozenset())
    _, total = charged(terms, LAST, frozenset(), paid)
    assert total <= without
    cap = late_fee_cap(terms, replay(terms, []).rows[0])
    assert cap is None or total <= cap


def test_a_row_that_is_paid_and_a_day_that_is_exempt_cost_nothing() -> None:
    terms = plan({"daily_rate": "1", "base": "overdue_amount"}, grace=0)
    row, day = replay(terms, []).rows[0], DUE + timedelta(days=5)
    assert charge_of_day(terms, row, day, charged=0, exempt=frozenset({day})) == 0
    assert charge_of_day(terms, row, DUE, charged=0) == 0, "the due day itself is free"
    settled = replay(terms, [event_of("repayment", "2023-01-20", amount=row.due.total)]).rows[0]
    assert charge_of_day(terms, settled, day, charged=0) == 0


@given(days_off, st.integers(0, 60))
def test_days_count_one_by_one(exempt: set[date], late: int) -> None:
    terms = plan({"daily_rate": "1"})
    row, day = replay(terms, []).rows[0], DUE + timedelta(days=late)
    first = first_late_fee_on(terms, row, exempt)
    assert first is not None
    counts = counted_days(terms, row, day, exempt) - counted_days(terms, row, day - timedelta(days=1), exempt)
    assert counts == (day >= first and day not in exempt)
