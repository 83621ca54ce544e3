"""Can't pay in time: pay a part, promise a day, move the date, or talk to us; each with what it costs."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from fenqi.domain.money import Money
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.plan_page import PlanPage, plan_page
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.waiting import not_counted
from fenqi.usecases import clock
from fenqi.usecases.hardship.extension import ExtensionOffer
from fenqi.usecases.hardship.queries import HelpView, help_view
from fenqi.usecases.repayment import queries
from fenqi.usecases.support.service_desk import service_desk


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChoice:
    """A day that may be chosen; `days` from the one it counts from."""

    on: date
    days: int


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    return help_page(request, customer_id, plan_id)


def help_page(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """With what stood in the way of what was just tried, if something did."""
    found = help_view(customer_id, plan_id, now=clock.now())
    plan = plan_of(customer_id, plan_id)
    context = {
        "plan": plan,
        "help": found,
        "next_name": installment_name(plan.next.number) if plan.next else "",
        "due_typed": f"{Money(found.due_minor, plan.currency).as_decimal():f}",
        "promise_days": promise_days(found),
        "extension_days": extension_days(found.extension),
        "no_extension": why_not(found.extension),
        "live_marks": [mark for mark in found.marks if mark.ended_at is None],
        "not_counted": not_counted(plan.view.no_fault, plan.next.row.due_on, reader()) if plan.next else (),
        "desk": service_desk(clock.now()),
        "refusal": refusal,
    }
    return render_page(request, "hardship/help.html", context, status=status)


def plan_of(customer_id: UUID, plan_id: UUID) -> PlanPage:
    today = clock.business_date(clock.now())
    view = queries.plan_view(customer_id, plan_id, today=today)
    return plan_page(view, today=today, payments=queries.list_payments(customer_id, plan_id=plan_id))


def promise_days(found: HelpView) -> tuple[DayChoice, ...]:
    """From tomorrow to the last day of the policy."""
    today = found.found.today
    return tuple(
        DayChoice(on=today + timedelta(days=days), days=days)
        for days in range(1, found.policy.rules.promise_most_days + 1)
    )


def extension_days(offer: ExtensionOffer | None) -> tuple[DayChoice, ...]:
    """Where the next due date may go; the farthest first, since that is what most want."""
    if offer is None or offer.row is None:
        return ()
    row = offer.row
    return tuple(DayChoice(on=row.due_on + timedelta(days=days), days=days) for days in reversed(offer.days))


def why_not(offer: ExtensionOffer | None) -> str:
    """The rule that stands against moving the date, in the reader's language."""
    if offer is None or offer.refusal is None:
        return ""
    return offer.refusal.text(get_language() or "zh-hans")
