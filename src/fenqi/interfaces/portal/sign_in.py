"""Signing in by phone and one-time code, in two steps, and out again (R001-R004)."""

from typing import Final, TypedDict, cast

from django import forms
from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_of
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.signing_in import check_code, request_code

SESSION_KEY: Final = "signing_in"
SIGN_IN_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class Underway(TypedDict):
    """What the session remembers between the two steps; `resend_at` is seconds since 1970."""

    phone: str
    next: str
    resend_at: float


class PhoneForm(forms.Form):
    phone = forms.CharField(max_length=20, strip=True, required=False)
    next = forms.CharField(max_length=500, required=False)


class CodeForm(forms.Form):
    code = forms.CharField(max_length=12, strip=True, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask_phone(request: HttpRequest) -> HttpResponse:
    """Step one. Whether the phone is anybody's is not told: the next page looks the same."""
    if customer_of(request) is not None:
        return redirect(_safe_next(request, request.GET.get("next", "")))
    if request.method != "POST":
        return render_page(request, "sign_in.html", {"form": PhoneForm(initial={"next": request.GET.get("next", "")})})
    form = PhoneForm(request.POST)
    if form.is_valid() and _send_code(request, form, "phone", form.cleaned_data["phone"], form.cleaned_data["next"]):
        return redirect("portal:sign_in_code")
    return render_page(request, "sign_in.html", {"form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask_code(request: HttpRequest) -> HttpResponse:
    """Step two. A right code opens the session, under a new key."""
    underway = _underway(request)
    if underway is None:
        return redirect("portal:sign_in")
    if request.method != "POST":
        return _code_page(request, underway, CodeForm())
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            signed_in = check_code(
                underway["phone"], form.cleaned_data["code"], remote_address=_address(request), now=clock.now()
            )
        except FenqiError as refusal:
            _refuse(form, "code", refusal)
        else:
            del request.session[SESSION_KEY]
            auth.login(request, signed_in.account, backend=SIGN_IN_BACKEND)
            return redirect(_safe_next(request, underway["next"]))
    return _code_page(request, underway, form, status=422)


@require_POST
@never_cache
def resend(request: HttpRequest) -> HttpResponse:
    """Another code, once the cool-down is over."""
    underway = _underway(request)
    if underway is None:
        return redirect("portal:sign_in")
    form = CodeForm({})
    if _seconds_to_wait(underway) == 0 and not _send_code(request, form, "code", underway["phone"], underway["next"]):
        return _code_page(request, underway, form, status=422)
    return redirect("portal:sign_in_code")


@require_POST
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("portal:sign_in")


def _send_code(request: HttpRequest, form: forms.Form, field: str, phone: str, next_address: str) -> bool:
    """Whether a code is on its way; a refusal is written beside the field."""
    try:
        sent = request_code(phone, remote_address=_address(request), now=clock.now())
    except FenqiError as refusal:
        _refuse(form, field, refusal)
        return False
    request.session[SESSION_KEY] = Underway(
        phone=phone, next=next_address, resend_at=clock.now().timestamp() + sent.resend_after
    )
    return True


def _refuse(form: forms.Form, field: str, refusal: FenqiError) -> None:
    form.is_valid()
    form.add_error(field, refusal.text(get_language() or "zh-hans"))


def _code_page(request: HttpRequest, underway: Underway, form: CodeForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "phone": underway["phone"],
        "wait_seconds": _seconds_to_wait(underway),
        "sandbox_url": f"{settings.FENQI_SANDBOX_URL}/sms" if settings.FENQI_SANDBOX_URL else "",
    }
    return render_page(request, "sign_in_code.html", context, status=status)


def _underway(request: HttpRequest) -> Underway | None:
    return cast("Underway | None", request.session.get(SESSION_KEY))


def _seconds_to_wait(underway: Underway) -> int:
    return max(0, round(underway["resend_at"] - clock.now().timestamp()))


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _safe_next(request: HttpRequest, address: str) -> str:
    """Only pages of ours: an address elsewhere would make the sign-in page a lure."""
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else reverse("portal:bills")
