"""Fallen prices as staff see them: what was offered to whom, and a claim filed at a customer's word (R096, R098)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, list_page, read_listing, worded
from fenqi.interfaces.console.pages import render_page
from fenqi.records.models import OfferState
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.price_protection.claim import LONGEST_DESCRIPTION, claim_for
from fenqi.usecases.price_protection.queries import OfferRow, differences_of_order, list_offers
from fenqi.usecases.staff.permissions import Permission, Staff

ALL = "all"
_UNUSED = {"yes": True, "no": False}

OFFERS: Final[Sequence[Column[OfferRow]]] = (
    Column(key="offered_at", title=_lazy("Offered at"), value=lambda row: row.offer.offered_at, kind=Kind.MOMENT),
    Column(key="customer", title=_lazy("Customer"), value=lambda row: row.customer_ref),
    Column(key="order", title=_lazy("Order number"), value=lambda row: row.order_no, is_shown=False),
    Column(key="goods", title=_lazy("Goods"), value=lambda row: row.offer.name),
    amount("paid", _lazy("Paid for one"), lambda row: row.offer.paid_minor, lambda row: row.offer.currency),
    amount("lowest", _lazy("Lowest seen"), lambda row: row.offer.lowest_minor, lambda row: row.offer.currency),
    amount("offered", _lazy("Offered"), lambda row: row.offer.amount_minor, lambda row: row.offer.currency),
    worded("state", _lazy("State"), words.PRICE_OFFERS, lambda row: row.offer.state),
    Column(key="case", title=_lazy("Case"), value=lambda row: row.case_no),
)


@require_safe
@staff_page(Permission.SEE_CASES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Every offer, the newest first; it names customers, so looking at it is written down."""
    which = request.GET.get("which", ALL)
    which = which if which in OfferState.values else ALL
    rows, is_cut = list_offers(which=which, limit=MOST_READ)
    audit.record(staff.actor, audit.Action.CASES_SEEN, subject="price_offers", now=clock.now())
    listing = read_listing(
        request,
        name="price-drops",
        columns=OFFERS,
        rows=rows,
        kept={"which": which},
        is_cut=is_cut,
    )
    context = {"place": "price_drops", "which": which, "states": (ALL, *OfferState.values)}
    return list_page(request, staff, "price_drops.html", listing, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.APPLY_FOR_CUSTOMERS)
def of_order(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Prices of an order's lines, and a form to claim at the customer's word. Raises NotFound."""
    refusal = ""
    if request.method == "POST":
        try:
            case_id = _claimed(request, staff, customer_id, order_id)
        except NotFound:
            raise
        except FenqiError as refused:
            refusal = refused.text(get_language() or "zh-hans")
        else:
            messages.info(request, _("The claim is filed. It waits for review."))
            return redirect("console:after_sales_case", customer_id, case_id)
    context = {
        "place": "price_drops",
        "customer": customer_view(customer_id),
        "found": differences_of_order(customer_id, order_id, now=clock.now()),
        "refusal": refusal,
        "most": LONGEST_DESCRIPTION,
    }
    return render_page(request, "price_drops_of_order.html", context, status=422 if refusal else 200)


def _claimed(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> UUID:
    now = clock.now()
    line_no = request.POST.get("line_no", "")
    if not (line_no.isascii() and line_no.isdigit() and len(line_no) < 6):  # noqa: PLR2004 - no order has more lines
        raise NotFound
    case_id = claim_for(
        staff,
        customer_id,
        order_id,
        int(line_no),
        unused=_UNUSED.get(request.POST.get("unused", "")),
        description=request.POST.get("description", ""),
        now=now,
    )
    audit.record(
        staff.actor, audit.Action.CASE_APPLIED_FOR, customer_id=customer_id, subject=f"case:{case_id}", now=now
    )
    return case_id
