"""The rows of a plan as they stand when it is opened (rule 1). All arithmetic is in whole minor units."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from fenqi.domain.money import round_ratio
from fenqi.domain.plans.calendar import due_dates, year_part
from fenqi.domain.plans.terms import FeeTiming, Method, Remainder, Terms


class ScheduledRow(NamedTuple):
    """One row before anything has happened; amounts are minor units."""

    due_on: date
    principal: int
    interest: int = 0
    fee: int = 0
    is_down_payment: bool = False


class Rate(NamedTuple):
    """What one row costs: `numerator / denominator` of the balance."""

    numerator: int
    denominator: int


@lru_cache(maxsize=1024)
def lay_out(terms: Terms) -> tuple[ScheduledRow, ...]:
    """The schedule: the down payment, if any, and then the installments (rule 1)."""
    dates = due_dates(terms)
    principals, interests = _principals_and_interests(terms, dates)
    rows = map(ScheduledRow, dates, principals, interests, _fees(terms))
    down_payment = terms.down_payment_amount
    if not down_payment:
        return tuple(rows)
    return (ScheduledRow(terms.opened_on, down_payment, is_down_payment=True), *rows)


def split(total: int, *, parts: int, terms: Terms, unit: int = 1) -> list[int]:
    """`total` in equal parts rounded to `unit`; the terms' remainder part takes what rounding leaves.

    No part is negative: where rounding up would hand out more than there is, the parts furthest from the start (for a
    remainder on the first part: nearest to it) get what is left.
    """
    even = round_ratio(total, parts, terms.rounding, unit=unit)
    shares = []
    left = total
    for _ in range(parts - 1):
        share = min(even, left)
        shares.append(share)
        left -= share
    shares.append(left)
    if terms.remainder is Remainder.FIRST:
        shares.reverse()
    return shares


def _principals_and_interests(terms: Terms, dates: Sequence[date]) -> tuple[list[int], list[int]]:
    if terms.method is Method.EQUAL_INSTALLMENT:
        return _equal_installments(terms, _rates(terms, dates))
    principals = split(terms.financed, parts=terms.installments, terms=terms, unit=terms.round_to)
    if terms.method is Method.EQUAL_PRINCIPAL:
        return principals, _interest_on_balance(terms, principals, _rates(terms, dates))
    return principals, [0] * terms.installments


def _fees(terms: Terms) -> list[int]:
    """The whole flat fee is rounded once and then shared, so the rows add up to what was disclosed (P707)."""
    if terms.method is not Method.FLAT_FEE:
        return [0] * terms.installments
    percent, whole = terms.fee_rate.as_integer_ratio()
    fee = round_ratio(percent * terms.financed * terms.installments, whole * 100, terms.rounding)
    if terms.fee_timing is FeeTiming.FIRST:
        return [fee, *[0] * (terms.installments - 1)]
    return split(fee, parts=terms.installments, terms=terms)


def _rates(terms: Terms, dates: Sequence[date]) -> list[Rate]:
    percent, whole = terms.annual_rate.as_integer_ratio()
    starts = (terms.opened_on, *dates)
    parts = (year_part(terms, start, end) for start, end in zip(starts, dates, strict=False))
    return [Rate(percent * part, whole * 100 * year) for part, year in parts]


def _interest_on_balance(terms: Terms, principals: Sequence[int], rates: Sequence[Rate]) -> list[int]:
    interests = []
    balance = terms.financed
    for principal, rate in zip(principals, rates, strict=True):
        interests.append(_interest(terms, balance, rate))
        balance -= principal
    return interests


def _equal_installments(terms: Terms, rates: Sequence[Rate]) -> tuple[list[int], list[int]]:
    """Equal payments (P701); the payment moves once if that brings the closing row nearer to it."""
    payment = _clearing_payment(terms, rates)
    rows, difference = _pay_down(terms, payment, rates)
    move = round_ratio(difference, terms.installments, terms.rounding)
    move = round_ratio(move, 1, terms.rounding, unit=terms.round_to)
    if move:
        moved_rows, moved_difference = _pay_down(terms, payment + move, rates)
        if abs(moved_difference) < abs(difference):
            return moved_rows
    return rows


def _clearing_payment(terms: Terms, rates: Sequence[Rate]) -> int:
    """The payment that clears the balance exactly, rounded to `round_to`: grown principal over grown annuity.

    Both grow by (1 + rate) a row; kept over one common denominator they stay exact integers.
    """
    grown, annuity, common = terms.financed, 0, 1
    for numerator, denominator in rates:
        grown *= denominator + numerator
        common *= denominator
        annuity = annuity * (denominator + numerator) + common
    return round_ratio(grown, annuity, terms.rounding, unit=terms.round_to)


def _pay_down(terms: Terms, payment: int, rates: Sequence[Rate]) -> tuple[tuple[list[int], list[int]], int]:
    """Principals and interests at that payment, and by how much the closing row differs from it."""
    principals, interests = [], []
    balance = terms.financed
    for rate in rates:
        interest = _interest(terms, balance, rate)
        interests.append(interest)
        principals.append(max(0, min(payment - interest, balance)))
        balance -= principals[-1]
    principals[-1] += balance
    return (principals, interests), principals[-1] + interests[-1] - payment


def _interest(terms: Terms, balance: int, rate: Rate) -> int:
    return round_ratio(balance * rate.numerator, rate.denominator, terms.rounding)
