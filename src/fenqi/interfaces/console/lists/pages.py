"""A page with one list: shown, or handed out as a sheet, which is written down."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from fenqi.interfaces.console.lists.columns import Row
from fenqi.interfaces.console.lists.listing import Listing
from fenqi.interfaces.console.lists.sheets import sheet_answer
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import Staff


def list_page(
    request: HttpRequest, staff: Staff, template: str, listing: Listing[Row], context: Mapping[str, Any]
) -> HttpResponse:
    """The page, with `listing` in its context; with `?sheet=csv` or `xlsx` the file."""
    if not listing.asked.sheet:
        return render_page(request, template, {"listing": listing, **context})
    details = {"list": listing.name, "rows": len(listing.matching), "format": listing.asked.sheet}
    audit.record(staff.actor, audit.Action.LIST_TAKEN_ALONG, details=details, now=clock.now())
    return sheet_answer(listing)
