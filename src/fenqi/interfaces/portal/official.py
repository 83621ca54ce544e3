"""Is it really us? A page for everybody who doubts a link or a message, and the customer's own safe word."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.errors import InvalidInput
from fenqi.interfaces.portal.access import customer_of, customer_page
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.official import MOST_CHARACTERS, Verified, official_channels, verify
from fenqi.usecases.entries.safe_word import choose_safe_word, safe_word
from fenqi.usecases.rate_limits import Rate, TooManyRequests
from fenqi.usecases.support.service_desk import service_desk


class VerifyForm(forms.Form):
    said = forms.CharField(max_length=MOST_CHARACTERS, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def official(request: HttpRequest) -> HttpResponse:
    """Paste a link or a code. The answer is the same for whoever asks, and names nobody."""
    now = clock.now()
    form = VerifyForm(request.POST if request.method == "POST" else None)
    found: Verified | None = None
    refusal = ""
    if form.is_bound:
        try:
            rate_limits.count(Rate.VERIFY_LINK, str(request.META.get("REMOTE_ADDR", "")))
            said = form.cleaned_data["said"] if form.is_valid() else ""
            found = verify(said, now=now)
        except TooManyRequests as too_many:
            refusal = too_many.text(get_language() or "zh-hans")
    language = get_language() or "zh-hans"
    channels = official_channels()
    customer_id = customer_of(request)
    context = {
        "found": found,
        "refusal": refusal,
        "said": str(request.POST.get("said", ""))[:MOST_CHARACTERS],
        "channels": channels,
        "lenders": [(zh if language.startswith("zh") else en, phone) for zh, en, phone in channels.lenders],
        "desk": service_desk(now),
        "word": safe_word(customer_id) if customer_id else "",
    }
    return render_page(request, "official.html", context, status=429 if refusal else 200)


@require_POST
@customer_page
def choose_word(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    try:
        choose_safe_word(customer_id, request.POST.get("word", "")[:100], now=clock.now())
    except InvalidInput as refusal:
        messages.error(request, refusal.text(get_language() or "zh-hans"))
    else:
        messages.success(request, _("Your safe word is set. Only messages that carry it are from us."))
    return redirect("portal:official")
