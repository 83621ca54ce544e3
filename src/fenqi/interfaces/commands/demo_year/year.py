"""The year itself: day after day, the house in the morning, customers at noon and in the evening, jobs between them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from fenqi.interfaces.commands.demo_lenders import CARD, OTHER_PLATFORM, PLATFORM
from fenqi.interfaces.commands.demo_year import evening, moments
from fenqi.interfaces.commands.demo_year.deliveries import customer_of, tell_order
from fenqi.interfaces.commands.demo_year.desk import Desk
from fenqi.interfaces.commands.demo_year.doings import World, do
from fenqi.interfaces.commands.demo_year.habits import decide
from fenqi.interfaces.commands.demo_year.happenings import HAPPENINGS, Stage
from fenqi.interfaces.commands.demo_year.moments import Calendar, Town
from fenqi.interfaces.commands.demo_year.people import Person, people
from fenqi.interfaces.commands.demo_year.progressed import Lived, Year
from fenqi.interfaces.commands.demo_year.queue import Queue
from fenqi.interfaces.commands.demo_year.seeds import chance
from fenqi.interfaces.commands.demo_year.shopping import Purchase, purchases_of
from fenqi.interfaces.commands.demo_year.view import everybody
from fenqi.records.models import FinanceProvider
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.partners.providers import edit_provider

if TYPE_CHECKING:
    from uuid import UUID

TOLD_AT: Final = (8, 30)
HAPPENS_AT: Final = (9, 0)
DESK_AT: Final = (15, 0)
VISITS: Final = ((12, 10), (20, 5))
"""When customers come: each of them once a day, at one of the two."""
ANSWERS: Final = ((12, 38), (20, 33))
"""When most of those who wrote are answered, as promised; what the last day brings is left for whoever looks."""

Act = Callable[[datetime], None]

SPREAD_SECONDS: Final = 1_500
"""They come one after the other within so long."""


@dataclass(slots=True)
class Told:
    """What a run did, for its report."""

    queue: Queue
    world: World
    desk: Desk
    bills: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer at an instant."""

    at: datetime
    person: Person


