"""Talking to customer service: the story is attached by itself, and no message is lost or sent twice (R131-R135)."""

from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import FailureCategory
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.methods import channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared.story import Story, StoryAttempt, read_story
from fenqi.usecases import clock
from fenqi.usecases.support.conversation import (
    DISPUTE,
    LONGEST_MESSAGE,
    ThreadView,
    list_threads,
    open_dispute,
    open_thread,
    say,
    thread_view,
)
from fenqi.usecases.support.errors import MessageRefused
from fenqi.usecases.support.service_desk import service_desk

REFRESH_SECONDS = 5


class OpenForm(forms.Form):
    """What the conversation is about; none of them is about anything."""

    payment_id = forms.UUIDField(required=False)
    plan_id = forms.UUIDField(required=False)
    case_id = forms.UUIDField(required=False)


class DisputeForm(forms.Form):
    """What is disputed: one of them."""

    payment_id = forms.UUIDField(required=False)
    refund_id = forms.UUIDField(required=False)
    case_id = forms.UUIDField(required=False)


class MessageForm(forms.Form):
    """One message; `request_key` makes a double tap one message."""

    text = forms.CharField(max_length=10 * LONGEST_MESSAGE, required=False, strip=True)
    request_key = forms.UUIDField()


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    threads = [(thread, thread_title(thread)) for thread in list_threads(customer_id)]
    return render_page(request, "support.html", {"threads": threads, "desk": service_desk(clock.now())})


@require_POST
@customer_page
def start(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """To the conversation about this, which is begun when there is none."""
    form = OpenForm(request.POST)
    if not form.is_valid():
        raise NotFound
    about = form.cleaned_data
    thread_id = open_thread(
        customer_id,
        payment_id=about["payment_id"],
        plan_id=about["plan_id"],
        case_id=about["case_id"],
        language=get_language() or "zh-hans",
        now=clock.now(),
    )
    return redirect("portal:support_thread", thread_id=thread_id)


@require_POST
@customer_page
def dispute(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """To the dispute about this, which begins with its records attached (R081)."""
    form = DisputeForm(request.POST)
    if not form.is_valid() or not any(form.cleaned_data.values()):
        raise NotFound
    language = get_language() or "zh-hans"
    thread_id = open_dispute(customer_id, **form.cleaned_data, language=language, now=clock.now())
    return redirect("portal:support_thread", thread_id=thread_id)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def conversation(request: HttpRequest, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """All that was said, and a box for more; what is typed stays typed while the messages refresh."""
    if request.method != "POST":
        return _page(request, thread_view(customer_id, thread_id))
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, thread_view(customer_id, thread_id), status=422)
    text, key = form.cleaned_data["text"], str(form.cleaned_data["request_key"])
    try:
        say(customer_id, thread_id, text, request_key=key, now=clock.now())
    except MessageRefused as refusal:
        told = refusal.text(get_language() or "zh-hans")
        return _page(request, thread_view(customer_id, thread_id), typed=text, errors=(told,), status=refusal.status)
    return redirect("portal:support_thread", thread_id=thread_id)


def thread_title(thread: ThreadView) -> str:
    """What it is about, in the customer's words."""
    titles = {
        "repayment_failed": _("A repayment that did not go through"),
        "outcome_unknown": _("A repayment whose outcome is not known"),
    }
    story = read_story(thread.story)
    about = story.title if story.has_plan else _("A question")
    if thread.topic == DISPUTE:
        return _("Dispute about order %(number)s") % {"number": story.disputed_order_no}
    if story.case_no:
        return _("After-sales %(number)s") % {"number": story.case_no}
    return titles.get(thread.topic, about)


def _page(
    request: HttpRequest, thread: ThreadView, *, typed: str = "", errors: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    story: Story = read_story(thread.story)
    context = {
        "thread": thread,
        "title": thread_title(thread),
        "story": story,
        "attempts": [(attempt, channel_name(attempt.channel), _why(attempt)) for attempt in story.attempts],
        "desk": service_desk(clock.now()),
        "request_key": uuid4(),
        "typed": typed,
        "errors": errors,
        "most": LONGEST_MESSAGE,
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render_page(request, "support_thread.html", context, status=status)


def _why(attempt: StoryAttempt) -> str:
    """What the customer was shown, in the language of whoever reads it now."""
    known = {category.value: category for category in FailureCategory}
    category = known.get(attempt.category)
    return category.customer_line(get_language() or "zh-hans") if category else ""
