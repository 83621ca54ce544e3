"""Who has my money, and why an amount is what it is."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.shared.explaining import explained
from fenqi.interfaces.shared.money_words import map_told
from fenqi.usecases.explaining.queries import explain_installment
from fenqi.usecases.money_map.queries import money_map


@require_safe
@customer_page
def money(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Who has the money of an order: amounts that sum to zero."""
    found = money_map(customer_id, order_id)
    told = map_told(found, lender=lender_name(found.owed_to.name))
    context = {"order_id": order_id, "order_no": found.order_no, "map": told}
    return render_page(request, "money.html", context)


@require_safe
@customer_page
def installment(request: HttpRequest, customer_id: UUID, plan_id: UUID, n: int) -> HttpResponse:
    """One installment from the terms over every event to the entries in the books."""
    told = explain_installment(customer_id, plan_id, n)
    who = reader(told.terms.currency)
    rows = told.terms.installments + bool(told.terms.down_payment_amount)
    context = {
        "told": told,
        "page": explained(told, language=who.language, today=who.today),
        "earlier": n - 1 if n > 1 else None,
        "later": n + 1 if n < rows else None,
    }
    return render_page(request, "explain.html", context)
