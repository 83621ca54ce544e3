"""Callbacks that were not believed."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, list_page, read_listing, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.refused_callbacks import RefusedCallbackView, list_refused_callbacks

CALLBACKS: Final[Sequence[Column[RefusedCallbackView]]] = (
    Column(key="received", title=_("Received"), value=lambda one: one.received_at, kind=Kind.MOMENT),
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel),
    worded("reason", _("Reason"), words.REFUSALS, lambda one: one.reason),
    Column(key="from", title=_("From"), value=lambda one: one.remote_address),
    Column(key="said", title=_("What it said"), value=lambda one: one.body),
)


@require_safe
@staff_page(Permission.SEE_REFUSED_CALLBACKS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Their bodies may name a payer, so looking at them is written down."""
    audit.record(staff.actor, audit.Action.REFUSED_CALLBACKS_SEEN, now=clock.now())
    rows, is_cut = list_refused_callbacks(limit=MOST_READ)
    listing = read_listing(
        request,
        name="refused-callbacks",
        columns=CALLBACKS,
        rows=rows,
        is_cut=is_cut,
    )
    return list_page(request, staff, "refused.html", listing, {"place": "refused"})
