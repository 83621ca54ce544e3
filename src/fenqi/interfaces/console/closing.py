"""The daily close: what it did day by day, what it left and why, and how late the house's plans are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, list_page, read_listing, worded
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.closing.ageing import AgeingRow, ageing
from fenqi.usecases.closing.ask import ask_for_close
from fenqi.usecases.closing.queries import close_desk, starters
from fenqi.usecases.closing.run import Closed
from fenqi.usecases.closing.steps import BY_THEIR_OWN_CLOCK
from fenqi.usecases.staff.permissions import Permission, Staff

REFRESH_SECONDS = 2
BAR_WIDTH = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run for the page; amounts as (currency, minor units)."""

    run: Closed
    started_by: str
    took: timedelta | None
    charged: int
    charged_minor: tuple[tuple[str, int], ...]
    taken_back: int
    taken_back_minor: tuple[tuple[str, int], ...]
    judged: int
    failed: int
    skipped: tuple[tuple[str, int], ...]
    steps: tuple[tuple[str, int], ...]

    @property
    def seconds(self) -> str:
        return "" if self.took is None else f"{self.took.total_seconds():.1f}"

    @property
    def whole_seconds(self) -> int | None:
        return None if self.took is None else int(self.took.total_seconds())

    @property
    def left(self) -> int:
        return sum(count for _reason, count in self.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingTable:
    """The buckets of one currency, each with the width of its bar."""

    currency: str
    rows: tuple[tuple[AgeingRow, int], ...]

    @property
    def plans(self) -> int:
        return sum(row.plans for row, _width in self.rows)

    @property
    def outstanding_minor(self) -> int:
        return sum(row.outstanding_minor for row, _width in self.rows)

    @property
    def overdue_minor(self) -> int:
        return sum(row.overdue_minor for row, _width in self.rows)


def _written(amounts: tuple[tuple[str, int], ...]) -> str:
    return " ".join(formats.money(minor, currency) for currency, minor in amounts)


RUNS: Final[Sequence[Column[RunLine]]] = (
    Column(key="day", title=_lazy("Day"), value=lambda line: line.run.day, kind=Kind.DAY),
    worded("state", _lazy("State"), words.CLOSE_STATES, lambda line: line.run.state),
    Column(key="started", title=_lazy("Started"), value=lambda line: line.run.started_at, kind=Kind.MOMENT),
    Column(key="seconds", title=_lazy("Seconds"), value=lambda line: line.whole_seconds, kind=Kind.NUMBER),
    Column(key="customers", title=_lazy("Customers"), value=lambda line: line.run.customers_done, kind=Kind.NUMBER),
    Column(key="charges", title=_lazy("Charges"), value=lambda line: line.charged, kind=Kind.NUMBER),
    Column(key="charged", title=_lazy("Charged"), value=lambda line: _written(line.charged_minor)),
    Column(key="back", title=_lazy("Taken back"), value=lambda line: _written(line.taken_back_minor)),
    Column(key="left", title=_lazy("Not charged"), value=lambda line: line.left, kind=Kind.NUMBER),
    Column(key="failed", title=_lazy("Failed"), value=lambda line: line.failed, kind=Kind.NUMBER),
)


@require_safe
@staff_page(Permission.SEE_DAILY_CLOSE)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    now = clock.now()
    desk = close_desk(now=now, limit=MOST_READ + 1)
    names = starters(desk.runs)
    lines = [_line(run, names) for run in desk.runs]
    context = {
        "place": "daily_close",
        "desk": desk,
        "newest": next((line for line in lines if line.run.is_finished), None),
        "running": next((line for line in lines if line.run == desk.running), None),
        "ageing": _tables(ageing(clock.business_date(now))),
        "bar_width": BAR_WIDTH,
        "by_their_own_clock": list(BY_THEIR_OWN_CLOCK.items()),
        "refresh_seconds": REFRESH_SECONDS,
    }
    listing = read_listing(request, name="daily-close", columns=RUNS, rows=lines, most=MOST_READ)
    return list_page(request, staff, "daily_close.html", listing, context)


@require_POST
@staff_page(Permission.RUN_DAILY_CLOSE)
def run_now(_request: HttpRequest, staff: Staff) -> HttpResponse:
    """Queue the close; what is closed already stays as it is."""
    if ask_for_close(staff, now=clock.now()):
        messages.info(_request, _("The close is queued and begins in a moment."))
    else:
        messages.info(_request, _("It was asked for already."))
    return redirect("console:daily_close")


def _line(run: Closed, names: Mapping[str, str]) -> RunLine:
    counts = run.counts
    return RunLine(
        run=run,
        started_by=names.get(run.started_by, run.started_by),
        took=run.finished_at - run.started_at if run.finished_at else None,
        charged=counts.get("charged", 0),
        charged_minor=_amounts(counts.get("charged_minor", {})),
        taken_back=counts.get("taken_back", 0),
        taken_back_minor=_amounts(counts.get("taken_back_minor", {})),
        judged=counts.get("judged", 0),
        failed=counts.get("failed", 0),
        skipped=tuple(sorted(counts.get("skipped", {}).items(), key=lambda one: -one[1])),
        steps=tuple(counts.get("steps", {}).items()),
    )


def _amounts(minor: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((currency, amount) for currency, amount in sorted(minor.items()) if amount)


def _tables(rows: Iterable[AgeingRow]) -> tuple[AgeingTable, ...]:
    return tuple(
        AgeingTable(currency=currency, rows=_with_bars(list(of_currency)))
        for currency, of_currency in groupby(rows, key=lambda row: row.currency)
    )


def _with_bars(rows: list[AgeingRow]) -> tuple[tuple[AgeingRow, int], ...]:
    most = max((row.outstanding_minor for row in rows), default=0) or 1
    return tuple((row, row.outstanding_minor * BAR_WIDTH // most) for row in rows)
