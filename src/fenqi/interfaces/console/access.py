"""Who may open which page: every page of the console passes through here; what is not allowed is refused."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases.staff.permissions import Permission, Staff, staff_member

Parameters = ParamSpec("Parameters")
StaffView = Callable[Concatenate[HttpRequest, Staff, Parameters], HttpResponseBase]
PageView = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]

IDLE_TIME = timedelta(minutes=30)


def staff_page(permission: Permission) -> Callable[[StaffView[Parameters]], PageView[Parameters]]:
    """A page for those whose role has the permission; every look keeps the session alive for another half hour."""

    def decorate(view: StaffView[Parameters]) -> PageView[Parameters]:
        @never_cache
        @wraps(view)
        def page(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
            staff = staff_member(request.user)
            if staff is None:
                return redirect(_sign_in_address(request))
            request.session.set_expiry(IDLE_TIME)
            try:
                staff.require(permission)
                return view(request, staff, *args, **kwargs)
            except FenqiError as refusal:
                return refusal_page(request, refusal)

        return page

    return decorate


def may(permission: Permission) -> Callable[[HttpRequest], bool]:
    """For `takes_files`: whether who asks is staff with the permission."""

    def asked(request: HttpRequest) -> bool:
        staff = staff_member(request.user)
        return staff is not None and staff.may(permission)

    return asked


def _sign_in_address(request: HttpRequest) -> str:
    """The sign-in page, which leads back here; a page that was posted to is not come back to."""
    back = request.get_full_path() if request.method == "GET" else reverse("console:home")
    return f"{reverse('console:sign_in')}?{urlencode({'next': back})}"


def refusal_page(request: HttpRequest, refusal: FenqiError) -> HttpResponse:
    """What went wrong and what to do about it, in the reader's language."""
    context = {"message": refusal.text(get_language() or "zh-hans"), "status": refusal.status}
    return render_page(request, "refusal.html", context, status=refusal.status)
