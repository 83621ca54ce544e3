"""The desk: every open case, the clock that ends first on top (R040, R042)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.after_sales.clocks import ShownClock, clocks_of
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, list_page, read_listing, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.desk import DeskRow, Pile, desk, desk_state
from fenqi.usecases.staff.permissions import Permission, Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case with its clocks."""

    row: DeskRow
    clocks: tuple[ShownClock, ...]

    @property
    def first_to_end(self) -> tuple[ShownClock, ...]:
        """The one that binds, else the first."""
        return tuple(one for one in self.clocks if one.binds) or self.clocks[:1]


COLUMNS: Final[Sequence[Column[Line]]] = (
    Column(key="case", title=_("Case"), value=lambda line: line.row.case.case_no),
    Column(
        key="customer",
        title=_("Customer"),
        value=lambda line: line.row.customer.name_masked or line.row.customer.ref,
    ),
    Column(key="ref", title=_("Customer number"), value=lambda line: line.row.customer.ref, is_shown=False),
    Column(key="goods", title=_("Goods"), value=lambda line: line.row.case.title),
    worded("wish", _("Wish"), words.CASE_KINDS, lambda line: line.row.case.told_kind),
    worded("reason", _("Reason"), words.CASE_REASONS, lambda line: line.row.case.reason, is_shown=False),
    amount("amount", _("Amount"), lambda line: line.row.case.value_minor, lambda line: line.row.case.currency),
    Column(
        key="ends",
        title=_("Clocks"),
        value=lambda line: min((one.on for one in line.clocks), default=None),
        kind=Kind.DAY,
    ),
    worded("state", _("Now"), words.CASE_STATES, lambda line: line.row.case.state),
    Column(
        key="agent", title=_("Agent"), value=lambda line: line.row.case.agent_name, is_shown=False, has_choices=True
    ),
)


@require_safe
@staff_page(Permission.SEE_CASES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names customers, so looking at it is written down."""
    now = clock.now()
    pile = Pile.of(request.GET.get("pile"))
    rows, is_cut = desk(staff, pile, limit=MOST_READ, now=now)
    state = desk_state(staff, now=now)
    audit.record(staff.actor, audit.Action.CASES_SEEN, details={"pile": pile.value}, now=now)
    listing = read_listing(
        request,
        name="after-sales",
        columns=COLUMNS,
        rows=lines_of(rows, now=now),
        kept={"pile": pile.value},
        is_cut=is_cut,
    )
    context = {
        "place": "after_sales",
        "pile": pile,
        "piles": [(one, state.counts[one]) for one in Pile],
        "state": state,
        "now": now,
    }
    return list_page(request, staff, "after_sales/desk.html", listing, context)


def lines_of(rows: Iterable[DeskRow], *, now: datetime) -> list[Line]:
    return [Line(row=row, clocks=clocks_of(row.case.state, row.case.deadlines, now=now)) for row in rows]
