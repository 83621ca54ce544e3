"""Which interface answers which address."""

from django.urls import include, path

from fenqi.config import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/v1/", include("fenqi.interfaces.api.urls")),
    path("console/", include("fenqi.interfaces.console.urls")),
    path("", include("fenqi.interfaces.channel_callbacks.urls")),
    path("", include("fenqi.interfaces.portal.urls")),
]
