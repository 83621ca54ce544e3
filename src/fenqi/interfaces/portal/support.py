"""Talking to customer service: the story is attached by itself, and no message is lost or sent twice (R131-R135).

The page works by reloading; where scripts run it asks every few seconds whether there is more, and is answered with
nothing (204) while there is not.
"""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.payments import FailureCategory
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.methods import channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared.story import Story, StoryAttempt, read_story
from fenqi.usecases import clock
from fenqi.usecases.rate_limits import TooManyRequests
from fenqi.usecases.support.callbacks import calls_of
from fenqi.usecases.support.conversation import (
    DISPUTE,
    LONGEST_MESSAGE,
    has_read,
    list_threads,
    open_dispute,
    open_thread,
    say,
    thread_view,
    unread,
)
from fenqi.usecases.support.errors import ConversationClosed, MessageRefused
from fenqi.usecases.support.promises import wait_now
from fenqi.usecases.support.rating import LONGEST_COMMENT, Helped, rate
from fenqi.usecases.support.service_desk import service_desk
from fenqi.usecases.support.story import Place
from fenqi.usecases.support.threads import ThreadView

REFRESH_SECONDS = 5
LONGEST_BODY = 200_000
"""Longer than anybody types: what is too long for a message comes back to its box, whole."""


class OpenForm(forms.Form):
    """What the conversation is about; none of them is about anything. `place` is the page it was asked from."""

    payment_id = forms.UUIDField(required=False)
    plan_id = forms.UUIDField(required=False)
    order_id = forms.UUIDField(required=False)
    case_id = forms.UUIDField(required=False)
    refund_id = forms.UUIDField(required=False)
    hold_id = forms.UUIDField(required=False)
    place = forms.CharField(required=False, max_length=16)


class DisputeForm(forms.Form):
    """What is disputed: one of them."""

    payment_id = forms.UUIDField(required=False)
    refund_id = forms.UUIDField(required=False)
    case_id = forms.UUIDField(required=False)


class MessageForm(forms.Form):
    """One message; `request_key` makes a double tap one message."""

    text = forms.CharField(max_length=LONGEST_BODY, required=False, strip=False)
    request_key = forms.UUIDField()


class RatingForm(forms.Form):
    """Was the matter solved?"""

    helped = forms.ChoiceField(choices=[(one.value, one.value) for one in Helped])
    comment = forms.CharField(max_length=10 * LONGEST_COMMENT, required=False)


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Help and feedback (R169): ask, read on, and what was asked before."""
    now = clock.now()
    news = unread(customer_id)
    threads = [(thread, thread_title(thread), news[thread.thread_id]) for thread in list_threads(customer_id)]
    context = {"threads": threads, "desk": service_desk(now), "wait": wait_now(now=now)}
    return render_page(request, "support.html", context)


@require_POST
@customer_page
def start(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """To the conversation about this, which is begun when there is none."""
    form = OpenForm(request.POST)
    if not form.is_valid():
        raise NotFound
    about = form.cleaned_data
    place = Place.of(about.pop("place"))
    thread_id = open_thread(customer_id, **about, place=place, language=get_language() or "zh-hans", now=clock.now())
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
        return _page(request, _seen(customer_id, thread_id))
    form = MessageForm(request.POST)
    typed = request.POST.get("text", "")
    if not form.is_valid():
        refusal = MessageRefused(where="text", most=LONGEST_MESSAGE, length=len(typed))
        return _page(request, _seen(customer_id, thread_id), typed=typed, refusal=refusal)
    text, key = form.cleaned_data["text"], str(form.cleaned_data["request_key"])
    try:
        say(customer_id, thread_id, text, request_key=key, now=clock.now())
    except (MessageRefused, ConversationClosed, TooManyRequests) as refusal:
        return _page(request, _seen(customer_id, thread_id), typed=typed, refusal=refusal)
    return redirect("portal:support_thread", thread_id=thread_id)


@require_safe
@customer_page
def news(request: HttpRequest, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """What was said, if it is not what the page shows already."""
    now = clock.now()
    thread = thread_view(customer_id, thread_id, now=now)
    if request.GET.get("shown") == mark_of(thread):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    has_read(customer_id, thread_id, up_to=thread.last_no)
    return render_page(request, "parts/said.html", _said(thread, now=now))


@require_POST
@customer_page
def judge(request: HttpRequest, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """The customer's word on how it went."""
    form = RatingForm(request.POST)
    if form.is_valid():
        helped, comment = Helped(form.cleaned_data["helped"]), form.cleaned_data["comment"]
        rate(customer_id, thread_id, helped, comment=comment, now=clock.now())
    return redirect("portal:support_thread", thread_id=thread_id)


def mark_of(thread: ThreadView) -> str:
    """Changes whenever there is something else to show."""
    return f"{thread.last_no}-{thread.state.value}-{int(thread.is_late)}-{int(thread.may_be_rated)}"


def _seen(customer_id: UUID, thread_id: UUID) -> ThreadView:
    """As it stands, and from now on read."""
    thread = thread_view(customer_id, thread_id, now=clock.now())
    has_read(customer_id, thread_id, up_to=thread.last_no)
    return thread


def _said(thread: ThreadView, *, now: datetime) -> dict[str, object]:
    """What the part of the page shows that refreshes."""
    calls = [call for call in calls_of(thread.customer_id, thread.thread_id) if call.is_planned]
    return {
        "thread": thread,
        "shown": mark_of(thread),
        "calls": calls,
        "wait": wait_now(now=now, before=thread.due_at) if thread.is_waiting else None,
        "refresh_seconds": REFRESH_SECONDS,
    }


def thread_title(thread: ThreadView) -> str:
    """What it is about, in the customer's words."""
    titles = {
        "repayment_failed": _("A repayment that did not go through"),
        "outcome_unknown": _("A repayment whose outcome is not known"),
    }
    story = read_story(thread.story)
    about = story.title or _("A question")
    if thread.topic == DISPUTE:
        return _("Dispute about order %(number)s") % {"number": story.disputed_order_no}
    if thread.topic == "refund":
        return _("A refund")
    if thread.topic == "reserve":
        return _("A reserve")
    if thread.topic == "entry":
        return _("Where to repay")
    if story.case_no:
        return _("After-sales %(number)s") % {"number": story.case_no}
    return titles.get(thread.topic, about)


def _page(
    request: HttpRequest, thread: ThreadView, *, typed: str = "", refusal: FenqiError | None = None
) -> HttpResponse:
    now = clock.now()
    story: Story = read_story(thread.story)
    context = {
        **_said(thread, now=now),
        "title": thread_title(thread),
        "story": story,
        "attempts": [(attempt, channel_name(attempt.channel), _why(attempt)) for attempt in story.attempts],
        "desk": service_desk(now),
        "request_key": request.POST.get("request_key") or uuid4(),
        "typed": typed,
        "errors": [refusal.text(get_language() or "zh-hans")] if refusal else [],
        "open_thread_id": refusal.details.get("open_thread_id") if refusal else None,
        "most": LONGEST_MESSAGE,
    }
    return render_page(request, "support_thread.html", context, status=refusal.status if refusal else 200)


def _why(attempt: StoryAttempt) -> str:
    """What the customer was shown, in the language of whoever reads it now."""
    known = {category.value: category for category in FailureCategory}
    category = known.get(attempt.category)
    return category.customer_line(get_language() or "zh-hans") if category else ""
