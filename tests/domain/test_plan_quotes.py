"""What a consumer is told before deciding."""

from datetime import date

import pytest

from fenqi.domain.plans import (
    amount_due,
    amount_for_rows,
    daily_late_fee,
    first_late_fee_on,
    late_fee_cap,
    preview,
    projected_late_fee,
    rates,
    replay,
    settlement_quote,
)
from fenqi.domain.plans.errors import EventBeforeOpening, UnknownRow
from plan_strategies import event_of, terms_of

DAILY = {"daily_rate": "0.05", "base": "overdue_amount"}
TERMS = terms_of(principal=40_000, installments=4, method="equal_principal", annual_rate="12")


def test_the_quote_is_told_apart_by_component() -> None:
    quote = settlement_quote(TERMS, [], date(2023, 2, 15))
    assert quote.asked == (40_000, 550, 0, 0)
    assert quote.total == 40_550


def test_events_after_the_day_do_not_count_in_its_quote() -> None:
    later = event_of("repayment", "2023-03-01", amount=10_000)
    assert settlement_quote(TERMS, [later], date(2023, 2, 15)).total == 40_550


def test_no_quote_before_the_plan_was_opened() -> None:
    with pytest.raises(EventBeforeOpening):
        settlement_quote(TERMS, [], date(2022, 12, 31))
    with pytest.raises(EventBeforeOpening):
        replay(TERMS, [], as_of=date(2022, 12, 31))


def test_preview_shows_the_plan_before_and_after() -> None:
    before, after = preview(TERMS, [], event_of("refund", "2023-01-15", amount=10_100))
    assert before == replay(TERMS, [])
    assert [row.outstanding.total for row in after.rows] == [10_400, 10_300, 10_200, 0]


def test_amount_due_and_amount_for_rows() -> None:
    state = replay(TERMS, [])
    assert amount_due(state, date(2023, 1, 31)) == 0
    assert amount_due(state, date(2023, 3, 1)) == 20_700
    assert amount_for_rows(state, [1, 3, 3]) == 20_600
    with pytest.raises(UnknownRow):
        amount_for_rows(state, [1, 5])


class TestWaiting:
    """What a late row comes to cost (P709, P806, P808)."""

    @pytest.mark.requirement("R119")
    @pytest.mark.parametrize(("on", "fee"), [("2023-02-04", 0), ("2023-02-05", 25), ("2023-02-14", 250)])
    def test_p709_ten_days_of_500_cost_2_50_after_the_grace(self, on: str, fee: int) -> None:
        terms = terms_of(principal=200_000, installments=4, grace_days=3, late_fee=DAILY)
        row = replay(terms, []).rows[0]
        assert first_late_fee_on(terms, row) == date(2023, 2, 5)
        assert daily_late_fee(terms, row) == 25
        assert projected_late_fee(terms, row, date.fromisoformat(on)) == fee

    def test_a_cap_in_percent_of_the_base(self) -> None:
        terms = terms_of(principal=200_000, installments=4, late_fee={**DAILY, "cap_percent": "2"})
        row = replay(terms, []).rows[0]
        assert late_fee_cap(terms, row) == 1_000
        assert projected_late_fee(terms, row, date(2024, 2, 1)) == 1_000

    def test_a_fixed_late_fee_is_charged_once(self) -> None:
        terms = terms_of(principal=200_000, installments=4, late_fee={"fixed": 1_000})
        row = replay(terms, []).rows[0]
        assert [projected_late_fee(terms, row, date(2023, 2, day)) for day in (1, 2, 28)] == [0, 1_000, 1_000]
        assert (daily_late_fee(terms, row), late_fee_cap(terms, row)) == (0, 1_000)

    @pytest.mark.parametrize(("base", "fee"), [("overdue_principal", 5), ("overdue_amount", 5)])
    def test_a_late_fee_never_counts_on_a_late_fee(self, base: str, fee: int) -> None:
        terms = terms_of(principal=40_000, installments=4, late_fee={"daily_rate": "0.05", "base": base})
        charged = event_of("late_fee", "2023-02-03", amount=9_999, due_on="2023-02-01")
        assert daily_late_fee(terms, replay(terms, [charged]).rows[0]) == fee

    def test_the_base_is_all_that_is_overdue_or_its_principal(self) -> None:
        rule = {"daily_rate": "1", "base": "overdue_amount"}
        fields = {**TERMS.to_mapping(), "late_fee": rule}
        row = replay(TERMS, []).rows[0]
        assert daily_late_fee(terms_of(**fields), row) == 104
        assert daily_late_fee(terms_of(**{**fields, "late_fee": {**rule, "base": "overdue_principal"}}), row) == 100

    def test_nothing_where_there_is_no_rule_or_nothing_is_owed(self) -> None:
        row = replay(TERMS, []).rows[0]
        assert first_late_fee_on(TERMS, row) is None
        assert (daily_late_fee(TERMS, row), late_fee_cap(TERMS, row)) == (0, 0)
        assert projected_late_fee(TERMS, row, date(2024, 1, 1)) == 0
        terms = terms_of(principal=40_000, installments=4, late_fee={"fixed": 1_000})
        paid = replay(terms, [event_of("repayment", "2023-01-02", amount=40_000)]).rows[0]
        assert projected_late_fee(terms, paid, date(2024, 1, 1)) == 0


def test_money_that_falls_short_of_its_quote_settles_nothing() -> None:
    """The customer had paid 50.00 before; with that payment reversed, the money no longer meets what was asked."""
    terms = terms_of(principal=30_000, installments=3, method="equal_principal", annual_rate="12")
    events = [
        event_of("repayment", "2023-02-10", amount=5_000, id="early"),
        event_of("settlement", "2023-02-15", amount=25_400),
    ]
    assert replay(terms, events).status.value == "settled"
    short = replay(terms, [*events, event_of("reversal", "2023-02-20", of="early")])
    assert short.status.value == "active"
    assert short.totals.due.interest == 300 + 200 + 100
    assert short.totals.paid.total == 25_400


def test_a_plan_by_weeks_is_rated_by_days_even_when_its_dates_look_like_months() -> None:
    """Four weeks after 31 January is the last day of February: 28 days, not a month."""
    terms = terms_of(
        principal=1_000, opened_on="2023-01-31", installments=1, every=4, unit="week",
        method="equal_installment", annual_rate="36",
    )  # fmt: skip
    assert str(rates(terms).annual_rate_simple) == "36.54"
