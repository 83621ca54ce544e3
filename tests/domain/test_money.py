"""Money at the border and the one rounding."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.money import (
    EXPONENTS,
    InvalidAmount,
    Money,
    Rounding,
    UnknownCurrency,
    exponent_of,
    round_ratio,
    round_to,
)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(EXPONENTS)))
def test_major_units_and_back_lose_nothing(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_decimal(money.as_decimal(), currency) == money
    assert Money.from_decimal(str(money.as_decimal()), currency) == money


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "CNY"), ("0.5", "JPY"), ("1.0001", "KWD"), ("NaN", "CNY"), ("Infinity", "CNY"), ("abc", "CNY"),
        ("1e999999999", "CNY"), ("10000000000000.01", "CNY"), ("1.000000000000000000000000000000000001", "CNY"),
    ],
)  # fmt: skip
def test_what_is_not_a_whole_number_of_minor_units_in_range_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        Money.from_decimal(amount, currency)


def test_unknown_currencies_and_mixed_ones_are_refused() -> None:
    with pytest.raises(UnknownCurrency):
        exponent_of("RMB")
    with pytest.raises(InvalidAmount):
        Money(1, "CNY") + Money(1, "JPY")


@pytest.mark.parametrize(("currency", "exponent"), [("JPY", 0), ("CNY", 2), ("KWD", 3)])
def test_exponents(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**9), st.sampled_from(Rounding), st.sampled_from([1, 5, 100]))
def test_the_one_rounding_is_the_decimal_one(numerator: int, denominator: int, rounding: Rounding, unit: int) -> None:
    rounded = round_ratio(numerator, denominator, rounding, unit=unit)
    assert rounded % unit == 0
    assert abs(Fraction(numerator, denominator) - rounded) <= Fraction(unit, 2)
    assert round_ratio(-numerator, denominator, rounding, unit=unit) == -rounded


@given(st.decimals(-(10**12), 10**12, places=3), st.sampled_from(Rounding))
def test_halves_go_where_the_terms_say(amount: Decimal, rounding: Rounding) -> None:
    mode = ROUND_HALF_UP if rounding is Rounding.HALF_UP else ROUND_HALF_EVEN
    assert round_to(amount, 1, rounding) == amount.quantize(Decimal(1), rounding=mode, context=Context(prec=50))
