"""Whose page it is: every page behind sign-in gets the customer's id here, and asks for nobody else's."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from uuid import UUID

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.portal.pages import render_page

_log = structlog.get_logger(__name__)

Parameters = ParamSpec("Parameters")
CustomerView = Callable[Concatenate[HttpRequest, UUID, Parameters], HttpResponseBase]
PageView = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]


class NotWorkingNow(FenqiError):
    """Something of ours is set up wrongly; which setting it is concerns no customer."""

    code = "not_working_now"
    status = 503
    zh = "这项服务暂时不可用，没有提交任何内容。请稍后再试，或联系客服。"
    en = "This does not work just now, and nothing was submitted. Try again later, or contact our customer service."


def customer_of(request: HttpRequest) -> UUID | None:
    """The signed-in consumer; None for visitors and for staff, who have the console."""
    customer_id: UUID | None = getattr(request.user, "customer_id", None)
    return customer_id


def is_customer(request: HttpRequest) -> bool:
    """For `takes_files`."""
    return customer_of(request) is not None


def customer_page(view: CustomerView[Parameters]) -> PageView[Parameters]:
    """A page of one customer: visitors are sent to sign in and come back; refusals become pages that say what to do.

    What is not found and what belongs to somebody else read the same: 404 (design, rule 8).
    """

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
        customer_id = customer_of(request)
        if customer_id is None:
            return redirect(sign_in_address(request))
        try:
            return view(request, customer_id, *args, **kwargs)
        except NotFound as refusal:
            raise Http404 from refusal
        except FenqiError as refusal:
            return refusal_page(request, refusal)

    return page


def sign_in_address(request: HttpRequest) -> str:
    """The sign-in page, which leads back here; a page that was posted to is not come back to."""
    address = reverse("portal:sign_in")
    back = request.get_full_path() if request.method == "GET" else reverse("portal:bills")
    return f"{address}?{urlencode({'next': back})}"


def refusal_page(request: HttpRequest, refusal: FenqiError) -> HttpResponse:
    """What went wrong and what to do about it, in the reader's language."""
    if isinstance(refusal, ChannelMisconfigured):
        _log.error("channel_misconfigured", **refusal.details)
        refusal = NotWorkingNow()
    message = refusal.text(get_language() or "zh-hans")
    return render_page(request, "refusal.html", {"message": message}, status=refusal.status)
