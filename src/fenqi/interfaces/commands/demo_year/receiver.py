"""The mall's web server while a year is simulated: callbacks of the channels arrive here, at the simulated instant."""

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from fenqi.interfaces.commands.demo_year.moments import Calendar

HOST: Final = "127.0.0.1"


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(WSGIRequestHandler):
    def address_string(self) -> str:
        return str(self.client_address[0])  # without asking a name server

    def log_message(self, *_args: object) -> None:
        """Silent: a progress bar has the terminal."""


@contextmanager
def receiving(calendar: Calendar, *, port: int = 0) -> Iterator[None]:
    """Inside, what channels tell us is taken. Port 0 takes a free one."""
    django = get_wsgi_application()

    def answered(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            with calendar.joined():
                return list(django(environ, start_response))
        finally:
            close_old_connections()

    before = settings.FENQI_PUBLIC_URL
    with _Server((HOST, port), _Handler) as server:
        server.set_app(answered)
        settings.FENQI_PUBLIC_URL = f"http://{HOST}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=[0.2], daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            settings.FENQI_PUBLIC_URL = before
