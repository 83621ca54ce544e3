"""What one customer was told: when, by which way, what came of it, and why not."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.domain.notices import Pace
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.notices.queries import notices_of
from fenqi.usecases.staff.permissions import Permission, Staff


@require_safe
@staff_page(Permission.SEE_NOTICES)
def show(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    customer = customer_view(customer_id)
    audit.record(
        staff.actor, audit.Action.CUSTOMER_SEEN, customer_id=customer_id, details={"page": "notices"}, now=clock.now()
    )
    told = notices_of(customer_id)
    names = {
        Pace.ALL: _("all reminders"),
        Pace.FEWER: _("fewer reminders"),
        Pace.INBOX: _("reminders in the inbox only"),
    }
    context = {"place": "customer", "customer": customer, "told": told, "pace": names[Pace(told.wishes.pace)]}
    return render_page(request, "notices/customer.html", context)
