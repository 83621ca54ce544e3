"""Which interface answers which address."""

from importlib.util import find_spec

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

from fenqi.config import health

PLACES = {
    "api/v1/": "fenqi.interfaces.api.urls",
    "console/": "fenqi.interfaces.console.urls",
    "": "fenqi.interfaces.portal.urls",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    *(path(place, include(module)) for place, module in PLACES.items() if find_spec(module)),
]
