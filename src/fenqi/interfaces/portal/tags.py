"""`{% load portal_help %}`: what every page offers to whoever is stuck on it, with the page attached by itself."""

from collections.abc import Mapping
from typing import Any, Final

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fenqi.usecases.support.story import Place

register = template.Library()

_ATTACHED: Final = ("payment_id", "case_id", "refund_id", "hold_id", "plan_id", "order_id")
"""What a page's address may name, the most particular first."""

_PLACES: Final[Mapping[str, Place]] = {
    "payment_id": Place.REPAYMENT,
    "case_id": Place.CASE,
    "refund_id": Place.REFUND,
    "hold_id": Place.RESERVE,
    "plan_id": Place.PLAN,
    "order_id": Place.ORDER,
}
_PAGES: Final[Mapping[str, Place]] = {
    "bills": Place.BILLS,
    "price_difference": Place.PRICE,
    "repay_here": Place.ENTRY,
    "repay_by_link": Place.ENTRY,
    "cards": Place.CARDS,
    "bind_card": Place.CARDS,
    "me": Place.ACCOUNT,
    "help": Place.HELP,
    "guide": Place.HELP,
}


@register.simple_tag(takes_context=True)
def stuck_fields(context: Context) -> SafeString:
    """Hidden fields that name what the page is about and which page it is."""
    match = getattr(context.get("request"), "resolver_match", None)
    named: Mapping[str, Any] = match.kwargs if match else {}
    about = next((name for name in _ATTACHED if named.get(name)), "")
    place = _PAGES.get(match.url_name if match else "") or _PLACES.get(about, Place.OTHER)
    fields = [("place", place.value), *([(about, named[about])] if about else [])]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', fields) or format_html("")
