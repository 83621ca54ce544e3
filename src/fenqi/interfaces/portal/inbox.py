"""The inbox: what the customer was told, and what they wish to be told, on which ways (R158, R162)."""

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError
from fenqi.domain.notices import Pace
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.notices import preferences
from fenqi.usecases.notices.inbox import inbox, mark_all_read, open_notice
from fenqi.usecases.notices.quiet_hours import quiet_hours


class WishesForm(forms.Form):
    by_sms = forms.BooleanField(required=False)
    by_email = forms.BooleanField(required=False)
    pace = forms.ChoiceField(choices=[(pace.value, pace.value) for pace in Pace])


class EmailForm(forms.Form):
    """One of the two: an address to send a code to, or the code that came."""

    address = forms.CharField(max_length=preferences.LONGEST, required=False)
    code = forms.CharField(max_length=6, required=False)


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    after = request.GET.get("after")
    page = inbox(customer_id, after=after)
    context = {
        "tab": "inbox",
        "notices": page.items,
        "next_cursor": page.next_cursor,
        "is_first_page": after is None,
        "has_unread": any(not one.is_read for one in page.items),
    }
    return render_page(request, "inbox.html", context)


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, notice_id: UUID) -> HttpResponse:
    return render_page(request, "notice.html", {"told": open_notice(customer_id, notice_id, now=clock.now())})


@require_POST
@customer_page
def read_all(_request: HttpRequest, customer_id: UUID) -> HttpResponse:
    mark_all_read(customer_id, now=clock.now())
    return redirect("portal:inbox")


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def wishes(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """The ways and the pace; what is critical goes on whatever is chosen, and the page says so."""
    form = WishesForm(request.POST)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        preferences.wish(
            customer_id,
            by_sms=said["by_sms"],
            by_email=said["by_email"],
            pace=Pace(said["pace"]),
            now=clock.now(),
        )
        messages.info(request, _("Saved."))
        return redirect("portal:notice_wishes")
    known = preferences.preferences_of(customer_id)
    context = {
        "wishes": known,
        "email_masked": preferences.mask_email(known.email),
        "paces": _paces(known.pace),
        "quiet": quiet_hours(),
    }
    return render_page(request, "notice_wishes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def email(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Bind an e-mail address: it is ours to write to once its code has come back."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _email_page(request, customer_id)
    if not form.is_valid():
        return _email_page(request, customer_id, refusal=preferences.InvalidEmail(), status=422)
    act = partial(_asked, request, customer_id, form.cleaned_data)
    try:
        return act()
    except FenqiError as refusal:
        return _email_page(
            request, customer_id, refusal=refusal, address=form.cleaned_data["address"], status=refusal.status
        )


@require_POST
@customer_page
def remove_email(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    preferences.remove_email(customer_id, now=clock.now())
    messages.info(request, _("Removed. Nothing goes to that address any more."))
    return redirect("portal:notice_wishes")


def _asked(request: HttpRequest, customer_id: UUID, said: dict[str, str]) -> HttpResponse:
    if said["code"]:
        preferences.confirm_email(customer_id, said["code"], now=clock.now())
        messages.info(request, _("Your e-mail address is confirmed."))
        return redirect("portal:notice_wishes")
    preferences.ask_email_code(customer_id, said["address"], now=clock.now())
    messages.info(request, _("A code is on its way to that address."))
    return redirect("portal:email")


def _email_page(
    request: HttpRequest,
    customer_id: UUID,
    *,
    refusal: FenqiError | None = None,
    address: str = "",
    status: int = 200,
) -> HttpResponse:
    known = preferences.preferences_of(customer_id)
    context = {
        "bound": preferences.mask_email(known.email),
        "waiting": known.waiting,
        "address": address or known.waiting,
        "refusal": refusal.text(get_language() or "zh-hans") if refusal else "",
    }
    return render_page(request, "email.html", context, status=status)


def _paces(chosen: str) -> list[tuple[str, str, str, bool]]:
    names = {
        Pace.ALL: (_("All reminders"), _("Several times before the due date, and on the day")),
        Pace.FEWER: (_("Fewer"), _("Once before the due date")),
        Pace.INBOX: (_("Only in my notices here"), _("Before the due date nothing is sent out")),
    }
    return [(pace.value, name, told, pace.value == chosen) for pace, (name, told) in names.items()]
