"""One customer on one page: what blocks, what happened, plans, payments, books, raw events. Every look is audited."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.actions import Situation, actions_for
from fenqi.interfaces.console.customer_lists import Shown, read_customer_lists
from fenqi.interfaces.console.lists import lists_page
from fenqi.interfaces.console.schedule_table import schedule_rows
from fenqi.interfaces.console.search import remember
from fenqi.interfaces.console.timeline import Besides, Show, moments_of
from fenqi.interfaces.portal.plan_page import plan_page
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared.formats import language_of
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.queries import cases_of
from fenqi.usecases.agreements.queries import agreements_of
from fenqi.usecases.entries.history import closings_touching
from fenqi.usecases.hardship.history import help_history
from fenqi.usecases.notices.history import notice_history
from fenqi.usecases.paging import newest
from fenqi.usecases.partners.holders import holdings
from fenqi.usecases.partners.providers import MALL, is_repaid_elsewhere, list_providers
from fenqi.usecases.refunds.queries import list_refunds
from fenqi.usecases.reserves.queries import reserves_of
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.callbacks import calls_of
from fenqi.usecases.support.customer_file import MOST_ROWS, CustomerFile, read_customer_file
from fenqi.usecases.support.talks import OpenTicket, talks_of

SHORTEST_REASON = 4
LONGEST_REASON = 200


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    return _page(request, staff, customer_id)


@require_http_methods(["GET", "POST"])
@staff_page(Permission.REVEAL_PERSONAL_DATA)
def reveal(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    """Name and phone in the clear, in this one answer, against a reason that is kept."""
    if request.method == "GET":  # a list on the page that showed them was narrowed, or somebody came back
        address = reverse("console:customer", args=[customer_id])
        return redirect(f"{address}?{request.GET.urlencode()}" if request.GET else address)
    reason = " ".join(request.POST.get("reason", "").split())[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        return _page(request, staff, customer_id, reason_missing=True, status=422)
    return _page(request, staff, customer_id, reason=reason)


def _page(
    request: HttpRequest,
    staff: Staff,
    customer_id: UUID,
    *,
    reason: str = "",
    reason_missing: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    with_books = staff.may(Permission.SEE_JOURNAL)
    file = read_customer_file(
        customer_id, plan_id=_plan_asked_for(request), today=clock.business_date(now), with_books=with_books
    )
    audit.record(
        staff.actor,
        audit.Action.PERSONAL_DATA_REVEALED if reason else audit.Action.CUSTOMER_SEEN,
        customer_id=customer_id,
        reason=reason,
        details={"journal": with_books},
        now=now,
    )
    remember(request, customer_id)
    shown, told = _context(request, staff, file)
    context = {**told, "is_revealed": bool(reason), "reason_missing": reason_missing}
    listings = read_customer_lists(request, shown, today=clock.business_date(now))
    return lists_page(request, staff, "customer.html", listings, context, customer_id=customer_id, status=status)


def _plan_asked_for(request: HttpRequest) -> UUID | None:
    """Raises NotFound for what is no id."""
    text = request.GET.get("plan")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def _holders(file: CustomerFile, language: str) -> list[tuple[str, datetime | None, datetime | None]]:
    """Who held the plan, from when until when; nothing of a plan that was never moved."""
    assert file.plan is not None
    found = holdings(file.customer.customer_id, file.plan.plan_id)
    if len(found) < 2:  # noqa: PLR2004 - one holder is no history
        return []
    names = {one.code: one.name(language) for one in list_providers()} | {MALL: _("The mall itself")}
    return [(names.get(one.provider, one.provider), one.since, one.until) for one in found]


def _situation(file: CustomerFile, tickets: tuple[OpenTicket, ...]) -> Situation:
    lender_collects = file.plan is not None and is_repaid_elsewhere(file.plan.provider)
    return Situation(file=file, plan=file.plan, lender_collects=lender_collects, tickets=tickets)


def _context(request: HttpRequest, staff: Staff, file: CustomerFile) -> tuple[Shown, dict[str, object]]:
    """The rows of the lists, and whatever else the page shows."""
    today = clock.business_date(clock.now())
    showing = Show.of(request.GET.get("show"))
    plan = plan_page(file.plan, today=today, payments=file.payments) if file.plan else None
    language = language_of(get_language() or "zh-hans")
    reader = Reader(language=language, today=today, currency=plan.currency if plan else "CNY")
    customer_id, now = file.customer.customer_id, clock.now()
    talks = talks_of(customer_id, now=now)
    cases, more_cases = newest(cases_of(customer_id, limit=MOST_ROWS + 1), MOST_ROWS)
    refunds, more_refunds = newest(list_refunds(customer_id, limit=MOST_ROWS + 1), MOST_ROWS)
    reserves, agreements = reserves_of(customer_id, now=now), agreements_of(customer_id, now=now)
    help_given, more_help = help_history(customer_id)
    notices, more_notices = notice_history(customer_id) if staff.may(Permission.SEE_NOTICES) else ((), False)
    besides = Besides(
        cases=cases,
        refunds=refunds,
        reserves=reserves,
        talks=talks.moments,
        help=help_given,
        notices=notices,
        closings=closings_touching(customer_id) if staff.may(Permission.SEE_ENTRIES) else (),
    )
    story = moments_of(file, reader, show=showing, besides=besides)
    are_cut = {
        "orders": "orders" in file.left_out,
        "plans": "orders" in file.left_out,
        "payments": bool(file.left_out & {"payments", "notifications"}),
        "after-sales": more_cases,
        "refunds": more_refunds,
        "journal": file.books is not None and file.books.left_out > 0,
        "story": any((file.left_out, more_cases, more_refunds, more_help, more_notices, talks.is_cut)),
    }
    shown = Shown(
        file=file,
        story=story,
        agreements=agreements,
        refunds=refunds,
        reserves=reserves,
        cases=cases if staff.may(Permission.SEE_CASES) else (),
        left_out=frozenset(part for part, is_cut in are_cut.items() if is_cut),
    )
    calls = [call for call in calls_of(customer_id) if call.is_planned]
    return shown, {
        "place": "customer",
        "file": file,
        "customer": file.customer,
        "plan": plan,
        "rows": schedule_rows(plan.installments, reader) if plan else (),
        "holders": _holders(file, language) if file.plan else (),
        "agreements": agreements,
        "refunds": refunds,
        "reserves": reserves,
        "cases": cases,
        "tickets": talks.open,
        "calls": calls,
        "actions": actions_for(staff, _situation(file, talks.open)),
        "moments": story,
        "showing": showing,
        "shows": tuple(Show),
    }
