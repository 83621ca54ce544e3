"""Who looked at whom, and who did what."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff


@require_safe
@staff_page(Permission.SEE_AUDIT)
def of_customer(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    """The acts that concern one customer; this look is one of them."""
    customer = customer_view(customer_id)
    audit.record(staff.actor, audit.Action.AUDIT_SEEN, customer_id=customer_id, now=clock.now())
    acts = audit.list_acts(customer_id, after=request.GET.get("after"))
    return render_page(request, "audit.html", {"place": "customer", "customer": customer, "acts": acts})


@require_safe
@staff_page(Permission.SEE_AUDIT)
def of_house(request: HttpRequest, _staff: Staff) -> HttpResponse:
    """The acts that concern no one customer: sign-ins, searches, new staff."""
    acts = audit.list_acts(after=request.GET.get("after"))
    return render_page(request, "audit.html", {"place": "audit", "acts": acts})
