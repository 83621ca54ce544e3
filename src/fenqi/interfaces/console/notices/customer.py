"""What one customer was told: when, by which way, what came of it, and why not."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from fenqi.domain.notices import Pace
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, lists_page, read_listing, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.notices.queries import NoticeFile, notices_of
from fenqi.usecases.staff.permissions import Permission, Staff

TOLD: Final = "told"


def _text(one: NoticeFile) -> str:
    """Of one that was not told only which it is."""
    return one.text if one.state == TOLD else one.message


def _ways(one: NoticeFile) -> str:
    return _joined(
        f"{words.SERVICES.get(way.provider, way.provider)} {words.DELIVERY_STATES.get(way.state, way.state)}"
        for way in one.deliveries
    )


def _codes(one: NoticeFile) -> str:
    return _joined(way.code for way in one.deliveries if way.code and way.code != "OK")


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


NOTICES: Final[Sequence[Column[NoticeFile]]] = (
    Column(key="at", title=_lazy("At"), value=lambda one: one.due_at, kind=Kind.MOMENT),
    Column(key="what", title=_lazy("What was told"), value=lambda one: one.title),
    worded("state", _lazy("State"), words.NOTICE_STATES, lambda one: one.state),
    Column(key="ways", title=_lazy("Ways"), value=_ways),
    worded("why", _lazy("Why not"), words.NOTICE_REASONS, lambda one: one.reason, is_shown=False),
    Column(key="text", title=_lazy("Text"), value=_text, is_shown=False),
    Column(key="code", title=_lazy("The service's code"), value=_codes, is_shown=False),
)


@require_safe
@staff_page(Permission.SEE_NOTICES)
def show(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    customer = customer_view(customer_id)
    audit.record(
        staff.actor, audit.Action.CUSTOMER_SEEN, customer_id=customer_id, details={"page": "notices"}, now=clock.now()
    )
    told = notices_of(customer_id, limit=MOST_READ)
    names = {
        Pace.ALL: _("all reminders"),
        Pace.FEWER: _("fewer reminders"),
        Pace.INBOX: _("reminders in the inbox only"),
    }
    listing = read_listing(request, name="notices", columns=NOTICES, rows=told.notices, is_cut=told.is_cut)
    context = {"place": "customer", "customer": customer, "told": told, "pace": names[Pace(told.wishes.pace)]}
    return lists_page(request, staff, "notices/customer.html", {"listing": listing}, context, customer_id=customer_id)
