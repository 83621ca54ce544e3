"""The account's own pages: another phone, a copy of all data, closing the account (P1205, P1208, P1209)."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.accounts import closing, export, lost_phone, phone
from fenqi.usecases.accounts.closing import AccountNotClosable, Hindrance, HindranceKind
from fenqi.usecases.customers import customer_view

SESSION_KEY: Final = "changing_phone"


class CodeForm(forms.Form):
    code = forms.CharField(max_length=12, strip=True, required=False)


class PhoneForm(forms.Form):
    phone = forms.CharField(max_length=20, strip=True, required=False)
    old_code = forms.CharField(max_length=12, strip=True, required=False)
    new_code = forms.CharField(max_length=12, strip=True, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@customer_page
def change_phone(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Two buttons: send both codes, then bind. Once it is bound, everybody signs in anew with the new number."""
    if request.method != "POST":
        return _phone_page(request, customer_id, PhoneForm())
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _phone_page(request, customer_id, form, status=422)
    said, now = form.cleaned_data, clock.now()
    try:
        if "send" in request.POST:
            request.session[SESSION_KEY] = phone.ask_codes(customer_id, said["phone"], now=now)
            return _phone_page(request, customer_id, PhoneForm(initial={"phone": said["phone"]}))
        number = request.session.get(SESSION_KEY, "")
        phone.change_phone(customer_id, number, old_code=said["old_code"], new_code=said["new_code"], now=now)
    except FenqiError as refusal:
        form.add_error(_field_of(refusal), refusal.text(get_language() or "zh-hans"))
        return _phone_page(request, customer_id, form, status=refusal.status)
    auth.logout(request)
    return redirect("portal:sign_in")


@require_POST
@customer_page
def stop_phone_change(request: HttpRequest, customer_id: UUID, change_id: UUID) -> HttpResponse:
    lost_phone.stop(customer_id, change_id, by=f"customer:{customer_id}", now=clock.now())
    messages.info(request, _("Stopped. Your phone stays as it is."))
    return redirect("portal:me")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@customer_page
