"""How installments are laid out on a rail: what is done folded, what is due marked, what is alike joined."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from fenqi.domain.plans import Row
from fenqi.usecases.no_fault_days import free_days

SOON_DAYS = 7
LEAST_JOINED = 3
FUTURE_ROWS_SHOWN = 3


class Standing(StrEnum):
    """Where one installment stands on a day, from the customer's side (the design system's status words)."""

    PAID = "paid"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    OVERDUE = "overdue"
    GRACE = "grace"
    TODAY = "today"
    SOON = "soon"
    FUTURE = "future"

    @property
    def tone(self) -> str:
        """The state of the design system that it is shown in."""
        return "due" if self in (Standing.GRACE, Standing.TODAY, Standing.SOON) else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Against what an installment is judged.

    `locked` are the rows whose payment has no known outcome; `exempt` are days that are not counted; `covered` are the
    rows that nobody need pay since goods went back.
    """

    today: date
    grace_days: int
    locked: Collection[int] = frozenset()
    exempt: Collection[date] = frozenset()
    covered: Collection[int] = frozenset()

    def last_free_on(self, due_on: date) -> date:
        """The last day of grace, and the days right after it that do not count: exempt ones, and rest days (P509)."""
        last, free = due_on + timedelta(days=self.grace_days), free_days(frozenset(self.exempt), due_on)
        while last + timedelta(days=1) in free:
            last += timedelta(days=1)
        return last


@dataclass(frozen=True, slots=True, kw_only=True)
class Installment:
    """One installment as a page shows it. Amounts in minor units; `number` is None for the down payment."""

    number: int | None
    row: Row
    standing: Standing
    days_left: int
    """Days until it is due; while in grace, until grace ends; negative days past due when overdue."""

    @property
    def outstanding_minor(self) -> int:
        return self.row.outstanding.total

    @property
    def shown_minor(self) -> int:
        """What the row's amount column says: what is left to pay, or what it was once nothing is."""
        return self.row.outstanding.total or self.row.due.total

    @property
    def paid_in_part_minor(self) -> int:
        return self.row.paid.total if self.row.outstanding.total else 0

    @property
    def late_fee_minor(self) -> int:
        return self.row.outstanding.late_fee

    @property
    def days_overdue(self) -> int:
        return -self.days_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Neighbouring installments that are shown as one row of the rail."""

    installments: tuple[Installment, ...]

    @property
    def first(self) -> Installment:
        return self.installments[0]

    @property
    def last(self) -> Installment:
        return self.installments[-1]

    @property
    def standing(self) -> Standing:
        return self.first.standing

    @property
    def is_joined(self) -> bool:
        return len(self.installments) > 1

    @property
    def total_minor(self) -> int:
        return sum(one.shown_minor for one in self.installments)


def installments_of(rows: Iterable[Row], calendar: Calendar) -> tuple[Installment, ...]:
    """Every row of the plan with its number: the down payment has none, the installments count from 1."""
    ordered = list(rows)
    down_payments = sum(row.is_down_payment for row in ordered)
    return tuple(
        Installment(
            number=None if row.is_down_payment else row.n - down_payments,
            row=row,
            standing=(standing := standing_of(row, calendar)),
            days_left=_days_left(row, standing, calendar),
        )
        for row in ordered
    )


def standing_of(row: Row, calendar: Calendar) -> Standing:
    """Paid and cancelled first; a payment whose outcome is unknown hides what the date alone would say."""
    if not row.outstanding.total:
        return Standing.PAID if row.due.total and row.n not in calendar.covered else Standing.CANCELLED
    if row.n in calendar.locked:
        return Standing.UNKNOWN
    return standing_by_date(row.due_on, calendar)


def standing_by_date(due_on: date, calendar: Calendar) -> Standing:
    """Where an open installment stands by its due date alone."""
    days = (due_on - calendar.today).days
    if days < 0:
        return Standing.GRACE if calendar.today <= calendar.last_free_on(due_on) else Standing.OVERDUE
    if days == 0:
        return Standing.TODAY
    return Standing.SOON if days <= SOON_DAYS else Standing.FUTURE


def _days_left(row: Row, standing: Standing, calendar: Calendar) -> int:
    last_day = calendar.last_free_on(row.due_on) if standing is Standing.GRACE else row.due_on
    return (last_day - calendar.today).days


def stretches(installments: Sequence[Installment]) -> tuple[Stretch, ...]:
    """The rows of the rail: runs of paid installments folded, later future ones of equal amount joined."""
    return tuple(Stretch(installments=run) for run in _runs(installments))


def _runs(installments: Sequence[Installment]) -> Iterator[tuple[Installment, ...]]:
    for (standing, _), group in groupby(installments, key=_kind):
        run = tuple(group)
        if standing is Standing.PAID:
            yield run
        elif standing is Standing.FUTURE:
            yield from _future_runs(run)
        elif standing is Standing.CANCELLED:
            yield from _alike(run)
        else:
            yield from ((one,) for one in run)


def _kind(installment: Installment) -> tuple[Standing, bool]:
    """The down payment is not an installment and is never joined with one."""
    return installment.standing, installment.number is None


def _future_runs(run: tuple[Installment, ...]) -> Iterator[tuple[Installment, ...]]:
    """The next few one by one, since those are planned for; of the rest, those of one amount together."""
    yield from ((one,) for one in run[:FUTURE_ROWS_SHOWN])
    yield from _alike(run[FUTURE_ROWS_SHOWN:])


def _alike(run: tuple[Installment, ...]) -> Iterator[tuple[Installment, ...]]:
    """Those of one amount together, where they are enough."""
    for _, group in groupby(run, key=lambda one: one.shown_minor):
        alike = tuple(group)
        if len(alike) >= LEAST_JOINED:
            yield alike
        else:
            yield from ((one,) for one in alike)


def next_open(installments: Iterable[Installment]) -> Installment | None:
    """The installment to pay next: the earliest that has something outstanding."""
    still_open = [one for one in installments if one.outstanding_minor]
    return min(still_open, key=lambda one: (one.row.due_on, one.row.n), default=None)
