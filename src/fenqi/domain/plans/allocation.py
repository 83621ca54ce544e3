"""Where money goes (rule 4): rows past due, oldest first; rows due on the day; then the future by rule."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from fenqi.domain.money import Rounding, round_ratio
from fenqi.domain.plans.open_rows import OpenRow
from fenqi.domain.plans.terms import FutureRule, Scope

Rows = Sequence[OpenRow]


def allocate(
    amount: int,
    rows: Iterable[OpenRow],
    *,
    on: date,
    order: Sequence[int],
    by: Scope,
    future: FutureRule,
    rounding: Rounding,
    parts: list[int],
) -> int:
    """Pay `rows` (in order of due date) with `amount`; returns what no row could take."""
    if by is Scope.INSTALLMENT and future is FutureRule.NEXT:  # by far the most common, and one walk in order of date
        open_rows = (row for row in rows if row.outstanding)
        return _serve_by_installment(amount, open_rows, on=on, order=order, parts=parts)
    past_due, due, ahead = _groups(rows, on)
    serve = _serve_by_installment if by is Scope.INSTALLMENT else _serve_by_component
    left = amount
    for group in (past_due, due):
        if left and group:
            left = serve(left, group, on=on, order=order, parts=parts)
    if left and ahead:
        if future is FutureRule.SPREAD:
            left = _spread(left, ahead, on=on, order=order, rounding=rounding, parts=parts)
        else:
            left = serve(left, _ARRANGE[future](ahead), on=on, order=order, parts=parts)
    return left


def _groups(rows: Iterable[OpenRow], on: date) -> tuple[list[OpenRow], list[OpenRow], list[OpenRow]]:
    """The open rows that are past due, due, and in the future on that day (rule 3)."""
    past_due: list[OpenRow] = []
    due: list[OpenRow] = []
    ahead: list[OpenRow] = []
    for row in rows:
        if row.outstanding:
            due_on = row.due_on
            (ahead if due_on > on else past_due if due_on < on else due).append(row)
    return past_due, due, ahead


_ARRANGE: dict[FutureRule, Callable[[Rows], Rows]] = {
    FutureRule.NEXT: lambda ahead: ahead,
    FutureRule.LAST: lambda ahead: ahead[::-1],
    FutureRule.NEXT_LAST: lambda ahead: [ahead[0], *ahead[:0:-1]],
}


def _serve_by_installment(
    amount: int, rows: Iterable[OpenRow], *, on: date, order: Sequence[int], parts: list[int]
) -> int:
    left = amount
    for row in rows:
        if not left:
            break
        left -= row.pay(left, order=order, on=on, parts=parts)
    return left


def _serve_by_component(amount: int, rows: Rows, *, on: date, order: Sequence[int], parts: list[int]) -> int:
    left = amount
    for component in order:
        left = _serve_by_installment(left, rows, on=on, order=(component,), parts=parts)
        if not left:
            break
    return left


def _spread(amount: int, ahead: Rows, *, on: date, order: Sequence[int], rounding: Rounding, parts: list[int]) -> int:
    """Evenly over the open rows, the last taking the difference; what a full row returns is spread again.

    A share is never more than what is left: rounding up must not spend money that is not there.
    """
    left = amount
    while left and ahead:
        share = round_ratio(left, len(ahead), rounding)
        unshared = left
        for row in ahead[:-1]:
            part = min(share, unshared)
            unshared -= part
            left -= row.pay(part, order=order, on=on, parts=parts)
        left -= ahead[-1].pay(unshared, order=order, on=on, parts=parts)
        ahead = [row for row in ahead if row.outstanding]
    return left
