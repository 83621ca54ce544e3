"""Which charges a return gives back: by time and by the share that goes back, never by who paid when.

A charge is earned by the days that have passed, whether it was paid early, late or not yet, so that nobody who paid
ahead is worse off. Of what the rule gives back, a return takes the part that its money has in what the plan finances.
Parts are rounded cumulatively: several returns on one day give exactly what one would.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from fenqi.domain.money import Rounding, round_ratio
from fenqi.domain.plans.events import EventKind
from fenqi.domain.plans.fold import Fold
from fenqi.domain.plans.open_rows import FEE, INDEX, INTEREST, LATE_FEE, OpenRow, Share
from fenqi.domain.plans.state import Components
from fenqi.domain.plans.terms import Component, FeeOnRefund


@dataclass(frozen=True, slots=True)
class Stretch:
    """The part of what a plan finances that goes back: from `start` to `end`, counted in parts of `whole`."""

    start: int
    end: int
    whole: int

    def part_of(self, amount: int, rounding: Rounding) -> int:
        """What the stretch bears of `amount`; stretches that follow each other bear it whole, to the minor unit."""
        if not amount or self.start == self.end:
            return 0
        before = round_ratio(amount * self.start, self.whole, rounding)
        return round_ratio(amount * self.end, self.whole, rounding) - before


def stretch_of(value: int, *, gone: int, financed: int, ahead: int = 0) -> Stretch:
    """Where `value` lies on what bears the charges: after `gone`, whose share was seen to, in what is `financed`.

    `ahead` moves it on, or back when it is below zero: returns of one plan lie in the order they were applied for, so
    that none moves another by being carried out first. What the price fell by without its share of the charges is on
    neither side: what is left bears that share, too.
    """
    whole = gone + financed
    start = max(0, min(gone + ahead, whole - value))
    return Stretch(start, start + value, whole)


def charges_back(
    fold: Fold, stretch: Stretch, *, on: date, rule: FeeOnRefund, late_fees_back: bool, later_late_fees: int
) -> Components:
    """Interest, flat fee and late fees that a return on that day gives back, in minor units; principal is zero.

    Late fees go back where the policy says so (`late_fees_back`), by their share; `later_late_fees`, charged after the
    day on which the return took effect, in any case and whole. Never more than was charged and has not gone back yet.
    """
    rounding = fold.terms.rounding
    interest, fee = given_back(fold, on=on, rule=rule)
    late = _charged(fold.rows, LATE_FEE)
    later = min(later_late_fees, late)
    late_part = stretch.part_of(late - later, rounding) if late_fees_back else 0
    gone = gone_back(fold.shares)
    return Components(
        interest=_capped(stretch.part_of(interest, rounding), fold, INTEREST, gone),
        fee=_capped(stretch.part_of(fee, rounding), fold, FEE, gone),
        late_fee=_capped(later + late_part, fold, LATE_FEE, gone),
    )


def given_back(fold: Fold, *, on: date, rule: FeeOnRefund) -> tuple[int, int]:
    """Interest and flat fee that the rule gives back if all that is financed goes back on that day.

    `unearned`: fees of the rows after the running one, interest of the days after; `prorata`: also the running row's
    flat fee for its days after; `all`: every fee and all interest of the schedule; `none`: nothing. Which row runs is
    as for a settlement (rule 11). What a waiver or a settlement has taken off is not given back once more.
    """
    if rule is FeeOnRefund.NONE:
        return 0, 0
    if rule is FeeOnRefund.ALL:
        return _charged(fold.rows, INTEREST), sum([row.flat_fee for row in fold.rows])
    interest = fee = 0
    start = fold.terms.opened_on
    running_found = False
    for row in fold.by_date:
        due_on = row.due_on
        if row.is_down_payment or row.is_added:
            continue
        if due_on <= on:
            running_found = due_on == on
        elif running_found:
            interest += row.due[INTEREST]
            fee += row.flat_fee
        else:
            running_found = True
            interest += _unearned_interest(row, on, start, fold.terms.rounding)
            if rule is FeeOnRefund.PRORATA:
                fee += round_ratio(row.flat_fee * (due_on - on).days, (due_on - start).days, fold.terms.rounding)
        start = due_on
    return interest, fee


def gone_back(shares: Iterable[Share]) -> Sequence[int]:
    """What has been given back of each component before, by its place in Components."""
    gone = [0, 0, 0, 0]
    for share in shares:
        if share.kind is EventKind.FEE_REFUND:
            gone[INDEX[share.component or Component.FEE]] += share.amount
    return gone


def _unearned_interest(row: OpenRow, on: date, start: date, rounding: Rounding) -> int:
    """By the interest that the schedule put on the row: what was forgiven of it was the last to accrue."""
    accrued = round_ratio(row.interest * (on - start).days, (row.due_on - start).days, rounding)
    return max(0, row.due[INTEREST] - accrued)


def _charged(rows: Iterable[OpenRow], component: int) -> int:
    return sum([row.due[component] for row in rows])


def _capped(amount: int, fold: Fold, component: int, gone: Sequence[int]) -> int:
    return max(0, min(amount, _charged(fold.rows, component) - gone[component]))
