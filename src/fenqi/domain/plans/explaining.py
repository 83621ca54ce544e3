"""Why an installment is what it is: what the schedule put there, and what each event has changed since.

Always, component by component: scheduled + what events changed = due, and what events paid = paid.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from fenqi.domain.plans.calendar import due_dates, year_part
from fenqi.domain.plans.errors import UnknownRow
from fenqi.domain.plans.events import Event
from fenqi.domain.plans.replay import replay_each
from fenqi.domain.plans.schedule import lay_out
from fenqi.domain.plans.state import Components, Row
from fenqi.domain.plans.terms import Terms

_NOTHING = Components()


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the schedule worked the row out from. Minor units; days and a year's part by the plan's day count.

    `balance` is the principal not yet due before this row, `year_part` the row's part of a year as a fraction.
    """

    financed: int
    balance: int
    starts_on: date
    due_on: date
    year_part: tuple[int, int]
    is_down_payment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became known with an event: `due` more comes to be owed on the row, `paid` more is paid of it.

    A backdated event may change what earlier ones had done: its step carries that, too. `moved_to` is set where the
    due date moved.
    """

    event: Event
    due: Components
    paid: Components
    moved_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowStory:
    """One installment from the schedule to now. `basis` is None for a row that no schedule put there."""

    n: int
    basis: Basis | None
    scheduled: Components
    steps: tuple[Step, ...]
    row: Row


def explain_row(terms: Terms, events: Sequence[Event], n: int) -> RowStory:
    """The story of row `n`. Raises UnknownRow and UnableToReplay."""
    states = list(replay_each(terms, events))
    rows = [next((row for row in state.rows if row.n == n), None) for state in states]
    now = rows[-1]
    if now is None:
        raise UnknownRow(where="row", row=n)
    scheduled = rows[0].due if rows[0] is not None else _NOTHING
    return RowStory(
        n=n,
        basis=_basis(terms, n),
        scheduled=scheduled,
        steps=tuple(_steps(events, rows)),
        row=now,
    )


def _steps(events: Sequence[Event], rows: Sequence[Row | None]) -> Iterator[Step]:
    for event, before, after in zip(events, rows, rows[1:], strict=False):
        due = _difference(after.due if after else _NOTHING, before.due if before else _NOTHING)
        paid = _difference(after.paid if after else _NOTHING, before.paid if before else _NOTHING)
        has_moved = before is not None and after is not None and before.due_on != after.due_on
        if any(due) or any(paid) or has_moved:
            yield Step(event=event, due=due, paid=paid, moved_to=after.due_on if has_moved and after else None)


def _difference(after: Components, before: Components) -> Components:
    return Components(*(new - old for new, old in zip(after, before, strict=True)))


def _basis(terms: Terms, n: int) -> Basis | None:
    rows = lay_out(terms)
    if n > len(rows):
        return None
    row = rows[n - 1]
    if row.is_down_payment:
        return Basis(
            financed=terms.financed,
            balance=terms.principal,
            starts_on=row.due_on,
            due_on=row.due_on,
            year_part=(0, 1),
            is_down_payment=True,
        )
    dates = (terms.opened_on, *due_dates(terms))
    place = n - 1 - (len(rows) - terms.installments)
    earlier = sum(one.principal for one in rows[: n - 1] if not one.is_down_payment)
    return Basis(
        financed=terms.financed,
        balance=terms.financed - earlier,
        starts_on=dates[place],
        due_on=row.due_on,
        year_part=year_part(terms, dates[place], dates[place + 1]),
        is_down_payment=False,
    )
