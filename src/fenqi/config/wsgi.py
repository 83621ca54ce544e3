"""The web application, as granian and every other WSGI server look for it."""

import os
import signal

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from fenqi.config.processes import dying_with
from fenqi.config.proxies import believing

if server := os.environ.get("FENQI_SERVER_PROCESS"):  # set by `fenqi serve` for the workers it forks
    dying_with(int(server), signal.SIGTERM)()

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenqi.config.settings")

application = believing(get_wsgi_application(), settings.FENQI_TRUSTED_PROXIES)
