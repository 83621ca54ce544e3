"""How failed repayments are put right: by cause, and how many without an agent (R181)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, list_page, read_listing, read_period
from fenqi.usecases import clock
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.recovery_measure import Measured, measure_recovery

PERIODS: Final = (7, 30, 90)
USUAL: Final = 30
BAR_WIDTH: Final = 240
MINUTE: Final = timedelta(minutes=1)
TOLD_IN_HOURS: Final = timedelta(hours=2)
TOLD_IN_DAYS: Final = timedelta(days=2)


CAUSES: Final[Sequence[Column[Measured]]] = (
    Column(key="cause", title=_lazy("Cause"), value=lambda one: str(words.FAILURES.get(one.category, one.category))),
    Column(key="failed", title=_lazy("Failed"), value=lambda one: one.failed, kind=Kind.NUMBER),
    Column(key="solved", title=_lazy("Solved"), value=lambda one: one.solved, kind=Kind.NUMBER),
    Column(key="alone", title=_lazy("Without an agent"), value=lambda one: one.alone, kind=Kind.NUMBER),
    Column(key="share", title=_lazy("Share"), value=lambda one: one.share_alone, kind=Kind.NUMBER, unit="%"),
    Column(
        key="median",
        title=_lazy("Half took at most"),
        value=lambda one: None if one.median is None else round(one.median / MINUTE),
        kind=Kind.NUMBER,
        unit=_lazy("minutes"),
    ),
)


@require_safe
@staff_page(Permission.SEE_RECOVERY)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Any period, or the last days, today included."""
    days = _days(request.GET.get("days", ""))
    today = clock.business_date(clock.now())
    period = read_period(request, today=today, days=days)
    found = measure_recovery(period.from_on, period.to_on)
    listing = read_listing(request, name="failed-repayments", columns=CAUSES, rows=found.by_cause, period=period)
    length = (period.to_on - period.from_on).days + 1
    context = {
        "place": "recovery",
        "days": length if period.to_on == today else 0,
        "periods": PERIODS,
        "measure": found,
        "rows": [_row(one, most=max(cause.failed for cause in found.by_cause)) for one in listing.rows],
        "total": _row(found.total, most=max(1, found.total.failed)),
        "bar_width": BAR_WIDTH,
    }
    return list_page(request, staff, "recovery.html", listing, context)


def _days(asked: str) -> int:
    return next((days for days in PERIODS if str(days) == asked), USUAL)


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
        minutes = round(length / MINUTE)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if length < TOLD_IN_DAYS:
        return _("%(n)s hours") % {"n": round(length / timedelta(hours=1))}
    return _("%(n)s days") % {"n": round(length / timedelta(days=1))}
