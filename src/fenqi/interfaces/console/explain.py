"""For staff, the same pages that the customer has: who has the money, and why an amount is what it is."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.shared.explaining import explained
from fenqi.interfaces.shared.formats import language_of
from fenqi.interfaces.shared.money_words import map_told
from fenqi.usecases import audit, clock
from fenqi.usecases.explaining.queries import explain_installment
from fenqi.usecases.money_map.queries import money_map
from fenqi.usecases.staff.permissions import Permission, Staff


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def money(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> HttpResponse:
    found = money_map(customer_id, order_id)
    _looked_at(staff, customer_id)
    told = map_told(found, lender=lender_name(found.owed_to.name), is_staff=True)
    context = {"place": "customer", "map": told, "order_no": found.order_no, "customer_id": customer_id}
    return render_page(request, "money.html", context)


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def installment(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID, n: int) -> HttpResponse:
    told = explain_installment(customer_id, plan_id, n)
    _looked_at(staff, customer_id)
    rows = told.terms.installments + bool(told.terms.down_payment_amount)
    page = explained(told, language=language_of(get_language() or "zh-hans"), today=clock.business_date(clock.now()))
    context = {
        "place": "customer",
        "told": told,
        "page": page,
        "customer_id": customer_id,
        "numbers": range(1, rows + 1),
        "lines": [one.booked for one in page.sentences if one.booked] if staff.may(Permission.SEE_JOURNAL) else (),
    }
    return render_page(request, "explain.html", context)


def _looked_at(staff: Staff, customer_id: UUID) -> None:
    audit.record(staff.actor, audit.Action.CUSTOMER_SEEN, customer_id=customer_id, now=clock.now())
