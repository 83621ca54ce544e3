"""The close of a day, and of the days that were missed before it: in order, range by range, any number of times.

What is done already stays as it is, since every step is idempotent for its day. So a killed run is taken up by the next
one where it stopped, and two runs at once do each piece of work once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import CloseRange, CloseRun, CloseState, Customer, Order
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.closing.charging import charge_plan
from fenqi.usecases.closing.errors import DayBeforeFirstClose, DayNotBegun, FirstCloseTooEarly
from fenqi.usecases.closing.late_rows import CHARGE, SKIPPED, find_late_rows
from fenqi.usecases.closing.set_based import Charged, charge_customers
from fenqi.usecases.closing.steps import STEPS

CUSTOMERS_IN_A_RANGE: Final = 30_000
CUSTOMERS_IN_A_BATCH: Final = 1_000
"""So many are locked at once: a payment waits for one batch at most."""

FIRST_CLOSE_REACHES_BACK: Final = timedelta(days=7)
"""Of the first close ever: what was late before counts in it anyway."""

_log = structlog.get_logger(__name__)
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How far the close of a day is. `counts` of what it did are there from the first range on."""

    day: date
    state: str
    is_catch_up: bool
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    customers: int
    customers_done: int
    counts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.state == CloseState.FINISHED


Watch = Callable[[Closed], None]


def close_day(
    day: date | None = None, *, started_by: str, now: Now, watch: Watch = lambda _so_far: None
) -> tuple[Closed, ...]:
    """Close the day (today, unless named), after those before it that were missed; what each came to, in order.

    Raises DayNotBegun, DayBeforeFirstClose, FirstCloseTooEarly.
    """
    wanted = days_to_close(day, today=clock.business_date(now()))
    return tuple(
        _close(one, started_by=started_by, is_catch_up=one < wanted[-1], now=now, watch=watch) for one in wanted
    )


def days_to_close(day: date | None, *, today: date) -> tuple[date, ...]:
    """The day with the missed ones before it; the first close ever has none before it.

    Raises DayNotBegun, DayBeforeFirstClose, FirstCloseTooEarly.
    """
    last = day or today
    if last > today:
        raise DayNotBegun(day=last, today=today)
    first_ever = CloseRun.objects.order_by("business_date").first()
    if first_ever is None:
        _refuse_too_early(last, today=today)
        return (last,)
    if last < first_ever.business_date:
        raise DayBeforeFirstClose(day=last, first=first_ever.business_date)
    finished = CloseRun.objects.filter(state=CloseState.FINISHED, business_date__lte=last)
    newest = finished.order_by("-business_date").first()
    earliest = newest.business_date + timedelta(days=1) if newest else first_ever.business_date
    open_before = CloseRun.objects.exclude(state=CloseState.FINISHED).filter(business_date__lt=earliest)
    first = min([earliest, last, *open_before.values_list("business_date", flat=True)])
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _refuse_too_early(day: date, *, today: date) -> None:
    """Every day since the first is closed by itself, so a mistyped year would be made up for day by day."""
    if day >= today - timedelta(days=1):
        return
    earliest = today - FIRST_CLOSE_REACHES_BACK
    with across_customers():
        oldest_order = Order.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if oldest_order is not None:
        earliest = max(earliest, min(clock.business_date(oldest_order), today - timedelta(days=1)))
    if day < earliest:
        raise FirstCloseTooEarly(day=day, earliest=earliest)


def _close(day: date, *, started_by: str, is_catch_up: bool, now: Now, watch: Watch) -> Closed:
    run, _ = CloseRun.objects.get_or_create(
        business_date=day,
        defaults={
            "state": CloseState.WAITING,
            "started_by": started_by,
            "is_catch_up": is_catch_up,
            "started_at": now(),
        },
    )
    if run.state != CloseState.FINISHED:
        _lay_out(run)
        for customers in _ranges_to_do(run, now=now):
            _close_range(day, customers, now=now)
            watch(closed(run))
        _finish(run, now=now())
    done = closed(run)
    watch(done)
    return done


def _lay_out(run: CloseRun) -> None:
    """Divide the customers of this moment; whoever comes later has nothing that is late."""
    with transaction.atomic():
        kept = CloseRun.objects.select_for_update().get(id=run.id)
        if kept.state != CloseState.WAITING:
            return
        ranges = list(_ranges())
        CloseRange.objects.bulk_create(
            CloseRange(run=kept, no=no, first_id=first, last_id=last, customers=count, state=CloseState.WAITING)
            for no, (first, last, count) in enumerate(ranges)
        )
        kept.state, kept.customers = CloseState.RUNNING, sum(count for _, _, count in ranges)
        kept.save(update_fields=["state", "customers"])


def _ranges() -> Iterator[tuple[UUID, UUID, int]]:
    """First and last customer of each range, and how many there are."""
    after = UUID(int=0)
    while True:
        with across_customers():
            beyond = Customer.objects.filter(id__gt=after).order_by("id").values_list("id", flat=True)
            first = beyond.first()
            if first is None:
                return
            last = beyond[CUSTOMERS_IN_A_RANGE - 1 : CUSTOMERS_IN_A_RANGE].first()
            count = CUSTOMERS_IN_A_RANGE
            if last is None:
                count, last = beyond.count(), Customer.objects.order_by("-id").values_list("id", flat=True)[0]
        yield first, last, count
        after = last


