"""The desk: plans by days past due, promises of today and broken ones, and the next step of each."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.hardship.credit_export import export_marks, waiting_for_export
from fenqi.usecases.hardship.desk import BUCKETS, Order, Pile, desk_rows, pile_sums
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_NUMBER = 4


@require_safe
@staff_page(Permission.SEE_COLLECTIONS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names customers, so looking at it is written down."""
    now = clock.now()
    today = clock.business_date(now)
    pile, order, page = Pile.of(request.GET.get("pile")), Order.of(request.GET.get("sort")), _page(request)
    rows, has_more = desk_rows(staff, pile, order, page=page, today=today)
    sums = pile_sums(staff, today=today)
    audit.record(staff.actor, audit.Action.COLLECTIONS_SEEN, details={"pile": pile.value}, now=now)
    context = {
        "place": "collections",
        "pile": pile,
        "order": order,
        "page": page,
        "next_page": page + 1 if has_more else None,
        "rows": rows,
        "buckets": [one for one in sums if one.pile in BUCKETS],
        "piles": [one for one in sums if one.pile not in BUCKETS],
        "late": next(one for one in sums if one.pile is Pile.ALL),
        "to_export": waiting_for_export() if staff.may(Permission.EXPORT_CREDIT_MARKS) else 0,
    }
    return render_page(request, "hardship/desk.html", context)


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


def _page(request: HttpRequest) -> int:
    typed = request.GET.get("page", "1")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < LONGEST_NUMBER else 1
