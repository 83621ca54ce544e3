"""Rule 1 and rule 2: the rows of a plan just opened, against worked figures."""

from datetime import date
from fractions import Fraction

import pytest

from fenqi.domain.plans import lay_out, rates
from fenqi.domain.plans.calendar import year_part
from fenqi.domain.plans.rates import rates_of_flows
from plan_strategies import terms_of


def principals(**fields: object) -> list[int]:
    return [row.principal for row in lay_out(terms_of(**fields))]


def fees(**fields: object) -> list[int]:
    return [row.fee for row in lay_out(terms_of(**fields))]


def dates(**fields: object) -> list[str]:
    return [row.due_on.isoformat() for row in lay_out(terms_of(**fields))]


def test_p510_monthly_dates_are_counted_from_the_first_and_never_from_the_previous() -> None:
    assert dates(opened_on="2025-12-31", installments=5) == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31",
    ]  # fmt: skip
    assert dates(opened_on="2024-01-31", installments=2) == ["2024-02-29", "2024-03-31"]


def test_a_stated_first_due_date_is_the_anchor_of_the_others() -> None:
    assert dates(first_due_on="2023-01-31", installments=3) == ["2023-01-31", "2023-02-28", "2023-03-31"]
    assert dates(first_due_on="2023-01-10", unit="week", every=2, installments=2) == ["2023-01-10", "2023-01-24"]


def test_due_day_moves_every_row_but_a_stated_first_one() -> None:
    assert dates(opened_on="2023-01-20", due_day=5, installments=2) == ["2023-02-05", "2023-03-05"]
    assert dates(opened_on="2023-01-20", due_day=31, installments=3) == ["2023-02-28", "2023-03-31", "2023-04-30"]
    assert dates(first_due_on="2023-01-25", due_day=5, installments=3) == ["2023-01-25", "2023-02-05", "2023-03-05"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"principal": 599_900}, [49_992] * 11 + [49_988]),  # P707's 11 x 499.91 + 499.99 would round down
        ({"principal": 10_000, "installments": 3}, [3333, 3333, 3334]),
        ({"principal": 10_000, "installments": 3, "remainder": "first"}, [3334, 3333, 3333]),
        ({"principal": 600_050, "round_to": 100, "installments": 3}, [200_000, 200_000, 200_050]),
        ({"principal": 5, "installments": 2, "rounding": "half_even"}, [2, 3]),
        ({"principal": 5, "installments": 2, "rounding": "half_up"}, [3, 2]),
        ({"principal": 14, "installments": 9}, [2] * 7 + [0, 0]),  # never negative: the last rows get what is left
        ({"principal": 14, "installments": 9, "remainder": "first"}, [0, 0] + [2] * 7),
        ({"principal": 3, "installments": 5, "rounding": "half_up"}, [1, 1, 1, 0, 0]),
    ],
)
def test_interest_free_principal(fields: dict[str, object], expected: list[int]) -> None:
    assert principals(**fields) == expected


@pytest.mark.parametrize(
    ("down_payment", "expected"),
    [
        ({"percent": "25"}, [12_500, 12_500, 12_500, 12_500]),
        ({"amount": 20_000}, [20_000, 10_000, 10_000, 10_000]),
        ({"percent": "0"}, [16_667, 16_667, 16_666]),
    ],
)
def test_down_payment_is_a_row_of_its_own(down_payment: dict[str, object], expected: list[int]) -> None:
    assert principals(principal=50_000, installments=3, down_payment=down_payment) == expected


def test_a_down_payment_percentage_is_rounded_to_the_step() -> None:
    rows = lay_out(terms_of(principal=12_345, down_payment={"percent": "10"}, round_to=100, installments=1))
    assert [(row.principal, row.due_on) for row in rows] == [(1_200, date(2023, 1, 1)), (11_145, date(2023, 2, 1))]


def test_p707_the_whole_flat_fee_is_rounded_once_and_then_shared() -> None:
    shares = fees(principal=599_900, method="flat_fee", fee_rate="0.6")
    assert sum(shares) == 43_193
    assert shares == [3_599] * 11 + [3_604]


def test_p705_the_whole_fee_may_stand_on_the_first_row() -> None:
    assert fees(method="flat_fee", fee_rate="0.6", fee_timing="first", down_payment={"percent": "10"}) == [
        0, 38_880, *[0] * 11,
    ]  # fmt: skip


def test_the_flat_fee_goes_by_the_minor_unit_even_when_principal_goes_by_the_yuan() -> None:
    shares = fees(principal=100_000, installments=3, round_to=100, method="flat_fee", fee_rate="0.5")
    assert shares == [500, 500, 500]


def test_p701_equal_installments() -> None:
    rows = lay_out(terms_of(method="equal_installment", annual_rate="12"))
    assert {row.principal + row.interest for row in rows[:-1]} == {53_309}
    assert (rows[0].principal, rows[0].interest) == (47_309, 6_000)
    assert (rows[-1].principal, rows[-1].interest) == (52_784, 528)
    assert sum(row.interest for row in rows) == 39_711


