"""All my after-sales, newest first, those that wait for me before all."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales.words import kind_named, state_pill
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases.aftersales.queries import cases_of


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    cases = sorted(cases_of(customer_id), key=lambda case: (not case.customer_must_act, case.closed_at is not None))
    rows = [(case, kind_named(case.kind).name, state_pill(case.state)) for case in cases]
    waiting = sum(case.customer_must_act for case in cases)
    open_count = sum(case.closed_at is None for case in cases)
    context = {"rows": rows, "waiting": waiting, "open_count": open_count}
    return render_page(request, "aftersales/list.html", context)
