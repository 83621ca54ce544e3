"""What each kind of event does to a plan: one function per kind, named in `APPLY`.

No event is refused for the state it meets: facts become known late, so an event that was right when it was recorded
must keep its meaning when an earlier one turns up. What it cannot do in full, it does as far as it goes.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from fenqi.domain.plans.allocation import allocate
from fenqi.domain.plans.calendar import add_periods
from fenqi.domain.plans.errors import DueDateOutOfCalendar, UnknownRow
from fenqi.domain.plans.events import Event, EventKind
from fenqi.domain.plans.fold import Fold
from fenqi.domain.plans.open_rows import FEE, INDEX, INTEREST, LATE_FEE, PRINCIPAL, OpenRow, Share
from fenqi.domain.plans.schedule import split
from fenqi.domain.plans.terms import Component, FutureRule, Terms
from fenqi.domain.reading import LATEST_ON


def apply(fold: Fold, event: Event) -> None:
    """Fold one more event in; events come in order of (`on`, position).

    Raises UnknownRow and DueDateOutOfCalendar; the fold is of no use after that.
    """
    share = Share(event.id, event.kind, event.amount or 0)
    fold.shares.append(share)
    if event.on > fold.on:  # noqa: PLR1730  a call of max() is felt here
        fold.on = event.on
    APPLY[event.kind](fold, event, share)


# Money in: rules 4, 5 and 11.


def repay(fold: Fold, event: Event, share: Share) -> None:
    pay(fold, event, share, event.future or fold.terms.allocation.future.repayment)


def refund(fold: Fold, event: Event, share: Share) -> None:
    fold.refunded += share.amount
    pay(fold, event, share, event.future or fold.terms.allocation.future.refund)


def adjust_price(fold: Fold, event: Event, share: Share) -> None:
    pay(fold, event, share, event.future or fold.terms.allocation.future.price_adjustment)


def grant_credit(fold: Fold, event: Event, share: Share) -> None:
    pay(fold, event, share, event.future or fold.terms.allocation.future.credit)


def give_fee_back(fold: Fold, event: Event, share: Share) -> None:
    """A charge that the customer was to carry is the customer's again: it comes off the plan where a refund would."""
    share.component = event.component
    pay(fold, event, share, event.future or fold.terms.allocation.future.refund)


def settle(fold: Fold, event: Event, share: Share) -> None:
    """What the day's quote does not ask for is forgone, the rest is paid: by the quote, or by what really came.

    Money that falls short of the quote, since an earlier fact turned out otherwise, is a repayment: nothing is forgone.
    """
    if event.amount is not None and event.amount < fold.asked(event.on).total:
        pay(fold, event, share, FutureRule.NEXT)
        return
    for row, interest, fee in fold.unasked(event.on):
        if not (interest or fee):
            continue
        charged_fee = row.due[FEE] - row.flat_fee
        share.forgone[INTEREST] += row.forgive(INTEREST, interest, event.on)
        share.forgone[FEE] += row.forgive(FEE, fee, event.on)
        row.flat_fee = max(0, row.due[FEE] - charged_fee)
    if event.amount is None:
        share.amount = sum([row.outstanding for row in fold.rows])
    pay(fold, event, share, FutureRule.NEXT)


def pay(fold: Fold, event: Event, share: Share, future: FutureRule) -> None:
    """Allocate the event's amount (rule 4); what no row can take is credit balance (rule 5)."""
    terms = fold.terms
    left = allocate(
        share.amount,
        fold.by_date,
        on=event.on,
        order=fold.order,
        by=terms.allocation.by,
        future=future,
        rounding=terms.rounding,
        parts=share.parts,
    )
    share.balance = share.available = left
    fold.balance += left


# Money out: rules 5 and 9.


def take_back(fold: Fold, event: Event, share: Share) -> None:
    """A chargeback or a payout: the credit balance first; the rest is principal owed again."""
    from_balance = sum([part for part, _ in fold.from_balance(share.amount)])
    share.balance = -from_balance
    if from_balance < share.amount:
        share.parts[PRINCIPAL] = share.amount - from_balance
        row_owing_again(fold, event.on).owe(PRINCIPAL, share.parts[PRINCIPAL])


def row_owing_again(fold: Fold, on: date) -> OpenRow:
    """The first row due after the day, paid or not; on the last due date the last row; after it, the added row."""
    for row in fold.by_date:
        if row.due_on > on and not row.is_down_payment:
            return row
    last = fold.by_date[-1]
    if last.due_on == on and not last.is_down_payment:
        return last
    return fold.added_row(on)


# What comes to be owed, and what is no longer: rule 10.


def charge_fee(fold: Fold, event: Event, share: Share) -> None:
    charge(fold, event, share, FEE)


def charge_late_fee(fold: Fold, event: Event, share: Share) -> None:
    charge(fold, event, share, LATE_FEE)


