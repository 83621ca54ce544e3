"""Who calls: behind proxies of ours the address that they saw, and it is believed from them alone."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from granian.utils.proxies import wrap_wsgi_with_proxy_headers

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

_ADDRESS: Final = "REMOTE_ADDR"
_PEER: Final = "fenqi.peer_address"


def believing(application: Application, proxies: Sequence[str]) -> Application:
    """The application, told the caller's address by `proxies` (addresses and networks); by nobody when there are none.

    Of `X-Forwarded-For` the last address counts that is none of theirs: what stands before it is what the caller says.
    Something that is no address leaves the proxy's own.
    """
    if not proxies:
        return application

    def with_an_address(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not _is_address(str(environ.get(_ADDRESS, ""))):
            environ[_ADDRESS] = environ[_PEER]
        return application(environ, start_response)

    forwarded: Application = wrap_wsgi_with_proxy_headers(with_an_address, list(proxies))

    def remembering_the_peer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        environ[_PEER] = environ.get(_ADDRESS, "")
        return forwarded(environ, start_response)

    return remembering_the_peer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
