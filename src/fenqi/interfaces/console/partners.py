"""The lenders: what their customers read of them, returns that need a person, and what their daily files say."""

from collections.abc import Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, Listing, amount, lists_page, read_listing, worded
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import audit, clock
from fenqi.usecases.partners import by_hand, desk, refunding
from fenqi.usecases.partners.providers import (
    DIFFERENCE_ROUTES,
    KINDS,
    ProviderTexts,
    edit_provider,
    list_providers,
    provider_texts,
)
from fenqi.usecases.staff.permissions import Permission, Staff

Of = TypeVar("Of")


class LenderForm(forms.Form):
    """What is said of a lender; whether it can be said is judged by the use case."""

    code = forms.CharField(max_length=32)
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS])
    name_zh = forms.CharField(max_length=64)
    name_en = forms.CharField(max_length=64)
    repays_here = forms.BooleanField(required=False)
    balance_spendable = forms.BooleanField(required=False)
    balance_withdrawable = forms.BooleanField(required=False)
    balance_rules_zh = forms.CharField(required=False)
    balance_rules_en = forms.CharField(required=False)
    usual_working_days = forms.IntegerField(min_value=0)
    latest_working_days = forms.IntegerField(min_value=0)
    difference_route = forms.ChoiceField(choices=[(route, route) for route in DIFFERENCE_ROUTES])
    contact_phone = forms.CharField(max_length=32, required=False)
    contact_zh = forms.CharField(required=False)
    contact_en = forms.CharField(required=False)


class Named(NamedTuple, Generic[Of]):
    """A lender, a return at one, or a file of one, with the lender's name in the reader's language."""

    of: Of
    lender: str


WAITING: Final[Sequence[Column[Named[desk.WaitingAtPartner]]]] = (
    Column(key="customer", title=_lazy("Customer"), value=lambda one: one.of.customer_ref),
    Column(key="lender", title=_lazy("Lender"), value=lambda one: one.lender, has_choices=True),
    worded("state", _lazy("State"), words.REFUND_STATES, lambda one: one.of.refund.state),
    worded("why", _lazy("Reason"), words.PARTNER_ALERTS, lambda one: one.of.refund.alert),
    Column(key="number", title=_lazy("Number"), value=lambda one: one.of.refund.number),
    amount("amount", _lazy("Amount"), lambda one: one.of.refund.amount_minor, lambda one: one.of.refund.currency),
)


def _repaid(lender: ProviderTexts) -> str:
    return _("here, too") if lender.repays_here else _("at the lender only")


def _balance(lender: ProviderTexts) -> str:
    if lender.balance_withdrawable:
        return _("can be withdrawn")
    return _("can be spent") if lender.balance_spendable else "—"


LENDERS: Final[Sequence[Column[Named[ProviderTexts]]]] = (
    Column(key="lender", title=_lazy("Lender"), value=lambda one: one.lender),
    Column(key="code", title=_lazy("Short name"), value=lambda one: one.of.code, is_shown=False),
    worded("kind", _lazy("Kind of lender"), words.PROVIDER_KINDS, lambda one: one.of.kind),
    Column(key="repaid", title=_lazy("Repaid"), value=lambda one: _repaid(one.of), has_choices=True),
    Column(key="balance", title=_lazy("Balance"), value=lambda one: _balance(one.of), has_choices=True),
    Column(
        key="days",
        title=_lazy("Returns take"),
        value=lambda one: one.of.latest_working_days,
        kind=Kind.NUMBER,
        unit=_lazy("working days at most"),
    ),
)


def _differences(day: desk.SettlementView) -> str:
    return "; ".join(
        f"{words.PARTNER_PROBLEMS.get(found['problem'], found['problem'])} {found['number']}"
        f" {formats.money(found['amount_minor'], day.currency)}"
        for found in day.differences
    )


FILES: Final[Sequence[Column[Named[desk.SettlementView]]]] = (
    Column(key="day", title=_lazy("Day"), value=lambda one: one.of.day, kind=Kind.DAY),
    Column(key="lender", title=_lazy("Lender"), value=lambda one: one.lender, has_choices=True),
    Column(key="lines", title=_lazy("Lines"), value=lambda one: one.of.line_count, kind=Kind.NUMBER),
    amount("net", _lazy("Paid to us"), lambda one: one.of.net_minor, lambda one: one.of.currency),
    Column(key="differences", title=_lazy("What does not agree"), value=lambda one: _differences(one.of)),
)


