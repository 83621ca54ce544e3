"""All my after-sales, newest first, those that wait for me before all."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales.words import case_rows
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases.aftersales.queries import cases_of


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    cases = cases_of(customer_id)
    context = {
        "rows": case_rows(cases),
        "waiting": sum(case.customer_must_act for case in cases),
        "open_count": sum(case.closed_at is None for case in cases),
    }
    return render_page(request, "aftersales/list.html", context)
