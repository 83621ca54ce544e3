"""A page with one list or several: shown, or one of them handed out as a sheet, which is written down."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

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
    return lists_page(request, staff, template, {"listing": listing}, context)


def lists_page(
    request: HttpRequest,
    staff: Staff,
    template: str,
    listings: Mapping[str, Listing[Any]],
    context: Mapping[str, Any],
    *,
    customer_id: UUID | None = None,
    status: int = 200,
) -> HttpResponse:
    """The same with several lists, each by its name in the context; `customer_id`: the one whom all of them concern."""
    taken = next((listing for listing in listings.values() if listing.asked.sheet), None)
    if taken is None:
        return render_page(request, template, {**listings, **context}, status=status)
    details = {"list": taken.name, "rows": len(taken.matching), "format": taken.asked.sheet}
    now = clock.now()
    audit.record(staff.actor, audit.Action.LIST_TAKEN_ALONG, customer_id=customer_id, details=details, now=now)
    return sheet_answer(taken)