@require_safe
@staff_page(Permission.SEE_PARTNERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    language = get_language() or "zh-hans"
    lenders = [Named(lender, lender.name(language)) for lender in list_providers()]
    names = {one.of.code: one.lender for one in lenders}
    waiting = [Named(one, one.refund.provider.name(language)) for one in desk.waiting_for_a_person(limit=MOST_READ + 1)]
    files = [Named(day, names.get(day.provider, day.provider)) for day in desk.settlements(limit=MOST_READ + 1)]
    listings: dict[str, Listing[Any]] = {
        "waiting": read_listing(
            request, name="returns-at-lenders", columns=WAITING, rows=waiting, part="waiting", most=MOST_READ
        ),
        "lenders": read_listing(request, name="lenders", columns=LENDERS, rows=lenders, part="lenders"),
        "files": read_listing(
            request, name="files-of-lenders", columns=FILES, rows=files, part="files", most=MOST_READ
        ),
    }
    return lists_page(request, staff, "partners.html", listings, {"place": "partners"})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.EDIT_PARTNERS)
def edit(request: HttpRequest, staff: Staff, code: str = "") -> HttpResponse:
    """One lender's texts, or a new lender."""
    lender = provider_texts(code) if code else None
    if request.method != "POST":
        return _form(request, LenderForm(initial=_initial(lender)), lender)
    form = LenderForm({**request.POST.dict(), **({"code": code} if code else {})})
    if form.is_valid():
        try:
            edit_provider(staff, ProviderTexts(**form.cleaned_data), now=clock.now())
        except FenqiError as refusal:
            form.add_error(None, refusal.text(get_language() or "zh-hans"))
        else:
            messages.info(request, _("Kept. Customers read it from now on."))
            return redirect("console:partners")
    return _form(request, form, lender, status=422)


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def propose(request: HttpRequest, staff: Staff, customer_id: UUID, refund_id: UUID) -> HttpResponse:
    by_hand.propose(staff, customer_id, refund_id, reference=request.POST.get("reference", ""), now=clock.now())
    messages.info(request, _("Recorded. A colleague must see it, too, before it is booked."))
    return redirect("console:partners")


@require_POST
@staff_page(Permission.APPROVE_TRANSFER)
def approve(request: HttpRequest, staff: Staff, customer_id: UUID, refund_id: UUID) -> HttpResponse:
    by_hand.approve(staff, customer_id, refund_id, reference=request.POST.get("reference", ""), now=clock.now())
    messages.info(request, _("Recorded and booked as paid."))
    return redirect("console:partners")


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def send_again(request: HttpRequest, staff: Staff, customer_id: UUID, refund_id: UUID) -> HttpResponse:
    by_hand.send_again(staff, customer_id, refund_id, now=clock.now())
    messages.info(request, _("It goes to the lender again, under a new number."))
    return redirect("console:partners")


@require_POST
@staff_page(Permission.ASK_CHANNEL)
def ask(request: HttpRequest, staff: Staff, customer_id: UUID, refund_id: UUID) -> HttpResponse:
    """Written down before the question leaves, so that it is kept whatever the answer."""
    now = clock.now()
    audit.record(
        staff.actor,
        audit.Action.CHANNEL_ASKED,
        customer_id=customer_id,
        subject=f"partner_refund:{refund_id}",
        now=now,
    )
    refunding.ask(customer_id, refund_id, now=now)
    messages.info(request, _("The lender was asked; what it said is shown."))
    if staff.may(Permission.SEE_PARTNERS):
        return redirect("console:partners")
    return redirect("console:customer", customer_id)


def _form(request: HttpRequest, form: LenderForm, lender: ProviderTexts | None, *, status: int = 200) -> HttpResponse:
    problems = [*form.non_field_errors(), *(f"{name}: {told[0]}" for name, told in form.errors.items())]
    context = {"place": "partners", "form": form, "lender": lender, "problems": problems}
    return render_page(request, "partner_form.html", context, status=status)


def _initial(lender: ProviderTexts | None) -> dict[str, object]:
    shown = lender or ProviderTexts(code="", kind="platform", name_zh="", name_en="")
    return {name: getattr(shown, name) for name in LenderForm.base_fields}
