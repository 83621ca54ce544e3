"""What an early settlement asks of each row (rule 11)."""

from collections.abc import Iterable, Iterator
from datetime import date

from fenqi.domain.money import Rounding, round_ratio
from fenqi.domain.plans.open_rows import FEE, INTEREST, OpenRow


def unasked(
    rows: Iterable[OpenRow], *, on: date, opened_on: date, rounding: Rounding
) -> Iterator[tuple[OpenRow, int, int]]:
    """The open rows, by due date, with the interest and the fee that a settlement on that day does not ask for.

    Rows due by the day are asked in full; the running row, among whose days the day is, for its fee and its interest up
    to the day (actual days over the row's days); the rows after it for no interest and none of the flat fee the
    schedule put there. A row's days begin after the previous due date (rule 2), so that no row runs on the opening day,
    nor the next one on a due date. What was already paid is not given back. The down payment and the added row carry
    neither interest nor flat fee, so they are always asked in full.
    """
    start = opened_on
    for row in rows:
        if row.is_down_payment or row.is_added:
            yield row, 0, 0
            continue
        if row.due_on <= on:
            yield row, 0, 0
        elif start < on:
            yield row, _interest_after(row, on, start, rounding), 0
        else:
            charged = row.due[FEE] - row.flat_fee
            asked = max(0, charged - row.paid[FEE])
            yield row, row.owed(INTEREST), row.owed(FEE) - asked
        start = row.due_on


def _interest_after(row: OpenRow, on: date, start: date, rounding: Rounding) -> int:
    """The open interest of the running row that accrues only after `on`."""
    if not row.due[INTEREST]:
        return 0
    accrued = round_ratio(row.due[INTEREST] * (on - start).days, (row.due_on - start).days, rounding)
    return row.due[INTEREST] - max(accrued, row.paid[INTEREST])
