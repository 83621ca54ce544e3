"""What every page of the portal is rendered with."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from fenqi.interfaces.portal.banner import banner_of
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared.formats import language_of
from fenqi.usecases import clock
from fenqi.usecases.notices.inbox import unread_count

TEXT_SIZE_COOKIE: Final = "text_size"
TEXT_SIZES: Final = ("normal", "large", "larger")


def render_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """A page with today's date and the reader's size of text; `tab` in the context lights its tab;
    the pages of the tabs show the newest announcement on top.
    """
    size = request.COOKIES.get(TEXT_SIZE_COOKIE, "")
    today = clock.business_date(clock.now())
    shared: dict[str, Any] = {
        "today": today,
        "text_size": size if size in TEXT_SIZES else TEXT_SIZES[0],
        "banner": banner_of(request, today=today) if context.get("tab") else None,
    }
    customer_id = getattr(request.user, "customer_id", None)
    if customer_id is not None:
        shared["unread_notices"] = partial(unread_count, customer_id)
    return render(request, f"portal/{template}", {**shared, **context}, status=status)


def reader(currency: str = "CNY") -> Reader:
    """Who reads this request's page, on what day."""
    return Reader(
        language=language_of(get_language() or "zh-hans"), today=clock.business_date(clock.now()), currency=currency
    )
