"""Where the payer goes after a repayment is started: to the channel, to a code to scan, or to the result."""

from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.device import payer_of
from fenqi.interfaces.portal.methods import channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.recovery import cashier_causes
from fenqi.usecases import clock
from fenqi.usecases.repayment import queries
from fenqi.usecases.repayment.start import Next, StartedRepayment, reopen
from fenqi.usecases.views import PaymentView

REFRESH_SECONDS = 3


def go_on(started: StartedRepayment) -> HttpResponse:
    match started.next:
        case Next.CHANNEL:
            return redirect(started.redirect_url)
        case Next.SCAN:
            return redirect("portal:scan", payment_id=started.payment_id)
        case Next.RESULT:
            return redirect("portal:result", payment_id=started.payment_id)


@require_safe
@customer_page
def scan(request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """The code, the sum and the time that is left; leads to the result as soon as there is one."""
    payment = queries.payment_view(customer_id, payment_id)
    code = _code_of(customer_id, payment)
    if code is None:
        return _to_result(request, payment_id)
    attempt = payment.latest_attempt
    assert attempt is not None
    context = {
        "payment": payment,
        "attempt": attempt,
        "channel": channel_name(attempt.channel),
        "causes": cashier_causes().items(),
        "code": drawn(code),
        "minutes_left": max(1, -(-int((attempt.expires_at - clock.now()).total_seconds()) // 60)),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render_page(request, "scan.html", context)


@require_POST
@customer_page
def back_to_cashier(request: HttpRequest, customer_id: UUID, payment_id: UUID) -> HttpResponse:
    """The payer came back without paying and wants to go there again: the same payment, a fresh address."""
    return go_on(reopen(customer_id, payment_id, payer=payer_of(request), now=clock.now()))


def _code_of(customer_id: UUID, payment: PaymentView) -> str | None:
    """What is to be scanned, while it may be."""
    attempt = payment.latest_attempt
    if attempt is None:
        raise NotFound
    if attempt.state != AttemptState.SUBMITTED or clock.now() >= attempt.expires_at:
        return None
    return queries.cashier_of(customer_id, attempt.attempt_id).get("code")


def _to_result(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """A whole page for the refreshing script, too: what it asks for in the page is not there, so it must go."""
    response = redirect("portal:result", payment_id=payment_id)
    if getattr(request, "htmx", False):
        going = HttpResponse(status=204)
        going["HX-Redirect"] = response["Location"]
        return going
    return response


def drawn(code: str) -> SafeString:
    """Dark on white in every scheme, since scanners want it so; sized by its attributes, not by styles."""
    drawing = segno.make(code, error="m").svg_inline(
        scale=5, border=4, dark="#1d1c1a", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return SafeString(drawing)
