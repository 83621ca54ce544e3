"""One address for each channel. What is not believed is recorded, answered with an error and changes nothing."""

from contextlib import suppress

import structlog
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fenqi.channels.interface import Callback
from fenqi.domain.errors import FenqiError
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.rate_limits import Rate, TooManyRequests
from fenqi.usecases.repayment.resolve import receive_notification

LARGEST_BODY = 64 * 1024
TOO_LARGE, TOO_MANY, MALFORMED, SERVER_ERROR = 413, 429, 400, 500
_log = structlog.get_logger(__name__)


@csrf_exempt  # the channel's signature is what is believed
@require_POST
@never_cache
def notify(request: HttpRequest, channel: str) -> HttpResponse:
    """Take a notification and answer what the channel waits for; anything else makes it tell us again later."""
    address = remote_address(request)
    if rate_limits.is_used_up(Rate.REFUSED_CALLBACK, address):
        return _refused("too many refused callbacks", TOO_MANY, address)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return _refused("too large", TOO_LARGE, address)
    try:
        callback = Callback(headers={name.lower(): value for name, value in request.headers.items()}, body=request.body)
        taken = receive_notification(channel, callback, remote_address=address, now=clock.now())
    except (SuspiciousOperation, UnreadablePostError):
        return _refused("malformed", MALFORMED, address)
    except FenqiError as refusal:
        if refusal.status >= SERVER_ERROR:
            raise
        return _refused(refusal.code, refusal.status, address)
    return HttpResponse(taken.body, content_type=taken.content_type, status=taken.status)


def remote_address(request: HttpRequest) -> str:
    """Who calls: behind a proxy that is named in the settings, whom that proxy saw (`fenqi.config.proxies`)."""
    return str(request.META.get("REMOTE_ADDR", ""))


def _refused(reason: str, status: int, address: str) -> HttpResponse:
    """Every refusal counts against the address that called."""
    with suppress(TooManyRequests):
        rate_limits.count(Rate.REFUSED_CALLBACK, address)
    _log.info("callback_not_taken", reason=reason, status=status)
    return HttpResponse(f"refused: {reason}\n", status=status, content_type="text/plain; charset=utf-8")
