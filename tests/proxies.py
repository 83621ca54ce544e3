"""Visitors whose requests come by a reverse proxy on this machine."""

from collections.abc import Sequence
from typing import Any

from django.test import Client

from fenqi.config.proxies import believing


def behind(proxies: Sequence[str], **options: Any) -> Client:
    """A visitor of a server that trusts these proxies; the connection comes from 127.0.0.1."""
    client = Client(**options)
    answer: Any = client.handler
    application = believing(lambda environ, _start: answer(environ), proxies)
    client.handler = lambda environ: application(environ, None)  # type: ignore[assignment]
    return client
