"""The town's own server: a thread for each connection, on this machine only."""

import os
import secrets
import socketserver
import sys
from pathlib import Path
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from fenqi.sandbox.connection import CONNECTION_KEY
from fenqi.sandbox.faults import SMS_SERVICES
from fenqi.sandbox.town import PACE_VARIABLE, STATE_VARIABLE, town

HOST: Final = "127.0.0.1"


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers hang up, and so does the town when it is told to: neither is worth a trace."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), CONNECTION_KEY: self.connection}

    def address_string(self) -> str:
        return self.client_address[0]  # without asking a name server

    def log_message(self, *_args: object) -> None:
        """Silent: addresses hold phone numbers and signed parameters; the control page shows what went on."""


def serve(*, port: int, state: Path, pace: float) -> None:
    """Serve until stopped. Port 0 takes a free one; the address is printed when the town is ready."""
    os.umask(0o077)
    os.environ |= {STATE_VARIABLE: str(state.resolve()), PACE_VARIABLE: str(pace)}
    settings.configure(
        ROOT_URLCONF="fenqi.sandbox.urls",
        SECRET_KEY=secrets.token_hex(32),
        ALLOWED_HOSTS=[HOST, "localhost"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).with_name("templates")],
            }
        ],
        CSRF_COOKIE_NAME="sandbox_csrf",  # the mall is on the same host, and cookies do not tell ports apart
        TIME_ZONE="Asia/Shanghai",
        USE_TZ=True,
        LANGUAGE_CODE="zh-hans",
        LOGGING_CONFIG=None,
    )
    django.setup()

    # Views may load only when settings are there.
    from fenqi.sandbox import mail, sms  # noqa: PLC0415
    from fenqi.sandbox.counterparties import COUNTERPARTIES  # noqa: PLC0415
    from fenqi.sandbox.deliveries import Sender  # noqa: PLC0415

    with _Server((HOST, port), _Handler) as server:
        server.set_app(get_wsgi_application())
        protocols = {one.channel: one.protocol for one in COUNTERPARTIES.values()}
        Sender(town(), protocols | dict.fromkeys(SMS_SERVICES, sms.PROTOCOL)).start()
        mail.start()
        print(f"沙箱 sandbox: http://{HOST}:{server.server_address[1]}", flush=True)  # noqa: T201 - whoever started it waits for this line
        server.serve_forever(poll_interval=0.2)
