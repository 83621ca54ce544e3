"""One change of a plan: its preview on the plan as it is, and the word of a second person or of the customer."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.hardship.agree import ConsentGiven, offered, record_consent
from fenqi.usecases.hardship.approve import approve_change, take_back_change
from fenqi.usecases.hardship.rows import change_of
from fenqi.usecases.hardship.simulated import simulated_now
from fenqi.usecases.staff.permissions import NotPermitted, Permission, Staff

Act = Callable[[HttpRequest, Staff, UUID, UUID], str]


@require_safe
@staff_page(Permission.SEE_COLLECTIONS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> HttpResponse:
    return _page(request, staff, customer_id, change_id)


def _page(
    request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    change = change_of(customer_id, change_id)
    simulation = None
    token = ""
    if change.is_open:
        try:
            simulation = simulated_now(customer_id, change_id, now=now)
            token = offered(customer_id, change_id, now=now).token if change.state.value == "offered" else ""
        except (NotFound, NotPermitted):
            raise
        except FenqiError as blocked:
            refusal = refusal or blocked.text(get_language() or "zh-hans")
    names = audit.names_of({change.proposed_by, change.approved_by})
    context = {
        "place": "collections",
        "customer": customer_view(customer_id),
        "change": change,
        "simulation": simulation,
        "token": token,
        "proposed_by": names.get(change.proposed_by, change.proposed_by),
        "approved_by": names.get(change.approved_by, change.approved_by),
        "owed_before": sum(change.before["outstanding"].values()),
        "owed_after": sum(change.after["outstanding"].values()),
        "is_mine": change.proposed_by == staff.actor,
        "ways": [one for one in ConsentGiven if one is not ConsentGiven.PORTAL],
        "refusal": refusal,
    }
    return render_page(request, "hardship/change.html", context, status=status)


def act(permission: Permission) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """A button of the change's page."""

    def decorate(do: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @staff_page(permission)
        @wraps(do)
        def page(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> HttpResponse:
            try:
                told = do(request, staff, customer_id, change_id)
            except (NotFound, NotPermitted):
                raise
            except FenqiError as refusal:
                text = refusal.text(get_language() or "zh-hans")
                return _page(request, staff, customer_id, change_id, refusal=text, status=refusal.status)
            messages.info(request, told)
            return redirect("console:plan_change", customer_id, change_id)

        return page

    return decorate


@act(Permission.APPROVE_PLAN_CHANGES)
def approve(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> str:  # noqa: ARG001  # as every act
    state = approve_change(staff, customer_id, change_id, now=clock.now())
    if state.value == "offered":
        return _("Approved. The customer is asked, and nothing changes before they agree.")
    return _("Approved and done. The customer is told.")


@act(Permission.SEE_COLLECTIONS)
def take_back(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> str:  # noqa: ARG001  # as every act
    take_back_change(staff, customer_id, change_id, now=clock.now())
    return _("Taken back: the plan stays as it is.")


@act(Permission.RESCHEDULE_PLANS)
def consent(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> str:
    how = next((one for one in ConsentGiven if one.value == request.POST.get("how")), None)
    if how is None:
        raise InvalidInput(where="how", problem="say how the customer agreed", problem_zh="请选择客户同意的方式")
    token, note = request.POST.get("token", "")[:2000], request.POST.get("note", "")
    record_consent(staff, customer_id, change_id, token=token, how=how, note=note, now=clock.now())
    return _("The consent is on record, and the new schedule holds.")
