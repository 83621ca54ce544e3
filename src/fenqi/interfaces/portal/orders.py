"""My orders, and one order with its plan (R009-R018)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales import choices
from fenqi.interfaces.portal.aftersales.words import case_rows
from fenqi.interfaces.portal.auto_debit import card_of
from fenqi.interfaces.portal.entries import order_entry_context
from fenqi.interfaces.portal.lenders import lender_context
from fenqi.interfaces.portal.moves import move_context
from fenqi.interfaces.portal.order_policy import order_policy
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.plan_page import plan_page
from fenqi.interfaces.portal.price_drops import offers_for
from fenqi.interfaces.portal.rail import installment_name, pill_of, rail_rows
from fenqi.interfaces.portal.reserve import rows_of
from fenqi.interfaces.portal.schedule import SOON_DAYS
from fenqi.interfaces.portal.waiting import not_counted
from fenqi.usecases import clock
from fenqi.usecases.aftersales.eligibility import return_options
from fenqi.usecases.aftersales.queries import cases_of
from fenqi.usecases.orders import queries
from fenqi.usecases.orders.queries import Which
from fenqi.usecases.refunds.queries import list_refunds
from fenqi.usecases.reserves.queries import reserves_of

ORDERS_A_PAGE = 20


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """All purchases, newest first, or only those with a running or a settled plan."""
    which = _which(request.GET.get("show"))
    page = queries.list_orders(customer_id, which=which, after=request.GET.get("after"), limit=ORDERS_A_PAGE)
    context = {
        "tab": "orders",
        "which": which,
        "filters": (("all", _("All")), ("running", _("Paying in installments")), ("settled", _("Paid off"))),
        "orders": page.items,
        "next_cursor": page.next_cursor,
        "is_first_page": "after" not in request.GET,
    }
    return render_page(request, "orders.html", context)


def _which(asked: str | None) -> Which:
    match asked:
        case "running" | "settled":
            return asked
    return "all"


@require_safe
@customer_page
def detail(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """The order, and first of all what is still to be paid for it."""
    today = reader().today
    order = queries.order_detail(customer_id, order_id, today=today)
    options = return_options(customer_id, order_id, now=clock.now())
    cases = case_rows(cases_of(customer_id, order_id))
    context: dict[str, object] = {
        "order": order,
        "refunds": list_refunds(customer_id, order_id=order_id),
        "reserves": rows_of(reserves_of(customer_id, order_id=order_id, now=clock.now())),
        "price_offers": offers_for(customer_id, order_id),
        "after_sales": choices.order_action(options),
        "can_return": choices.can_apply(options),
        "order_policy": order_policy(options, has_plan=order.plan is not None),
        "cases": cases,
        "paused_by": next((row.case for row in cases if row.case.closed_at is None), None),
    }
    if order.plan is not None:
        plan = plan_page(order.plan, today=today, payments=order.repayments)
        context |= {
            "plan": plan,
            **lender_context(customer_id, plan.view.plan_id, order.plan.provider),
            **order_entry_context(customer_id, plan.view.plan_id, now=clock.now()),
            **move_context(customer_id, plan.view.plan_id),
            "auto_debit": card_of(customer_id, plan.view.plan_id),
            "rail": rail_rows(plan.installments, reader(plan.currency)),
            "next_name": installment_name(plan.next.number) if plan.next else "",
            "not_counted": not_counted(order.plan.no_fault, plan.next.row.due_on, reader()) if plan.next else (),
            "offers_help": plan.next is not None and plan.next.days_left <= SOON_DAYS,
            "next_pill": pill_of(plan.next) if plan.next else None,
        }
    return render_page(request, "order.html", context)
