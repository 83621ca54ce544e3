"""What staff do with a case: each button is one use case, refused words and all stay on the page."""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.money import Money
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.after_sales.case import Tried, case_page
from fenqi.usecases import clock
from fenqi.usecases.aftersales import exchange, goods, review, withdraw
from fenqi.usecases.aftersales.queries import case_view
from fenqi.usecases.staff.permissions import NotPermitted, Permission, Staff

Act = Callable[[HttpRequest, Staff, UUID, UUID], str]
"""Does it, and says what became of it."""
View = Callable[..., HttpResponseBase]

_LONGEST_TYPED: Final = 12


def act(permission: Permission) -> Callable[[Act], View]:
    """A button of the case's page: back to it with what became of it, or with why not and what was typed."""

    def decorate(do: Act) -> View:
        @require_POST
        @staff_page(permission)
        @wraps(do)
        def page(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> HttpResponse:
            try:
                told = do(request, staff, customer_id, case_id)
            except (NotFound, NotPermitted):
                raise
            except FenqiError as refusal:
                text = refusal.text(get_language() or "zh-hans")
                tried = Tried(refusal=text, status=refusal.status, typed=request.POST.dict())
                return case_page(request, staff, customer_id, case_id, tried)
            messages.info(request, told)
            return redirect("console:after_sales_case", customer_id, case_id)

        return page

    return decorate


@act(Permission.REVIEW_CASES)
def take(_request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    review.take(staff, customer_id, case_id, now=clock.now())
    return _("The case is in your hands.")


@act(Permission.REVIEW_CASES)
def ask_for_more(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    review.ask_for_more(staff, customer_id, case_id, note=request.POST.get("note", ""), now=clock.now())
    return _("The customer is asked for more, and told by message.")


@act(Permission.REVIEW_CASES)
def approve(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    state = review.approve(staff, customer_id, case_id, note=request.POST.get("note", ""), now=clock.now())
    if state is CaseState.IN_REVIEW:
        return _("Approved by you. A colleague must approve it, too.")
    if state is CaseState.GOODS_AWAITED:
        return _("Approved. The customer is told where to send the goods, and until when.")
    return _("Approved. The money moves by itself now, and the customer is told the way and the day.")


@act(Permission.REVIEW_CASES)
def reject(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    review.reject(
        staff,
        customer_id,
        case_id,
        rule=request.POST.get("rule", ""),
        next_step=request.POST.get("next_step", ""),
        note=request.POST.get("note", ""),
        now=clock.now(),
    )
    return _("Rejected. The customer reads why, and what they can do next.")


@act(Permission.REVIEW_CASES)
def take_back(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    withdraw.withdraw_for(staff, customer_id, case_id, note=request.POST.get("note", ""), now=clock.now())
    return _("Withdrawn for the customer. Everything stays as it was.")


@act(Permission.RECEIVE_GOODS)
def receive(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    deductions = _deductions(request, customer_id, case_id)
    goods.receive(
        staff, customer_id, case_id, deductions=deductions, note=request.POST.get("note", ""), now=clock.now()
    )
    if any(minor for minor, _note in deductions.values()):
        return _("Received. The customer is asked to confirm the amounts with what was deducted.")
    return _("Received. What comes next happens by itself.")


@act(Permission.RECEIVE_GOODS)
def send_replacement(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    typed = request.POST
    skus = {
        line.line_no: typed[f"sku-{line.line_no}"]
        for line in case_view(customer_id, case_id).lines
        if f"sku-{line.line_no}" in typed
    }
    exchange.send_replacement(
        staff, customer_id, case_id, tracking_no=typed.get("tracking_no", ""), skus=skus, now=clock.now()
    )
    return _("Sent. The customer is told the number of the parcel.")


@act(Permission.REVIEW_CASES)
def refund_instead(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID) -> str:
    exchange.offer_refund(staff, customer_id, case_id, note=request.POST.get("note", ""), now=clock.now())
    return _("The customer is asked to confirm a refund instead, and told by message.")


def _deductions(request: HttpRequest, customer_id: UUID, case_id: UUID) -> dict[int, tuple[int, str]]:
    """What is taken off each line, as typed in the currency of the order. Raises NotFound, InvalidInput."""
    case = case_view(customer_id, case_id)
    typed = request.POST
    return {
        line.line_no: (
            _minor(typed.get(f"deduction-{line.line_no}", ""), case.currency),
            typed.get(f"finding-{line.line_no}", ""),
        )
        for line in case.lines
        if typed.get(f"deduction-{line.line_no}", "").strip()
    }


def _minor(text: str, currency: str) -> int:
    """Raises InvalidInput."""
    figures = text.strip().replace(",", "")
    if not figures.isascii() or len(figures) > _LONGEST_TYPED or not figures.replace(".", "", 1).isdigit():
        raise InvalidInput(where="deduction", problem="an amount such as 12.50", problem_zh="请填写金额，例如 12.50")
    return Money.from_decimal(Decimal(figures), currency).minor
