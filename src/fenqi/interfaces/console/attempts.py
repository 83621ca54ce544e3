"""Ask a payment channel at once what became of an attempt."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.words import ATTEMPT_STATES
from fenqi.usecases import audit, clock
from fenqi.usecases.repayment.resolve import ask_channel
from fenqi.usecases.staff.permissions import Permission, Staff


@require_POST
@staff_page(Permission.ASK_CHANNEL)
def ask(request: HttpRequest, staff: Staff, customer_id: UUID, attempt_id: UUID) -> HttpResponse:
    """Written down before the question leaves, so that it is kept whatever the answer."""
    now = clock.now()
    audit.record(
        staff.actor,
        audit.Action.CHANNEL_ASKED,
        customer_id=customer_id,
        subject=f"attempt:{attempt_id}",
        now=now,
    )
    state = ask_channel(customer_id, attempt_id, now=now)
    messages.info(
        request, _("The channel was asked. The payment is now: %(state)s.") % {"state": ATTEMPT_STATES[state]}
    )
    return redirect("console:customer", customer_id)
