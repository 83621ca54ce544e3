"""Which late fees a plan should have been charged, day by day, and what puts right those that it was (R119).

The fee of a day is owed by the row that was open when the day began: what is paid on the day itself counts from the
next. So the charge of a day never depends on what happens during it, and what a page said in the morning holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from operator import attrgetter

from fenqi.domain.plans.effects import apply
from fenqi.domain.plans.events import Event, EventKind
from fenqi.domain.plans.fold import Fold
from fenqi.domain.plans.late_fees import charge_of_day, counted_days
from fenqi.domain.plans.open_rows import LATE_FEE, OpenRow
from fenqi.domain.plans.replay import standing
from fenqi.domain.plans.state import Row
from fenqi.domain.plans.terms import Terms

FreeDays = Callable[[date], AbstractSet[date]]
"""The days that count for nothing, for a row with that due date."""

_Key = tuple[date, int]
"""A due date, and which of the rows that share it."""

_on = attrgetter("on")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Charge:
    """Row `n`, due on `due_on`, is charged `amount` minor units for the day `on`."""

    n: int
    due_on: date
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class RowAccrual:
    """What a row was charged through a day, in all, for how many days."""

    n: int
    due_on: date
    days: int
    charged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeePlan:
    """What there is to do: ids of charges to take back, charges to make, in order of day and row, and where the rows
    then stand.
    """

    to_reverse: tuple[str, ...]
    to_charge: tuple[Charge, ...]
    accruals: tuple[RowAccrual, ...]


def late_fees_through(
    terms: Terms, events: Sequence[Event], *, ours: AbstractSet[str], through: date, free: FreeDays
) -> LateFeePlan:
    """Compare the late fees that stand with those that are right through that day. `ours` are the ids of our charges.

    A row that is paid by now, or that a new schedule did away with, gets nothing more: nobody is told "paid", or agrees
    to what is shown, and is then billed for days before. A charge that is too much is taken back, whoever has paid it.
    """
    known = sorted(standing(events), key=_on)
    if terms.late_fee is None:
        return LateFeePlan(to_reverse=tuple(e.id for e in known if e.id in ours), to_charge=(), accruals=())
    settled = _rows_paid_by_now(terms, known, ours=ours, through=through, free=free)
    return _Walk(terms, known, ours, free, settled).through(through)


def _rows_paid_by_now(
    terms: Terms, known: Sequence[Event], *, ours: AbstractSet[str], through: date, free: FreeDays
) -> frozenset[int]:
    """The rows, by the order in which they came to be, that are gone or where nothing but late fees could be open."""
    walk = _Walk(terms, known, ours, free, None)
    walk.through(through)
    walk.follow_all()
    there = {id(row) for row in walk.fold.rows}
    return frozenset(
        place for place, row in enumerate(walk.seen) if id(row) not in there or not row.outstanding - row.owed(LATE_FEE)
    )


class _Walk:
    """One fold over the known events, stopped at the beginning of each day. Without `settled` nothing is added."""

    def __init__(
        self,
        terms: Terms,
        known: Sequence[Event],
        ours: AbstractSet[str],
        free: FreeDays,
        settled: frozenset[int] | None,
    ) -> None:
        self.terms, self.ours, self.free, self.settled = terms, ours, free, settled
        self.fold = Fold(terms)
        self.waiting = list(reversed(known))
        self.seen: list[OpenRow] = []
        self.charged: dict[int, int] = {}
        self.days: dict[int, int] = {}
        self.to_reverse: list[str] = []
        self.to_charge: list[Charge] = []

    def through(self, last: date) -> LateFeePlan:
        day = min((row.due_on for row in self.fold.rows if not row.is_down_payment), default=last) + _ONE_DAY
        self._follow(day - _ONE_DAY)
        while day <= last:
            added = self._compare(day, {} if self.fold.is_charged_off else self._right_on(day))
            self._follow(day)
            for charge in added:
                apply(self.fold, _event_of(charge))
            day += _ONE_DAY
        return LateFeePlan(
            to_reverse=tuple(self.to_reverse), to_charge=tuple(self.to_charge), accruals=tuple(self._accruals())
        )

    def follow_all(self) -> None:
        """Take in what is dated after the last day, too."""
        self._follow(date.max)

    def _right_on(self, day: date) -> dict[_Key, tuple[int, Row, int]]:
        """Place, row and amount for every row that the day finds late."""
        right: dict[_Key, tuple[int, Row, int]] = {}
        for n, opened in enumerate(self.fold.rows, start=1):
            place = self._place(opened)
            if opened.due_on >= day or not opened.outstanding:
                continue
            row, free = opened.frozen(n), self.free(opened.due_on)
            self.days[place] = counted_days(self.terms, row, day, free)
            amount = charge_of_day(self.terms, row, day, charged=self.charged.get(place, 0), exempt=free)
            if amount:
                right[_next_key(right, opened.due_on)] = place, row, amount
        return right

    def _compare(self, day: date, right: Mapping[_Key, tuple[int, Row, int]]) -> list[Charge]:
        """Keep what is right of the day's charges, mark what is not, and say what is missing."""
        charged_today: dict[_Key, Event] = {}
        for event in reversed(self.waiting):
            if event.on == day and event.id in self.ours and event.due_on:
                charged_today[_next_key(charged_today, event.due_on)] = event
        added: list[Charge] = []
        for key, event in charged_today.items():
            if not self._is_kept(event, right.get(key)):
                self.to_reverse.append(event.id)
                self.waiting.remove(event)
        for key, (place, row, amount) in right.items():
            charged = charged_today.get(key)
            if charged is not None and charged.id not in self.to_reverse:
                self.charged[place] = self.charged.get(place, 0) + (charged.amount or 0)
            elif charged is not None or self._may_add(place):
                self.charged[place] = self.charged.get(place, 0) + amount
                added.append(Charge(row.n, row.due_on, day, amount))
        self.to_charge += added
        return added

    def _is_kept(self, event: Event, right: tuple[int, Row, int] | None) -> bool:
        """Too little stays as it is on a row that is paid by now."""
        if right is None:
            return False
        place, _row, amount = right
        charged = event.amount or 0
        return charged == amount or (charged < amount and not self._may_add(place))

    def _may_add(self, place: int) -> bool:
        return self.settled is not None and place not in self.settled

    def _follow(self, day: date) -> None:
        """Fold in what took effect through the day."""
        while self.waiting and self.waiting[-1].on <= day:
            apply(self.fold, self.waiting.pop())

    def _place(self, row: OpenRow) -> int:
        for place, known in enumerate(self.seen):
            if known is row:
                return place
        self.seen.append(row)
        return len(self.seen) - 1

    def _accruals(self) -> Iterable[RowAccrual]:
        for n, opened in enumerate(self.fold.rows, start=1):
            place = self._place(opened)
            if place in self.days:
                yield RowAccrual(n, opened.due_on, self.days[place], self.charged.get(place, 0))


def _next_key(taken: Mapping[_Key, object], due_on: date) -> _Key:
    place = 0
    while (due_on, place) in taken:
        place += 1
    return due_on, place


def _event_of(charge: Charge) -> Event:
    return Event(id="", on=charge.on, kind=EventKind.LATE_FEE, amount=charge.amount, due_on=charge.due_on)
