"""The notices of a day: sent, waiting, held and why, failed, and how the services do."""

from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.notices.queries import notice_day
from fenqi.usecases.notices.templates import title_of
from fenqi.usecases.staff.permissions import Permission, Staff


@require_safe
@staff_page(Permission.SEE_NOTICES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names customers, so looking at it is written down."""
    now = clock.now()
    day = _day(request.GET.get("day", ""), now=now)
    audit.record(staff.actor, audit.Action.NOTICES_SEEN, subject=f"day:{day}", now=now)
    seen = notice_day(day, now=now)
    context = {
        "place": "notices",
        "seen": seen,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "messages_of_day": [
            (message, title_of(message, "zh"), title_of(message, "en"), n) for message, n in seen.by_message
        ],
    }
    return render_page(request, "notices/day.html", context)


def _day(text: str, *, now: datetime) -> date:
    """The day asked for; today for what is none."""
    today = clock.business_date(now)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) <= 366 * 5 else today
