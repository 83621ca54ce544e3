"""A customer's account as staff act on it: a lost phone, dispute files, and what is left of an erased customer."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.customer_lists import ORDERS
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, list_page, lists_page, read_listing
from fenqi.interfaces.portal.files import zip_response
from fenqi.records.identifiers import HOUSE_ID
from fenqi.usecases import audit, clock
from fenqi.usecases.accounts import closing, lost_phone
from fenqi.usecases.customers import customer_view
from fenqi.usecases.orders.queries import list_orders
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.views import CustomerView
from fenqi.usecases.vouchers.for_staff import ask_dispute_file, dispute_files_of, fetch_dispute_file

ROWS_AT_ONCE: Final = 10
MOST_WAITING: Final = 100


class WaitingPhone(NamedTuple):
    """A new number that waits, and whose it is to be."""

    change: lost_phone.PhoneChangeView
    customer: CustomerView


LOST_PHONES: Final[Sequence[Column[WaitingPhone]]] = (
    Column(key="customer", title=_lazy("Customer"), value=lambda one: one.customer.name_masked or one.customer.ref),
    Column(key="phone", title=_lazy("New phone number"), value=lambda one: one.change.phone_masked),
    Column(key="how", title=_lazy("How it was made sure who asks"), value=lambda one: one.change.checked),
    Column(key="bound", title=_lazy("State"), value=lambda one: one.change.takes_effect_at, kind=Kind.MOMENT),
)


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    return _page(request, staff, customer_id)


def _page(
    request: HttpRequest, staff: Staff, customer_id: UUID, *, refusal: FenqiError | None = None, typed: str = ""
) -> HttpResponse:
    if customer_id == HOUSE_ID:
        raise NotFound
    customer = customer_view(customer_id)
    audit.record(staff.actor, audit.Action.CUSTOMER_SEEN, customer_id=customer_id, now=clock.now())
    change = lost_phone.open_change(customer_id)
    context = {
        "place": "customer",
        "customer": customer,
        "files": dispute_files_of(staff, customer_id),
        "change": change,
        "is_mine": change is not None and change.proposed_by == staff.actor,
        "closing": closing.closing_under_way(customer_id),
        "hours": int(lost_phone.WAITING_TIME.total_seconds() // 3600),
        "refusal": refusal.text(get_language() or "zh-hans") if refusal else "",
        "typed": typed,
        "code_sent": "code_sent" in request.GET or bool(typed),
    }
    orders = list_orders(customer_id, limit=MOST_READ)
    listing = read_listing(
        request,
        name="orders",
        columns=ORDERS,
        rows=orders.items,
        is_cut=orders.next_cursor is not None,
        part="orders",
        page=reverse("console:account", args=[customer_id]),
        page_size=ROWS_AT_ONCE,
    )
    may_make = staff.may(Permission.MAKE_DISPUTE_FILES)
    lists = {"listing": listing} if may_make else {}
    status = refusal.status if refusal else 200
    return lists_page(request, staff, "account.html", lists, context, customer_id=customer_id, status=status)


@require_POST
@sensitive_post_parameters("phone", "code")
@staff_page(Permission.PROPOSE_PHONE_CHANGE)
def change_phone(request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    """Two buttons: send a code to the new number, then propose with the code that the customer reads out."""
    phone, now = request.POST.get("phone", "")[:20], clock.now()
    try:
        if "send" in request.POST:
            lost_phone.ask_new_phone(staff, customer_id, phone, now=now)
            messages.info(request, _("A code is on its way to the new number. Ask the customer to read it out."))
            return _page(request, staff, customer_id, typed=phone)
        code, checked = request.POST.get("code", "")[:12], request.POST.get("checked", "")
        lost_phone.propose(staff, customer_id, phone, code=code, checked=checked, now=now)
    except NotFound:
        raise
    except FenqiError as refusal:
        return _page(request, staff, customer_id, refusal=refusal, typed=phone)
    messages.info(request, _("Proposed. A colleague must approve it."))
    return redirect("console:account", customer_id)


@require_POST
@staff_page(Permission.APPROVE_PHONE_CHANGE)
def approve_phone(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> HttpResponse:
    lost_phone.approve(staff, customer_id, change_id, now=clock.now())
    messages.info(request, _("Approved. The old number is told, and the new one is bound after the waiting time."))
    return redirect("console:account", customer_id)


@require_POST
@staff_page(Permission.SEE_CUSTOMERS)
def stop_phone(request: HttpRequest, staff: Staff, customer_id: UUID, change_id: UUID) -> HttpResponse:
    """By whoever may propose or approve one."""
    if not staff.may(Permission.APPROVE_PHONE_CHANGE):
        staff.require(Permission.PROPOSE_PHONE_CHANGE)
    why = " ".join(request.POST.get("why", "").split())
    lost_phone.stop(customer_id, change_id, by=staff.actor, why=why, now=clock.now())
    messages.info(request, _("Stopped. The phone stays as it is."))
    return redirect("console:account", customer_id)


@require_safe
@staff_page(Permission.APPROVE_PHONE_CHANGE)
def phone_changes(request: HttpRequest, staff: Staff) -> HttpResponse:
    changes = lost_phone.changes_to_approve(limit=MOST_WAITING + 1)
    waiting = [WaitingPhone(one, customer_view(one.customer_id)) for one in changes]
    listing = read_listing(request, name="lost-phones", columns=LOST_PHONES, rows=waiting, most=MOST_WAITING)
    return list_page(request, staff, "phone_changes.html", listing, {"place": "phone_changes"})


@require_POST
@staff_page(Permission.MAKE_DISPUTE_FILES)
def ask_file(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """With a reason, which is kept."""
    try:
        ask_dispute_file(
            staff,
            customer_id,
            order_id,
            reason=request.POST.get("reason", ""),
            language=get_language() or "zh-hans",
            now=clock.now(),
        )
    except NotFound:
        raise
    except FenqiError as refusal:
        return _page(request, staff, customer_id, refusal=refusal)
    messages.info(request, _("The file is being made. Come back in a minute."))
    return redirect("console:account", customer_id)


@require_safe
@staff_page(Permission.MAKE_DISPUTE_FILES)
def fetch_file(_request: HttpRequest, staff: Staff, customer_id: UUID, file_id: UUID) -> FileResponse:
    path = fetch_dispute_file(staff, customer_id, file_id, now=clock.now())
    return zip_response(path, name=f"dispute-{file_id.hex[-8:]}.zip")