def test_p702_equal_principal() -> None:
    rows = lay_out(terms_of(method="equal_principal", annual_rate="12"))
    assert rows[0].principal + rows[0].interest == 56_000
    assert rows[-1].principal + rows[-1].interest == 50_500
    assert sum(row.interest for row in rows) == 39_000


def test_the_equal_payment_moves_once_when_that_brings_the_last_row_nearer() -> None:
    """115.54 over 12 months at 24 %: 10.93 leaves a last row 8 fen lower, 10.92 one that is 5 fen higher."""
    rows = lay_out(terms_of(principal=11_554, method="equal_installment", annual_rate="24"))
    payments = [row.principal + row.interest for row in rows]
    assert payments == [1_092] * 11 + [1_097]


def test_the_equal_payment_stays_when_moving_it_would_not_help() -> None:
    rows = lay_out(terms_of(principal=99_999, installments=48, method="equal_installment", annual_rate="11"))
    payments = [row.principal + row.interest for row in rows]
    assert payments == [2_585] * 47 + [2_560]


def test_an_equal_payment_in_whole_yuan() -> None:
    rows = lay_out(terms_of(method="equal_installment", annual_rate="12", round_to=100))
    assert {row.principal + row.interest for row in rows[:-1]} == {53_300}
    assert sum(row.principal for row in rows) == 600_000


def test_equal_installments_without_interest_are_the_principal_divided() -> None:
    assert principals(method="equal_installment", installments=7, principal=70_000) == [10_000] * 7


@pytest.mark.parametrize(
    ("day_count", "unit", "start", "end", "expected"),
    [
        ("30/360", "month", date(2023, 1, 31), date(2023, 2, 28), Fraction(1, 12)),
        ("30/360", "day", date(2023, 1, 1), date(2023, 1, 16), Fraction(15, 360)),
        ("30/360", "week", date(2023, 1, 1), date(2023, 1, 8), Fraction(7, 360)),
        ("actual/360", "month", date(2023, 1, 1), date(2023, 2, 1), Fraction(31, 360)),
        ("actual/365", "month", date(2024, 2, 1), date(2024, 3, 1), Fraction(29, 365)),
        ("actual/actual", "month", date(2023, 12, 15), date(2024, 1, 15), Fraction(16, 365) + Fraction(15, 366)),
        ("actual/actual", "month", date(2023, 12, 31), date(2024, 1, 31), Fraction(31, 366)),
        ("actual/actual", "day", date(2023, 12, 30), date(2023, 12, 31), Fraction(1, 365)),
        ("actual/actual", "day", date(2022, 6, 30), date(2025, 6, 30), Fraction(730, 365) + Fraction(366, 366)),
    ],
)
def test_parts_of_a_year(day_count: str, unit: str, start: date, end: date, expected: Fraction) -> None:
    assert Fraction(*year_part(terms_of(day_count=day_count, unit=unit), start, end)) == expected


@pytest.mark.parametrize(
    ("installments", "fee_rate", "timing", "simple", "irr"),
    [
        (3, "0.75", "each", "13.45", "14.31"),
        (6, "0.75", "each", "15.27", "16.38"),
        (12, "0.60", "each", "13.03", "13.84"),
        (12, "0.75", "each", "16.22", "17.48"),
        (24, "0.60", "each", "13.27", "14.10"),
        (12, "0.60", "first", "13.86", "14.77"),
    ],
)
def test_the_flat_fee_table_of_the_policy(installments: int, fee_rate: str, timing: str, simple: str, irr: str) -> None:
    cost = rates(terms_of(method="flat_fee", installments=installments, fee_rate=fee_rate, fee_timing=timing))
    assert (str(cost.annual_rate_simple), str(cost.annual_rate_irr)) == (simple, irr)


def test_p604_the_official_example() -> None:
    flows = [(date(2021, 3, 31), -10_000_000 + 100_000)]
    flows += [(row.due_on, 883_333) for row in lay_out(terms_of(opened_on="2021-03-31"))]
    cost = rates_of_flows(flows)
    assert (str(cost.annual_rate_simple), str(cost.annual_rate_irr)) == ("12.80", "13.58")


def test_p604_as_terms_with_the_first_thousand_taken_as_down_payment() -> None:
    cost = rates(
        terms_of(principal=10_000_000, down_payment={"amount": 100_000}, method="flat_fee", fee_rate="0.589225589")
    )
    assert (str(cost.annual_rate_simple), str(cost.annual_rate_irr)) == ("12.80", "13.58")


def test_p605_a_plan_without_cost_is_0_00() -> None:
    cost = rates(terms_of(down_payment={"percent": "20"}))
    assert (str(cost.annual_rate_simple), str(cost.annual_rate_irr)) == ("0.00", "0.00")


def test_dates_off_the_monthly_grid_count_by_actual_days() -> None:
    early = rates(terms_of(method="flat_fee", fee_rate="0.6", first_due_on="2023-01-15"))
    usual = rates(terms_of(method="flat_fee", fee_rate="0.6"))
    assert early.annual_rate_irr > usual.annual_rate_irr
    weekly = rates(terms_of(method="flat_fee", fee_rate="0.1", unit="week", every=1, installments=10))
    assert weekly.annual_rate_irr > weekly.annual_rate_simple > 0
