"""Who looked at whom, and who did what."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import (
    MOST_READ,
    Column,
    Kind,
    Listing,
    list_page,
    lists_page,
    read_listing,
    read_period,
    worded,
)
from fenqi.records.identifiers import HOUSE_ID
from fenqi.usecases import audit, clock
from fenqi.usecases.audit import AuditView
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff

USUAL_DAYS: Final = 30

ACTS: Final[Sequence[Column[AuditView]]] = (
    Column(key="at", title=_("When"), value=lambda act: act.at, kind=Kind.MOMENT),
    Column(key="who", title=_("Who"), value=lambda act: act.actor_name, has_choices=True),
    worded("what", _("What"), words.ACTS, lambda act: act.action),
    Column(key="reason", title=_("Reason"), value=lambda act: act.reason),
    Column(key="about", title=_("About"), value=lambda act: act.subject),
)


@require_safe
@staff_page(Permission.SEE_AUDIT)
def of_customer(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    """The acts that concern one customer; this look is one of them."""
    customer = customer_view(customer_id)
    audit.record(staff.actor, audit.Action.AUDIT_SEEN, customer_id=customer_id, now=clock.now())
    listing = _listing(request, customer_id)
    context = {"place": "customer", "customer": customer}
    return lists_page(request, staff, "audit.html", {"listing": listing}, context, customer_id=customer_id)


@require_safe
@staff_page(Permission.SEE_AUDIT)
def of_house(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The acts that concern no one customer: sign-ins, searches, new staff."""
    return list_page(request, staff, "audit.html", _listing(request, HOUSE_ID), {"place": "audit"})


def _listing(request: HttpRequest, owner_id: UUID) -> Listing[AuditView]:
    period = read_period(request, today=clock.business_date(clock.now()), days=USUAL_DAYS)
    between = (
        clock.end_of_business_day(period.from_on - timedelta(days=1)),
        clock.end_of_business_day(period.to_on),
    )
    acts, is_cut = audit.list_acts(owner_id, between=between, limit=MOST_READ)
    return read_listing(
        request,
        name="audit",
        columns=ACTS,
        rows=acts,
        is_cut=is_cut,
        period=period,
    )
