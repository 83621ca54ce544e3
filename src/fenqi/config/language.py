"""Which of the two languages a reader gets: `?lang=`, then what they chose before, then what their browser asks for."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.translation import get_supported_language_variant

PARAMETER = "lang"


class LanguageMiddleware(LocaleMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if language := chosen_language(request):
            request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = language
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if language := chosen_language(request):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                language,
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                samesite="Lax",
            )
        return super().process_response(request, response)


def chosen_language(request: HttpRequest) -> str | None:
    """The language this request asks for by its address; None for an unknown or absent one."""
    try:
        return get_supported_language_variant(request.GET.get(PARAMETER, ""))
    except LookupError:
        return None
