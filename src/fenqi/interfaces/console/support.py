"""Answering customers: who waits, and one conversation beside what the system knows of it (R135)."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared.story import read_story
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support.conversation import LONGEST_MESSAGE, answer, close, queue, take, thread_view
from fenqi.usecases.support.errors import MessageRefused

_LONGEST_KEY = 64


@require_safe
@staff_page(Permission.ANSWER_CUSTOMERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The longest wait first."""
    return render_page(request, "support.html", {"place": "support", "waiting": queue(staff), "now": clock.now()})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.ANSWER_CUSTOMERS)
def conversation(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """What was said, what is known, and the answer."""
    if request.method != "POST":
        return _page(request, staff, customer_id, thread_id)
    typed, key = request.POST.get("text", ""), request.POST.get("request_key", "")[:_LONGEST_KEY]
    try:
        answer(staff, customer_id, thread_id, typed, request_key=key or str(uuid4()), now=clock.now())
    except MessageRefused as refusal:
        return _page(request, staff, customer_id, thread_id, typed=typed, refusal=refusal)
    return redirect("console:support_thread", customer_id, thread_id)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def take_over(_request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    take(staff, customer_id, thread_id, now=clock.now())
    return redirect("console:support_thread", customer_id, thread_id)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def end(_request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    close(staff, customer_id, thread_id, now=clock.now())
    return redirect("console:support")


def _page(
    request: HttpRequest,
    staff: Staff,
    customer_id: UUID,
    thread_id: UUID,
    *,
    typed: str = "",
    refusal: FenqiError | None = None,
) -> HttpResponse:
    thread = thread_view(customer_id, thread_id)
    audit.record(
        staff.actor,
        audit.Action.CONVERSATION_SEEN,
        customer_id=customer_id,
        subject=str(thread_id),
        now=clock.now(),
    )
    context = {
        "place": "support",
        "customer": customer_view(customer_id),
        "thread": thread,
        "story": read_story(thread.story),
        "is_mine": thread.agent == staff.actor,
        "is_anothers": bool(thread.agent) and thread.agent != staff.actor,
        "typed": typed,
        "errors": [refusal.text(get_language() or "zh-hans")] if refusal else [],
        "most": LONGEST_MESSAGE,
        "request_key": uuid4(),
    }
    return render_page(request, "support_thread.html", context, status=refusal.status if refusal else 200)
