"""The desk: plans by days past due, promises of today and broken ones, and the next step of each."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, list_page, read_listing, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.hardship.credit_export import export_marks, waiting_for_export
from fenqi.usecases.hardship.desk import BUCKETS, DeskRow, Pile, desk_rows, pile_sums
from fenqi.usecases.staff.permissions import Permission, Staff

PLANS: Final[Sequence[Column[DeskRow]]] = (
    Column(key="customer", title=_("Customer"), value=lambda row: row.customer.name_masked or row.customer.ref),
    Column(key="ref", title=_("Customer number"), value=lambda row: row.customer.ref, is_shown=False),
    Column(key="goods", title=_("Goods"), value=lambda row: row.title),
    Column(key="days", title=_("Days past due"), value=lambda row: row.days, kind=Kind.NUMBER),
    amount("overdue", _("Overdue"), lambda row: row.overdue_minor, lambda row: row.currency),
    amount("owed", _("Still owed"), lambda row: row.outstanding_minor, lambda row: row.currency),
    Column(key="promised", title=_("Promise to pay"), value=lambda row: row.promised_by, kind=Kind.DAY),
    worded("step", _("Next step"), words.COLLECTION_STEPS, lambda row: row.next_step),
)


@require_safe
@staff_page(Permission.SEE_COLLECTIONS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names customers, so looking at it is written down."""
    now = clock.now()
    today = clock.business_date(now)
    pile = Pile.of(request.GET.get("pile"))
    rows, is_cut = desk_rows(staff, pile, limit=MOST_READ, today=today)
    sums = pile_sums(staff, today=today)
    audit.record(staff.actor, audit.Action.COLLECTIONS_SEEN, details={"pile": pile.value}, now=now)
    listing = read_listing(request, name="overdue", columns=PLANS, rows=rows, kept={"pile": pile.value}, is_cut=is_cut)
    context = {
        "place": "collections",
        "pile": pile,
        "buckets": [one for one in sums if one.pile in BUCKETS],
        "piles": [one for one in sums if one.pile not in BUCKETS],
        "late": next(one for one in sums if one.pile is Pile.ALL),
        "to_export": waiting_for_export() if staff.may(Permission.EXPORT_CREDIT_MARKS) else 0,
    }
    return list_page(request, staff, "hardship/desk.html", listing, context)


@require_POST
@staff_page(Permission.EXPORT_CREDIT_MARKS)
def export(request: HttpRequest, staff: Staff) -> HttpResponse:  # noqa: ARG001  # as every view
    """The file for the lender that reports."""
    now = clock.now()
    made = export_marks(staff, now=now)
    name = f"credit-marks-{clock.business_date(now).isoformat()}.csv"
    response = HttpResponse(made.text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
