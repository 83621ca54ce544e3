"""Help pages that show the reader's own orders, amounts, dates and buttons; to a visitor, general words."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fenqi.domain.errors import NotFound
from fenqi.domain.help.markup import BlockKind
from fenqi.domain.help.search import LONGEST_QUERY
from fenqi.interfaces.portal.access import customer_of
from fenqi.interfaces.portal.living import LivingReader
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared.written import ShownBlock, shown_blocks
from fenqi.usecases import clock
from fenqi.usecases.help.texts import TextView, guide, guide_history, guide_version, guides, search_guides
from fenqi.usecases.support.contacts import contacts_of
from fenqi.usecases.support.service_desk import service_desk

FIRST = 5
"""The five guides stand before the questions."""


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All pages, or those that fit what was searched for."""
    today = clock.business_date(clock.now())
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST_QUERY]
    language = get_language() or "zh-hans"
    if query:
        hits = [(one.code, one.title(language)) for one in search_guides(query, today=today)]
        return render_page(request, "help.html", {"query": query, "hits": hits, "desk": service_desk(clock.now())})
    titles = [(one.code, one.title(language)) for one in guides(today=today)]
    context = {"guides": titles[:FIRST], "questions": titles[FIRST:], "desk": service_desk(clock.now())}
    return render_page(request, "help.html", context)


@never_cache
@require_safe
def show(request: HttpRequest, code: str) -> HttpResponse:
    """The version that stands today."""
    return _page(request, _found(code, None), is_current=True)


@never_cache
@require_safe
def version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version at its permanent address."""
    return _page(request, _found(code, number), is_current=False)


@never_cache
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The official ways to reach us, and the lenders of the reader's own orders (R166, R167, R173, R176)."""
    language = get_language() or "zh-hans"
    found = contacts_of(customer_of(request), now=clock.now())
    lenders = [(one, one.provider.name(language), one.provider.contact(language)) for one in found.lenders]
    return render_page(request, "contacts.html", {"contacts": found, "desk": found.desk, "lenders": lenders})


def _found(code: str, number: int | None) -> TextView:
    try:
        if number is None:
            return guide(code, today=clock.business_date(clock.now()))
        return guide_version(code, number)
    except NotFound as refusal:
        raise Http404 from refusal


def _page(request: HttpRequest, text: TextView, *, is_current: bool) -> HttpResponse:
    language = get_language() or "zh-hans"
    customer_id = customer_of(request)
    reader = LivingReader(customer_id=customer_id, now=clock.now())
    blocks: list[tuple[ShownBlock, object]] = [
        (block, reader.shown(block.name) if block.kind is BlockKind.LIVING else None)
        for block in shown_blocks(text.blocks(language))
    ]
    history = [
        (one.version, one.change(language), one.valid_from, one.text_id is None)
        for one in guide_history(text.code)
        if one.is_out
    ]
    context = {
        "text": text,
        "title": text.title(language),
        "blocks": blocks,
        "history": history,
        "is_current": is_current,
        "is_known": customer_id is not None,
    }
    return render_page(request, "guide.html", context)
