"""Callbacks that were not believed."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.refused_callbacks import list_refused_callbacks


@require_safe
@staff_page(Permission.SEE_REFUSED_CALLBACKS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Their bodies may name a payer, so looking at them is written down."""
    audit.record(staff.actor, audit.Action.REFUSED_CALLBACKS_SEEN, now=clock.now())
    page = list_refused_callbacks(after=request.GET.get("after"))
    return render_page(request, "refused.html", {"place": "refused", "callbacks": page})