def my_data(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Ask for a copy with a fresh code; fetch it where it is ready."""
    form = CodeForm(request.POST or None)
    code_sent = False
    if request.method == "POST":
        now = clock.now()
        try:
            if "send" in request.POST:
                export.ask_export_code(customer_id, now=now)
                code_sent = True
            else:
                form.is_valid()
                language = get_language() or "zh-hans"
                export.ask_export(customer_id, form.cleaned_data.get("code", ""), language=language, now=now)
                return redirect("portal:my_data")
        except FenqiError as refusal:
            form.is_valid()
            form.add_error("code", refusal.text(get_language() or "zh-hans"))
            code_sent = True
    context = {**_shared(), "form": form, "code_sent": code_sent, "files": export.exports_of(customer_id)}
    context |= {"retention": _retention(), "phone": customer_view(customer_id).phone_masked}
    return render_page(request, "my_data.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@customer_page
def close(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """What is open is listed with its way out; else consent, a code, and a time to change one's mind."""
    form = CodeForm(request.POST or None)
    code_sent = False
    if request.method == "POST":
        try:
            code_sent = _on_closing(request, customer_id, form)
            if not code_sent:
                return redirect("portal:close_account")
        except AccountNotClosable:
            return redirect("portal:close_account")
        except FenqiError as refusal:
            form.is_valid()
            form.add_error("code", refusal.text(get_language() or "zh-hans"))
            code_sent = True
    context = {
        **_shared(),
        "form": form,
        "code_sent": code_sent,
        "waiting": closing.closing_under_way(customer_id),
        "hindrances": [(one, *_way_out(one)) for one in closing.hindrances(customer_id)],
        "consent": closing_consent(),
        "days": closing.WAITING_TIME.days,
        "phone": customer_view(customer_id).phone_masked,
    }
    return render_page(request, "close_account.html", context, status=422 if form.errors else 200)


def _on_closing(request: HttpRequest, customer_id: UUID, form: CodeForm) -> bool:
    """Whether a code was sent; False when there is nothing more to type."""
    now = clock.now()
    if "take_back" in request.POST:
        closing.take_back(customer_id, now=now)
        return False
    if "agree" not in request.POST:
        form.is_valid()
        form.add_error("code", _("Agree to what closing means first."))
        return True
    if "send" in request.POST:
        closing.ask_closing_code(customer_id, now=now)
        return True
    form.is_valid()
    closing.ask_closing(
        customer_id,
        form.cleaned_data.get("code", ""),
        consent=closing_consent(),
        language=get_language() or "zh-hans",
        remote_address=str(request.META.get("REMOTE_ADDR", "")),
        now=now,
    )
    return False


def closing_consent() -> str:
    return _(
        "I want my account closed. After the waiting time my name, phone, cards, devices and sign-in are erased and "
        "cannot be brought back. Records that the law has kept for at least 3 years stay without my name."
    )


def _phone_page(request: HttpRequest, customer_id: UUID, form: PhoneForm, *, status: int = 200) -> HttpResponse:
    context = {
        **_shared(),
        "form": form,
        "codes_sent": SESSION_KEY in request.session,
        "new_phone": request.session.get(SESSION_KEY, ""),
        "phone": customer_view(customer_id).phone_masked,
        "waiting": lost_phone.open_change(customer_id),
    }
    return render_page(request, "change_phone.html", context, status=status)


def _field_of(refusal: FenqiError) -> str:
    return "new_code" if refusal.code in {"account_code_refused", "phone_not_free"} else "phone"


def _shared() -> dict[str, Any]:
    return {"sandbox_url": f"{settings.FENQI_SANDBOX_URL}/sms" if settings.FENQI_SANDBOX_URL else ""}


def _retention() -> tuple[str, ...]:
    return (
        _("Orders, plans, payments, refunds and the books: at least 3 years after the order is completed."),
        _("Photos and videos of after-sales: until 3 years after the case is closed."),
        _("Name, phone, cards and devices: until you close your account."),
        _("Files that you ask for here: 7 days."),
    )


def _way_out(one: Hindrance) -> tuple[str, str]:
    """What is open, in words, and where it is ended."""
    names = {
        HindranceKind.PLAN: (_("Still to repay"), "portal:order"),
        HindranceKind.BALANCE: (_("Credit that is yours: have it paid out"), "portal:order"),
        HindranceKind.PAYMENT: (_("A payment whose outcome is not known yet"), "portal:result"),
        HindranceKind.REFUND: (_("A refund that is on its way"), "portal:refund"),
        HindranceKind.RESERVE: (_("A reserve on hold"), "portal:reserve"),
        HindranceKind.AGREEMENT: (_("An auto-debit that is switched on"), "portal:auto_debit"),
        HindranceKind.CASE: (_("An after-sales case"), "portal:after_sales_case"),
        HindranceKind.CONVERSATION: (_("A conversation with customer service"), "portal:support_thread"),
        HindranceKind.PHONE_CHANGE: (_("A change of your phone"), "portal:change_phone"),
        HindranceKind.PROMISE: (_("A promise to pay: take it back, or pay"), "portal:pay_help"),
        HindranceKind.SCHEDULE: (_("A new schedule that waits for your word"), "portal:new_schedule"),
        HindranceKind.MOVE: (_("A plan that is being moved to another finance partner"), "portal:move"),
    }
    name, page = names[one.kind]
    if one.kind is HindranceKind.REFUND and one.amount_minor is None:
        page = "portal:order"
    told = f"{name} {formats.money(one.amount_minor, one.currency)}" if one.amount_minor else name
    address = reverse(page) if one.kind is HindranceKind.PHONE_CHANGE else reverse(page, args=[one.subject_id])
    return told, address
