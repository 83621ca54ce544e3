"""Auto-debit of a customer as staff see it, and its end by staff, against a reason that is kept."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenqi.interfaces.console.access import staff_page
from fenqi.usecases import clock
from fenqi.usecases.agreements.end import end_agreement
from fenqi.usecases.staff.permissions import Permission, Staff

SHORTEST_REASON = 4
LONGEST_REASON = 200


@require_POST
@staff_page(Permission.END_AGREEMENTS)
def end(request: HttpRequest, staff: Staff, customer_id: UUID, agreement_id: UUID) -> HttpResponse:
    """From now on nothing is debited; the customer is told. Without a reason nothing happens."""
    reason = " ".join(request.POST.get("reason", "").split())[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        messages.warning(request, _("Auto-debit stays on: say in a few words why it is to end."))
    else:
        end_agreement(customer_id, agreement_id, by=staff.actor, reason="by_staff", note=reason, now=clock.now())
        messages.info(request, _("Auto-debit is off. Nothing is debited from now on, and the customer is told."))
    return redirect("console:customer", customer_id)
