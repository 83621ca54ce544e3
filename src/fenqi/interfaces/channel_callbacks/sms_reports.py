"""Where text-message services push their delivery reports. They are not signed: the address carries a secret."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fenqi.channels.sms import reports_in
from fenqi.interfaces.channel_callbacks.views import LARGEST_BODY, MALFORMED, TOO_LARGE
from fenqi.usecases import clock
from fenqi.usecases.notices.reports import take_reports

UNKNOWN_ADDRESS = 404
MOST_REPORTS = 100


@csrf_exempt  # whoever knows the address is believed, about nothing but deliveries
@require_POST
@never_cache
def take(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Answers as the service waits for: code 0."""
    known = settings.FENQI_SMS_REPORT_TOKEN
    if not known or not constant_time_compare(token, known):
        return HttpResponse(status=UNKNOWN_ADDRESS)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        return HttpResponse(status=TOO_LARGE)
    try:
        reports = reports_in(request.body)[:MOST_REPORTS]
    except (ValueError, RecursionError):
        return HttpResponse(status=MALFORMED)
    take_reports(provider, reports, now=clock.now())
    return JsonResponse({"code": 0, "msg": "ok"})