def _ranges_to_do(run: CloseRun, *, now: Now) -> Iterator[CloseRange]:
    """Those that nobody has begun; then those that somebody has, who may be dead: doing them again changes nothing."""
    for found in CloseRange.objects.filter(run=run, state=CloseState.WAITING).order_by("no"):
        waiting = CloseRange.objects.filter(id=found.id, state=CloseState.WAITING)
        if waiting.update(state=CloseState.RUNNING, started_at=now()):
            yield found
    yield from CloseRange.objects.filter(run=run, state=CloseState.RUNNING).order_by("no")


def _close_range(day: date, customers: CloseRange, *, now: Now) -> None:
    first, last = customers.first_id, customers.last_id
    late = find_late_rows(day, first=first, last=last)
    left = late.counts.get(CHARGE, 0)
    for batch in _batches(late.to_charge):
        with transaction.atomic():
            locks.customers(batch)
            charged = charge_customers(batch, day, batch=new_id(), now=now())
            _count(customers, charged)
        left -= charged.looked_at
    if left > 0:  # somebody has paid between the look and the lock: what they owe needs judgement now
        late = replace(late, to_judge=find_late_rows(day, first=first, last=last).to_judge)
    for customer_id, plan_id in late.to_judge:
        _judge(customers, customer_id, plan_id, day, now=now())
    steps = {name: on_day(day, first=first, last=last, now=now()) for name, on_day in STEPS}
    skipped = {reason: late.counts[reason] for reason in SKIPPED if late.counts.get(reason) and reason != "done"}
    with transaction.atomic():
        kept = CloseRange.objects.select_for_update().get(id=customers.id)
        if kept.state == CloseState.FINISHED:
            return
        kept.counts = _sum([kept.counts, {"steps": steps}]) | {"skipped": skipped, "judged": len(late.to_judge)}
        kept.state, kept.finished_at = CloseState.FINISHED, now()
        kept.save(update_fields=["counts", "state", "finished_at"])


def _batches(customers: Sequence[UUID]) -> Iterator[tuple[UUID, ...]]:
    left = iter(customers)
    while batch := tuple(islice(left, CUSTOMERS_IN_A_BATCH)):
        yield batch


def _judge(customers: CloseRange, customer_id: UUID, plan_id: UUID, day: date, *, now: datetime) -> None:
    """One that fails is told of and counted, and does not keep the others waiting."""
    try:
        with transaction.atomic():
            _count(customers, charge_plan(customer_id, plan_id, day, batch=new_id(), now=now))
    except Exception:  # noqa: BLE001 - whatever it is, it is this plan's, and is logged whole
        _log.exception("late_fees_failed", plan_id=str(plan_id), day=day.isoformat())
        with transaction.atomic():
            _add(customers, {"failed": 1})


def _count(customers: CloseRange, charged: Charged) -> None:
    """In the transaction that charges, so that a killed run has counted what it did, and nothing else."""
    made = {"charged": charged.rows, "charged_minor": dict(charged.minor)}
    undone = {"taken_back": charged.taken_back, "taken_back_minor": dict(charged.taken_back_minor)}
    if charged.rows or charged.taken_back:
        _add(customers, made | undone)


def _add(customers: CloseRange, counts: dict[str, Any]) -> None:
    kept = CloseRange.objects.select_for_update().get(id=customers.id)
    kept.counts = _sum([kept.counts, counts])
    kept.save(update_fields=["counts"])


def _finish(run: CloseRun, *, now: datetime) -> None:
    with transaction.atomic():
        kept = CloseRun.objects.select_for_update().get(id=run.id)
        ranges = CloseRange.objects.filter(run=kept)
        if kept.state == CloseState.FINISHED or ranges.filter(~Q(state=CloseState.FINISHED)).exists():
            return
        kept.counts = _sum(ranges.values_list("counts", flat=True))
        kept.state, kept.finished_at = CloseState.FINISHED, now
        kept.save(update_fields=["counts", "state", "finished_at"])


def _sum(counts: Any) -> dict[str, Any]:
    """The sums by name, at every depth."""
    total: dict[str, Any] = {}
    for one in counts:
        for name, value in one.items():
            if isinstance(value, dict):
                total[name] = _sum([total.get(name, {}), value])
            else:
                total[name] = total.get(name, 0) + value
    return total


def closed(run: CloseRun) -> Closed:
    """The run as it stands now."""
    kept = CloseRun.objects.get(id=run.id)
    ranges = list(CloseRange.objects.filter(run=kept).values_list("state", "customers", "counts"))
    return Closed(
        day=kept.business_date,
        state=kept.state,
        is_catch_up=kept.is_catch_up,
        started_by=kept.started_by,
        started_at=kept.started_at,
        finished_at=kept.finished_at,
        customers=kept.customers,
        customers_done=sum(count for state, count, _ in ranges if state == CloseState.FINISHED),
        counts=kept.counts or _sum(counts for _, _, counts in ranges),
    )
