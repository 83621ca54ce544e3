"""Everything below /api/v1, and a problem document for whatever is not there."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.api import problems
from fenqi.interfaces.api.api import api


def guarded(view: Callable[..., Any]) -> Callable[..., Any]:
    """What happens around the framework is answered as a problem, too: no such address, no such method."""

    @csrf_exempt  # no cookie opens anything here, only a key in a header
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except FenqiError as refusal:
            return problems.problem(request, refusal)
        if isinstance(response, HttpResponseNotAllowed):
            refused = problems.problem(request, problems.MethodNotAllowed())
            refused["Allow"] = response["Allow"]
            return refused
        return response

    return answer


def _nothing_here(_request: HttpRequest) -> HttpResponse:
    raise problems.UnknownAddress


_patterns, _app_name, _namespace = api.urls
_guarded = [
    URLPattern(found.pattern, guarded(found.callback), found.default_args, found.name)
    for found in _patterns
    if isinstance(found, URLPattern)
]

urlpatterns = [
    path("", guarded(_nothing_here)),
    path("", include((_guarded, _app_name), namespace=_namespace)),
    re_path(r"", guarded(_nothing_here)),
]
