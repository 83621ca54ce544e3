"""Announcements: the list, each version at its permanent address, and the banner that can be put away (R162-R164)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.portal.banner import PUT_AWAY_COOKIE, put_away_by
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared.written import shown_blocks
from fenqi.usecases import clock
from fenqi.usecases.aftersales.policies import version_of
from fenqi.usecases.help.texts import announcement, announcement_history, announcements

MOST_PUT_AWAY = 20
A_YEAR_SECONDS = 365 * 24 * 3600


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    language = get_language() or "zh-hans"
    today = clock.business_date(clock.now())
    told = [(one, one.title(language), one.valid_from > today) for one in announcements()]
    return render_page(request, "announcements.html", {"told": told})


@never_cache
@require_safe
def show(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version, word for word as it was published, with the rule it tells of and the other versions."""
    language = get_language() or "zh-hans"
    try:
        text = announcement(code, number)
        policy = version_of(text.policy_code, text.policy_version or 0) if text.policy_code else None
    except NotFound as refusal:
        raise Http404 from refusal
    history = [(one.version, one.change(language), one.valid_from) for one in announcement_history(code)]
    context = {
        "text": text,
        "title": text.title(language),
        "blocks": [(block, None) for block in shown_blocks(text.blocks(language))],
        "policy": policy,
        "sentences": policy.summary(language) if policy else (),
        "history": history,
        "newest": history[0][0],
    }
    return render_page(request, "announcement.html", context)


@require_POST
def put_away(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """The banner of this version is shown no more in this browser."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    answer = redirect(back if is_ours else "portal:bills")
    kept = [f"{code}.{number}", *sorted(put_away_by(request))][:MOST_PUT_AWAY]
    answer.set_cookie(
        PUT_AWAY_COOKIE, "|".join(dict.fromkeys(kept)), max_age=A_YEAR_SECONDS, httponly=True, samesite="Lax"
    )
    return answer
