"""How failed repayments are put right: by cause, and how many without an agent (R181)."""

from datetime import date, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.recovery_measure import Measured, measure_recovery

PERIODS: Final = (7, 30, 90)
USUAL: Final = 30
BAR_WIDTH: Final = 240
TOLD_IN_HOURS: Final = timedelta(hours=2)
TOLD_IN_DAYS: Final = timedelta(days=2)


@require_safe
@staff_page(Permission.SEE_RECOVERY)
def overview(request: HttpRequest, _staff: Staff) -> HttpResponse:
    """The last days, today included."""
    days = _days(request.GET.get("days", ""))
    today = clock.business_date(clock.now())
    found = measure_recovery(_first_day(today, days), today)
    context = {
        "place": "recovery",
        "days": days,
        "periods": PERIODS,
        "measure": found,
        "rows": [_row(one, most=max(cause.failed for cause in found.by_cause)) for one in found.by_cause],
        "total": _row(found.total, most=max(1, found.total.failed)),
        "bar_width": BAR_WIDTH,
    }
    return render_page(request, "recovery.html", context)


def _days(asked: str) -> int:
    return next((days for days in PERIODS if str(days) == asked), USUAL)


def _first_day(today: date, days: int) -> date:
    return today - timedelta(days=days - 1)


def _row(one: Measured, *, most: int) -> dict[str, object]:
    """A row with its bar: solved alone, solved with an agent, not solved, as widths that add up to what failed."""
    alone, helped = (count * BAR_WIDTH // most for count in (one.alone, one.solved - one.alone))
    return {
        "measured": one,
        "alone": alone,
        "helped": helped,
        "helped_from": alone,
        "open_from": alone + helped,
        "open": one.failed * BAR_WIDTH // most - alone - helped,
        "median": _length(one.median),
    }


def _length(length: timedelta | None) -> str:
    if length is None:
        return "—"
    if length < TOLD_IN_HOURS:
        minutes = round(length / timedelta(minutes=1))
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if length < TOLD_IN_DAYS:
        return _("%(n)s hours") % {"n": round(length / timedelta(hours=1))}
    return _("%(n)s days") % {"n": round(length / timedelta(days=1))}
