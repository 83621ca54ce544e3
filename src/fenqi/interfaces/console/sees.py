"""What the customer sees right now: the portal's own pages, drawn for them and shown read only to staff."""

from collections.abc import Callable, Mapping
from inspect import unwrap
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.portal import bills, inbox, orders, support
from fenqi.interfaces.portal.aftersales import case, listing
from fenqi.interfaces.shared.read_only import main_part
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff

View = Callable[..., HttpResponseBase]

PAGES: Final[Mapping[str, tuple[View, str]]] = {
    "bills": (bills.overview, ""),
    "orders": (orders.overview, ""),
    "order": (orders.detail, "order_id"),
    "after_sales": (listing.overview, ""),
    "case": (case.show, "case_id"),
    "inbox": (inbox.overview, ""),
    "support": (support.overview, ""),
}
"""Pages that change nothing when they are looked at, and what each is told besides whose it is."""


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    customer = customer_view(customer_id)
    name = request.GET.get("page", "bills")
    if name not in PAGES:
        raise NotFound
    view, asks_for = PAGES[name]
    told = {asks_for: _id(request.GET.get("id", ""))} if asks_for else {}
    audit.record(
        staff.actor, audit.Action.CUSTOMERS_VIEW_SEEN, customer_id=customer_id, details={"page": name}, now=clock.now()
    )
    context = {
        "place": "customer",
        "customer": customer,
        "page": name,
        "pages": [one for one, (_view, asks) in PAGES.items() if not asks],
        "seen": mark_safe(_drawn(request, view, customer_id, told)),  # noqa: S308  # drawn by our own templates
    }
    return render_page(request, "sees.html", context)


def _drawn(request: HttpRequest, view: View, customer_id: UUID, told: Mapping[str, Any]) -> str:
    """The page as its customer is shown it. The portal's views take whose page it is as an argument."""
    inner: Callable[..., HttpResponse] = unwrap(view)  # beneath the method and the sign-in
    return main_part(inner(request, customer_id, **told).content.decode())


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