class Simulation:
    """Lives the days of a year. `until` is the present: nothing happens after it."""

    def __init__(self, year: Year, *, town: Town, calendar: Calendar, until: datetime) -> None:
        self.year = year
        self.calendar = calendar
        self._town = town
        self._until = until
        self._people = people(year.customers, seed=year.seed)
        self._orders = _by_day(self._people, year)
        self.desk = Desk(seed=year.seed)
        queue = Queue(calendar)
        self.told = Told(queue, World(town, year.seed, queue, self.desk.agent), self.desk)
        self._ids: dict[str, UUID] = {}

    def live(self, *, begin: Lived, note: Callable[[Lived], None] = lambda _lived: None) -> Told:
        """From there to the end of the year; `note` is told of each step that is done, and of each day."""
        self._set_up(max(begin.until, moments.at(self.year.first, 0)))
        for n in range(begin.days, self.year.days):
            for at in self._live_day(n, after=begin.until):
                note(Lived(n, at))
            note(Lived(n + 1, self.calendar.now))
        return self.told

    def _set_up(self, at: datetime) -> None:
        """The lenders, unless they are there; and who is a customer already, where a year goes on."""
        found = {person.ref: customer_of(person.ref) for person in self._people}
        self._ids = {ref: customer_id for ref, customer_id in found.items() if customer_id is not None}
        with self._standing(at) as now:
            for said in (PLATFORM, OTHER_PLATFORM, CARD):
                if not FinanceProvider.objects.filter(code=said.code).exists():
                    edit_provider(self.desk.admin, said, now=now)

    def _live_day(self, n: int, *, after: datetime) -> Iterator[datetime]:
        """Whatever is on the day, at its time, which is given when it is done; the queue's work in between."""
        day = self.year.first + timedelta(days=n)
        rate_limits.forget()  # they are counted by the machine's minutes
        for at, act in sorted(self._programme(day, n), key=lambda one: one[0]):
            if after < at <= self._until:
                self._run_queue(at)
                with self._standing(at) as now:
                    act(now)
                yield at
        self._run_queue(min(moments.at(day + timedelta(days=1), 0), self._until))

    def _run_queue(self, until: datetime) -> None:
        """What is due, and what channels have to say of that."""
        if self.told.queue.run_until(until):
            self._town.wait_for_deliveries()

    def _programme(self, day: date, n: int) -> list[tuple[datetime, Act]]:
        """(when, what) of the day, not yet in order."""
        programme: list[tuple[datetime, Act]] = [
            (moments.at(day, *TOLD_AT), partial(self._tell_orders, day)),
            (moments.at(day, *HAPPENS_AT), partial(self._happen, day, n)),
            (moments.at(day, *evening.RECONCILED_AT), self._reconcile),
            (moments.at(day, *DESK_AT), self.desk.work),
            *((moments.at(day, *visit), partial(self._receive, day, visit)) for visit in VISITS),
        ]
        if n < self.year.days - 1:
            programme += [(moments.at(day, *answers), self.desk.answer_at_once) for answers in ANSWERS]
        return programme + [(at, partial(self._run_job, name)) for at, name in evening.jobs_of(day)]

    def _tell_orders(self, day: date, _now: datetime) -> None:
        """What arrives today; and what was ordered, once the year is nearly over."""
        for purchase in self._orders.get(day, ()):
            with self._standing(self.calendar.now) as now:
                self._ids[purchase.person.ref] = tell_order(purchase, now=now)
        if day >= self.year.first + timedelta(days=self.year.days - 1):
            for purchase in (one for on in _still_under_way(day) for one in self._orders.get(on, ())):
                with self._standing(self.calendar.now) as now:
                    self._ids[purchase.person.ref] = tell_order(purchase, now=now)

    def _happen(self, day: date, n: int, now: datetime) -> None:
        stage = Stage(day=day, n=n, of=self.year.days, now=now, town=self._town, desk=self.desk)
        for happening in HAPPENINGS:
            happening(stage)

    def _reconcile(self, now: datetime) -> None:
        """And put right what was found; what staff cannot repair waits for a later bill."""
        self.told.bills += evening.reconcile_all(now)
        self.desk.put_right(now)

    def _receive(self, day: date, visit: tuple[int, int], _now: datetime) -> None:
        """Whoever comes at this time of this day does what they have decided."""
        seen = everybody(moments.at(day, *visit))
        for one in self._visits(day, visit):
            customer_id = self._ids.get(one.person.ref)
            if customer_id is None or customer_id not in seen or one.at > self._until:
                continue
            for deed in decide(one.person, seen[customer_id], seed=self.year.seed):
                with self._standing(one.at) as now:
                    do(self.told.world, one.person, customer_id, deed, now=now)
        self._town.wait_for_deliveries()

    def _visits(self, day: date, visit: tuple[int, int]) -> Sequence[Visit]:
        begin = moments.at(day, *visit)
        found = []
        for person in self._people:
            draw = chance("visit", self.year.seed, person.n, day)
            if VISITS[draw.randrange(len(VISITS))] == visit:
                found.append(Visit(begin + timedelta(seconds=draw.randrange(SPREAD_SECONDS)), person))
        return sorted(found, key=lambda one: (one.at, one.person.n))

    def _run_job(self, name: str, now: datetime) -> None:
        self.told.queue.run(name, {"timestamp": int(now.timestamp())})

    def _standing(self, at: datetime) -> AbstractContextManager[datetime]:
        return self.calendar.standing(min(at, self._until))


def _by_day(everyone: Sequence[Person], year: Year) -> Mapping[date, list[Purchase]]:
    """Purchases by the day on which they arrive."""
    found: dict[date, list[Purchase]] = {}
    for person in everyone:
        for purchase in purchases_of(person, first=year.first, days=year.days, seed=year.seed):
            found.setdefault(purchase.delivered_on, []).append(purchase)
    return found


def _still_under_way(today: date) -> Sequence[date]:
    return (today + timedelta(days=1), today + timedelta(days=2))


def year_until(at: datetime, *, days: int, customers: int, seed: int) -> Year:
    """The year that ends today."""
    return Year(first=clock.business_date(at) - timedelta(days=days - 1), days=days, customers=customers, seed=seed)
