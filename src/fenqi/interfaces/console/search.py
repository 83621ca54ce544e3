"""Find a customer by any number at hand."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from fenqi.domain.errors import NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.queries import find_case_by_number
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.desk import find_ticket
from fenqi.usecases.support.search import search_customers
from fenqi.usecases.views import CustomerView

RECENT = "console_recent_customers"
MOST_RECENT = 5
LONGEST_NUMBER = 32


@require_http_methods(["GET", "POST"])
@staff_page(Permission.SEE_CUSTOMERS)
def find(request: HttpRequest, staff: Staff) -> HttpResponse:
    """One hit leads to the customer, the number of a case to the case, that of a ticket to the ticket.

    Asked by POST: a phone number has no place in an address, which is logged.
    """
    text = request.POST.get("q", "").strip()
    if not text:
        return redirect("console:home")
    hits = search_customers(text)
    audit.record(staff.actor, audit.Action.CUSTOMER_SEARCHED, details={"hits": len(hits)}, now=clock.now())
    if not hits and (case := _case(staff, text)) is not None:
        return redirect("console:after_sales_case", *case)
    if not hits and staff.may(Permission.ANSWER_CUSTOMERS) and (ticket := find_ticket(text)) is not None:
        return redirect("console:support_thread", *ticket)
    if len(hits) == 1:
        return redirect("console:customer", hits[0].customer.customer_id)
    return render_page(request, "results.html", {"place": "home", "hits": hits, "text": text})


def _case(staff: Staff, number: str) -> tuple[UUID, UUID] | None:
    """The customer and the case of a case number, for those who may see cases."""
    if not staff.may(Permission.SEE_CASES):
        return None
    try:
        return find_case_by_number("".join(letter for letter in number if letter.isalnum()).upper()[:LONGEST_NUMBER])
    except NotFound:
        return None


def remember(request: HttpRequest, customer_id: UUID) -> None:
    """Keep whom this session looked at last, newest first."""
    earlier = [kept for kept in request.session.get(RECENT, []) if kept != str(customer_id)]
    request.session[RECENT] = [str(customer_id), *earlier][:MOST_RECENT]


def recent_customers(request: HttpRequest) -> list[CustomerView]:
    return [customer_view(UUID(kept)) for kept in request.session.get(RECENT, [])]
