"""Sending the address to repay again: first the words as they would be sent, then, against a reason, the sending."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import plain_text, render_page
from fenqi.usecases import clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support import send_link

LONGEST_KEY = 36
LONGEST_REASON = 10_000
"""Longer than what is taken: what is too long is told, and not cut."""


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.ANSWER_CUSTOMERS)
def show(request: HttpRequest, staff: Staff, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    now = clock.now()
    context = {
        "place": "customer",
        "customer": customer_view(customer_id),
        "plan_id": plan_id,
        "request_key": plain_text(request.POST.get("request_key"), longest=LONGEST_KEY) or uuid4(),
        "reason": plain_text(request.POST.get("reason"), longest=LONGEST_REASON),
    }
    try:
        if request.method == "POST":
            key, reason = str(context["request_key"]), str(context["reason"])
            thread_id = send_link.send_link(staff, customer_id, plan_id, reason=reason, request_key=key, now=now)
            return redirect("console:support_thread", customer_id, thread_id)
        planned = send_link.simulate(staff, customer_id, plan_id, now=now)
    except NotFound:
        raise
    except FenqiError as refusal:
        told = [refusal.text(get_language() or "zh-hans")]
        return render_page(request, "send_link.html", {**context, "errors": told}, status=refusal.status)
    return render_page(request, "send_link.html", {**context, "planned": planned})
