"""HTTP with strict limits, and one reading of its faults for all channels (channel rules, 6).

A fault before a byte was sent means "not executed"; every later one means that nobody knows.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx

LARGEST_ANSWER = 1_000_000
"""Bytes; the largest real answers are a few kilobytes."""

LARGEST_FILE = 2_000_000_000
"""Bytes of a daily bill as it is transferred; a million lines are some tens of megabytes."""


class Fault(Exception):
    """The call has no usable answer. `code` is `transport.*`, for the record."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class NotSent(Fault):
    """The counterparty was not reached: nothing was executed, the same request may be sent again."""


class NoAnswer(Fault):
    """The request may have been executed; only a query can tell."""


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_private_enough(url: str) -> bool:
    """Whether secrets may go there: by https, or by plain http to this very machine (the sandbox)."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that https is believed from; reading them takes longer than a call, so all clients share them."""
    return httpx.create_ssl_context()


def strict_client(base_url: str, *, connect_seconds: float, answer_seconds: float) -> httpx.Client:
    """A client without redirects, with a time limit on every step; no proxy of the environment sees loopback."""
    return httpx.Client(
        timeout=httpx.Timeout(answer_seconds, connect=connect_seconds, pool=connect_seconds),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
        follow_redirects=False,
        trust_env=not is_loopback(base_url),
        verify=_certificates(),
    )


def post(
    client: httpx.Client,
    url: str,
    *,
    params: Mapping[str, str],
    form: Mapping[str, str],
    answer_seconds: float,
    largest: int = LARGEST_ANSWER,
) -> bytes:
    """The body of a 200 answer that came whole within `answer_seconds`. Raises NotSent or NoAnswer."""
    deadline = time.monotonic() + answer_seconds
    with _faults_named(), client.stream("POST", url, params=dict(params), data=dict(form)) as response:
        if response.status_code != httpx.codes.OK:
            raise NoAnswer(f"transport.http_{response.status_code}")
        return _read(response, deadline, largest=largest)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer that came whole, of whatever status. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def exchange(
    client: httpx.Client, method: str, url: str, *, headers: Mapping[str, str], body: bytes, answer_seconds: float
) -> HttpAnswer:
    """Send exactly `body` to exactly `url`, which are signed as they are. Raises NotSent or NoAnswer."""
    deadline = time.monotonic() + answer_seconds
    with _faults_named(), client.stream(method, url, headers=dict(headers), content=body) as response:
        return HttpAnswer(response.status_code, dict(response.headers), _read(response, deadline))


def download(client: httpx.Client, url: str, *, headers: Mapping[str, str], to: Path, answer_seconds: float) -> None:
    """The body of a 200 answer, as it came, into the file `to`; a broken one leaves none. Raises as `exchange`."""
    part = to.with_name(f"{to.name}.part")
    deadline = time.monotonic() + answer_seconds
    try:
        with _faults_named(), client.stream("GET", url, headers=dict(headers)) as response, part.open("wb") as file:
            if response.status_code != httpx.codes.OK:
                raise NoAnswer(f"transport.http_{response.status_code}")
            for piece in response.iter_raw():
                if file.write(piece) and (file.tell() > LARGEST_FILE or time.monotonic() > deadline):
                    raise NoAnswer("transport.too_large" if file.tell() > LARGEST_FILE else "transport.timeout")
        part.rename(to)
    finally:
        part.unlink(missing_ok=True)


def _read(response: httpx.Response, deadline: float, *, largest: int = LARGEST_ANSWER) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > largest:
            raise NoAnswer("transport.too_large")
        if time.monotonic() > deadline:
            raise NoAnswer("transport.timeout")
    return bytes(body)


@contextmanager
def _faults_named() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise NotSent("transport.not_connected") from None
    except httpx.TimeoutException:
        raise NoAnswer("transport.timeout") from None
    except httpx.HTTPError:
        raise NoAnswer("transport.broken") from None
