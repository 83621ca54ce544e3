"""The notices of a day: sent, waiting, held and why, failed, and how the services do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, list_page, read_listing, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.notices.queries import MOST_SHOWN, Trouble, WayNotSetUp, notice_day
from fenqi.usecases.notices.templates import title_of
from fenqi.usecases.staff.permissions import Permission, Staff

TROUBLES: Final[Sequence[Column[Trouble]]] = (
    Column(key="customer", title=_("Customer"), value=lambda one: one.customer_ref),
    Column(key="message", title=_("Message"), value=lambda one: one.message, has_choices=True),
    worded("service", _("Service"), words.SERVICES, lambda one: one.delivery.provider),
    worded("state", _("State"), words.DELIVERY_STATES, lambda one: one.delivery.state),
    Column(key="code", title=_("Code given"), value=lambda one: one.delivery.code),
    Column(key="at", title=_("At"), value=lambda one: one.delivery.sent_at, kind=Kind.MOMENT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSetUp:
    """A way that has no service: what is missing, and what that means until it is there."""

    title: str
    why: str
    therefore: str
    tone: str
    icon: str


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
        "not_set_up": [_warning(one) for one in seen.not_set_up],
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "messages_of_day": [
            (message, title_of(message, "zh"), title_of(message, "en"), n) for message, n in seen.by_message
        ],
    }
    listing = read_listing(
        request,
        name="notices-in-trouble",
        columns=TROUBLES,
        rows=seen.troubles,
        kept={"day": day.isoformat()},
        most=MOST_SHOWN,
    )
    return list_page(request, staff, "notices/day.html", listing, context)


def _day(text: str, *, now: datetime) -> date:
    """The day asked for; today for what is none."""
    today = clock.business_date(now)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) <= 366 * 5 else today


def _warning(one: WayNotSetUp) -> NotSetUp:
    """Without text messages nobody can sign in; e-mail is a matter of choice."""
    why = one.problem.text(get_language() or "zh-hans") if one.problem else ""
    if one.way == "sms":
        return NotSetUp(
            title=gettext("Text messages are not set up."),
            why=why,
            therefore=gettext("Until they are, codes are not sent, so no customer can sign in, and nobody is texted."),
            tone="overdue",
            icon="circle-alert",
        )
    return NotSetUp(
        title=gettext("E-mail is not set up."),
        why=why or gettext("The environment variable FENQI_EMAIL_FROM names no sender."),
        therefore=gettext("Notices are not sent by e-mail."),
        tone="overdue" if one.problem else "neutral",
        icon="circle-alert" if one.problem else "circle-minus",
    )
