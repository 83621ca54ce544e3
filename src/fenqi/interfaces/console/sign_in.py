"""Staff sign in by name and password; whoever fails five times waits a quarter of an hour (django-axes)."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.interfaces.console.access import IDLE_TIME
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import staff_member


class SignIn(forms.Form):
    username = forms.CharField(max_length=64)
    password = forms.CharField(max_length=200, strip=False)
    next = forms.CharField(max_length=500, required=False)

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Django gives the session a new key and drops what another account left in it: a planted one is worth nothing."""
    if request.method == "GET":
        if staff_member(request.user):
            return redirect("console:home")
        return _page(request, {"next": request.GET.get("next", "")})
    form = SignIn(request.POST)
    user = _user(request, form)
    staff = staff_member(user)
    if user is None or staff is None:
        return _page(request, request.POST, problem=_("Name or password is wrong."), status=422)
    login(request, user)
    request.session.set_expiry(IDLE_TIME)
    audit.record(staff.actor, audit.Action.SIGNED_IN, now=clock.now())
    return redirect(_way_back(form.cleaned_data["next"]))


def _user(request: HttpRequest, form: SignIn) -> Any:
    """Whose name and password these are. The time it takes does not tell whether the name exists (Django)."""
    if not form.is_valid():
        return None
    return authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])


def _way_back(address: str) -> str:
    """Only to a page of the console."""
    home = reverse("console:home")
    is_ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith(home)
    return address if is_ours else home


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("console:sign_in")


def locked_out(request: HttpRequest, _response: HttpResponse | None, _credentials: Any) -> HttpResponse:
    """What django-axes answers after too many failures."""
    problem = _("Too many wrong tries. Sign-in with this name is closed here for 15 minutes.")
    return _page(request, request.POST, problem=problem, status=429)


def _page(request: HttpRequest, values: Any, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "next": values.get("next", ""),
        "username": values.get("username", ""),
        "problems": [problem] if problem else [],
        "idle_minutes": int(IDLE_TIME.total_seconds() // 60),
    }
    return render_page(request, "sign_in.html", context, status=status)
