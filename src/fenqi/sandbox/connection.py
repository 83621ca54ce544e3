"""What a web framework does not offer: a connection that never answers, or breaks."""

import socket
import struct
import time
from typing import Final

from django.http import HttpRequest, HttpResponse

LONGEST_HANG_SECONDS: Final = 120
CONNECTION_KEY: Final = "fenqi.sandbox.connection"
"""Where the server leaves the socket of a request in its WSGI environment."""


def hung(request: HttpRequest) -> HttpResponse:
    """Keep the caller waiting for longer than it will, then break."""
    time.sleep(LONGEST_HANG_SECONDS)
    return broken(request)


def broken(request: HttpRequest) -> HttpResponse:
    """Break the connection; the response is for nobody."""
    connection: socket.socket = request.META[CONNECTION_KEY]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=500)