def charge(fold: Fold, event: Event, share: Share, component: int) -> None:
    """The amount is owed from the event's day, on the row in whose period it is due; the balance pays it first.

    Nothing else is open while there is a balance: money becomes balance only when no row can take it (rule 5).
    """
    row = row_of_period(fold, event.due_on or event.on)
    row.owe(component, share.amount)
    for part, source in fold.from_balance(min(fold.balance, row.outstanding)):
        row.pay(part, order=fold.order, on=event.on, parts=source.parts)
        source.balance -= part


def row_of_period(fold: Fold, due_on: date) -> OpenRow:
    """The row in whose period the day falls is the first one due on it or later."""
    for row in fold.by_date:
        if row.due_on >= due_on and not row.is_down_payment:
            return row
    return fold.added_row(due_on)


def waive(fold: Fold, event: Event, share: Share) -> None:
    """Oldest open row first, never below what was paid; what finds nothing to lower has no effect."""
    component = INDEX[event.component or Component.LATE_FEE]
    left = share.amount
    for row in fold.by_date:
        if left and row.outstanding:
            left -= row.forgive(component, min(left, row.owed(component)), event.on)
    share.amount -= left
    share.forgone[component] = share.amount


# What moves the rows: rule 12.


def extend(fold: Fold, event: Event, _share: Share) -> None:
    """The row moves by days; those after it follow at the plan's distance, counted from the moved date."""
    from_row = event.from_row or 0
    following = [row for row in fold.rows[from_row - 1 :] if not row.is_added]
    if not following or following[0] is not fold.rows[from_row - 1]:
        raise UnknownRow(row=from_row)
    moved = following[0].due_on + timedelta(days=event.days or 0)
    for row, due_on in zip(following, dates_from(moved, len(following), fold.terms), strict=True):
        row.due_on = due_on
    fold.sort()


def reschedule(fold: Fold, event: Event, _share: Share) -> None:
    """What is outstanding moves to new rows, component by component; what was paid stays on the row it was paid on.

    Rows on which nothing was paid give up their place. Amounts do not change, as in an extension.
    """
    outstanding = [sum([row.owed(component) for row in fold.rows]) for component in range(4)]
    if not any(outstanding):
        return
    flat_fee = sum([min(row.flat_fee, row.owed(FEE)) for row in fold.rows])
    kept = [row for row in fold.rows if any(row.paid) or not row.outstanding]
    for row in kept:
        row.is_added = False
        for component in range(4):
            row.forgive(component, row.owed(component), event.on)
    fold.rows = kept + laid_out_anew(fold.terms, event, outstanding, flat_fee)
    fold.sort()


def laid_out_anew(terms: Terms, event: Event, outstanding: Sequence[int], flat_fee: int) -> list[OpenRow]:
    """New rows by rule 1: the principal in parts rounded to `round_to`, the other components to the minor unit."""
    count = event.installments or 1
    units = (terms.round_to, 1, 1, 1)
    parts = [split(owed, parts=count, terms=terms, unit=unit) for owed, unit in zip(outstanding, units, strict=True)]
    flat_fees = split(flat_fee, parts=count, terms=terms)
    dates = dates_from(event.first_due_on or event.on, count, terms)
    return [
        OpenRow(due_on, list(due), flat_fee=min(flat, due[FEE]))
        for due_on, due, flat in zip(dates, zip(*parts, strict=True), flat_fees, strict=True)
    ]


def dates_from(first: date, count: int, terms: Terms) -> list[date]:
    """`count` due dates at the plan's distance, counted from the first. Raises DueDateOutOfCalendar."""
    try:
        dates = [add_periods(terms, first, k) for k in range(count)]
    except (OverflowError, ValueError):
        raise DueDateOutOfCalendar(latest_on=LATEST_ON) from None
    if dates[-1] > LATEST_ON:
        raise DueDateOutOfCalendar(latest_on=LATEST_ON)
    return dates


# What only says something about the plan: rule 13.


def charge_off(fold: Fold, _event: Event, _share: Share) -> None:
    fold.is_charged_off = True


def do_nothing(_fold: Fold, _event: Event, _share: Share) -> None:
    """A look changes nothing; a reversal has done its work by keeping its event out of the fold."""


APPLY: dict[EventKind, Callable[[Fold, Event, Share], None]] = {
    EventKind.REPAYMENT: repay,
    EventKind.REFUND: refund,
    EventKind.PRICE_ADJUSTMENT: adjust_price,
    EventKind.CREDIT: grant_credit,
    EventKind.FEE_REFUND: give_fee_back,
    EventKind.SETTLEMENT: settle,
    EventKind.CHARGEBACK: take_back,
    EventKind.BALANCE_PAYOUT: take_back,
    EventKind.FEE: charge_fee,
    EventKind.LATE_FEE: charge_late_fee,
    EventKind.WAIVER: waive,
    EventKind.EXTENSION: extend,
    EventKind.RESCHEDULE: reschedule,
    EventKind.CHARGE_OFF: charge_off,
    EventKind.REVERSAL: do_nothing,
    EventKind.LOOK: do_nothing,
}
