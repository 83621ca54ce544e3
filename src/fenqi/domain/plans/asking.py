"""What an early settlement asks of each row (rule 11)."""

from collections.abc import Iterable, Iterator
from datetime import date

from fenqi.domain.money import Rounding, round_ratio
from fenqi.domain.plans.open_rows import FEE, INTEREST, OpenRow


def unasked(
    rows: Iterable[OpenRow], *, on: date, opened_on: date, rounding: Rounding
) -> Iterator[tuple[OpenRow, int, int]]:
    """The open rows, by due date, with the interest and the fee that a settlement on that day does not ask for.

    Rows due by the day are asked in full; the running row, in whose period the day falls, for its fee and its interest
    up to the day (actual days over the row's days); the rows after it for no interest and none of the flat fee the
    schedule put there. The opening day falls in the first period, as for a fee (rule 10); on a due date the next row
    does not run yet. What was already paid is not given back. The down payment and the added row carry neither
    interest nor flat fee, so they are always asked in full.
    """
    start = opened_on
    running_found = False
    for row in rows:
        if row.is_down_payment or row.is_added:
            yield row, 0, 0
            continue
        due_on = row.due_on
        if due_on <= on:
            running_found = due_on == on
            yield row, 0, 0
        elif running_found:
            charged = row.due[FEE] - row.flat_fee
            asked = charged - row.paid[FEE]
            yield row, row.owed(INTEREST), row.owed(FEE) - max(0, asked)
        else:
            running_found = True
            yield row, _interest_after(row, on, start, rounding), 0
        start = due_on


def _interest_after(row: OpenRow, on: date, start: date, rounding: Rounding) -> int:
    """The open interest of the running row that accrues only after `on`."""
    if not row.due[INTEREST]:
        return 0
    accrued = round_ratio(row.due[INTEREST] * (on - start).days, (row.due_on - start).days, rounding)
    return row.due[INTEREST] - max(accrued, row.paid[INTEREST])
