"""The desk: every open case, the clock that ends first on top (R040, R042)."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.after_sales.clocks import ShownClock, clocks_of
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.desk import DeskRow, Pile, desk, desk_state
from fenqi.usecases.staff.permissions import Permission, Staff

MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case with its clocks."""

    row: DeskRow
    clocks: tuple[ShownClock, ...]


@require_safe
@staff_page(Permission.SEE_CASES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names customers, so looking at it is written down."""
    now = clock.now()
    pile = Pile.of(request.GET.get("pile"))
    page = desk(staff, pile, after=request.GET.get("after"), limit=MOST_SHOWN, now=now)
    state = desk_state(staff, now=now)
    audit.record(staff.actor, audit.Action.CASES_SEEN, details={"pile": pile.value}, now=now)
    lines = [Line(row=row, clocks=clocks_of(row.case.state, row.case.deadlines, now=now)) for row in page.items]
    context = {
        "place": "after_sales",
        "pile": pile,
        "piles": [(one, state.counts[one]) for one in Pile],
        "state": state,
        "lines": lines,
        "next_cursor": page.next_cursor,
        "now": now,
    }
    return render_page(request, "after_sales/desk.html", context)
