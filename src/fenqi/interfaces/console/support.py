"""The help desk: who waits, one ticket beside what the system knows of it, and who has it (R131-R135)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.support.saved_words import gaps
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, list_page, read_listing, worded
from fenqi.interfaces.console.pages import plain_text, render_page
from fenqi.interfaces.shared.story import read_story
from fenqi.usecases import audit, clock
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support import callbacks, holding, notes, saved_answers
from fenqi.usecases.support.conversation import (
    LONGEST_MESSAGE,
    answer,
    close,
    open_for_customer,
    thread_view,
)
from fenqi.usecases.support.desk import Waiting, Which, calls_due, counts, queue
from fenqi.usecases.support.errors import NoSuchTime
from fenqi.usecases.support.reading import has_been_seen
from fenqi.usecases.support.threads import LONGEST_NOTE, ThreadView

_LONGEST_KEY = 64

TICKETS: Final[Sequence[Column[Waiting]]] = (
    Column(key="by", title=_("Answer by"), value=lambda line: line.thread.due_at, kind=Kind.MOMENT),
    Column(key="ticket", title=_("Ticket"), value=lambda line: line.thread.spoken_no),
    Column(key="customer", title=_("Customer"), value=lambda line: line.customer.name_masked or line.customer.ref),
    worded("about", _("About"), words.TOPICS, lambda line: line.thread.topic),
    Column(key="said", title=_("Last words"), value=lambda line: line.last_words),
    Column(key="agent", title=_("Agent"), value=lambda line: line.thread.agent_name, has_choices=True),
)
REFRESH_SECONDS = 10


class HandOverForm(forms.Form):
    """To whom, and what they need to know."""

    to = forms.UUIDField()
    note = forms.CharField(max_length=10 * LONGEST_NOTE, required=False)


class CallForm(forms.Form):
    """When the customer is called, in the mall's time, and why."""

    on = forms.DateField()
    at = forms.TimeField()
    reason = forms.CharField(max_length=10 * LONGEST_NOTE, required=False)


@require_safe
@staff_page(Permission.ANSWER_CUSTOMERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Whoever was promised the earliest answer first."""
    now = clock.now()
    which = Which.of(request.GET.get("show"))
    lines = queue(staff, which=which, limit=MOST_READ + 1, now=now)
    listing = read_listing(
        request,
        name="tickets",
        columns=TICKETS,
        rows=lines[:MOST_READ],
        kept={"show": which.value},
        is_cut=len(lines) > MOST_READ,
    )
    context = {
        "place": "support",
        "which": which,
        "shows": tuple(Which),
        "counts": counts(staff, now=now),
        "calls": calls_due(staff, now=now),
        "now": now,
    }
    return list_page(request, staff, "support.html", listing, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.ANSWER_CUSTOMERS)
def conversation(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """What was said, what is known, and the answer; a saved answer is put into the box, never sent by itself."""
    if request.method != "POST":
        return _page(request, staff, customer_id, thread_id)
    typed = request.POST.get("text", "")

    def send() -> None:
        answer(staff, customer_id, thread_id, typed, request_key=_key(request), now=clock.now())

    return _done(request, staff, customer_id, thread_id, send, typed=typed)


@require_safe
@staff_page(Permission.ANSWER_CUSTOMERS)
def news(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """What was said and done, if it is not what the page shows already."""
    thread = thread_view(customer_id, thread_id, now=clock.now())
    if request.GET.get("shown") == mark_of(thread):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    has_been_seen(staff, customer_id, thread_id, up_to=thread.last_no)
    _written_down(staff, customer_id, thread_id)
    return render_page(request, "ticket_talk.html", _talk(thread))


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def take(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """Nobody's ticket, or, against a reason, a colleague's."""
    holder, reason = request.POST.get("holder", "")[:80], request.POST.get("note", "")

    def act() -> None:
        if holder:
            holding.take_over(staff, customer_id, thread_id, holder=holder, reason=reason, now=clock.now())
        else:
            holding.take(staff, customer_id, thread_id, now=clock.now())

    return _done(request, staff, customer_id, thread_id, act)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def hand_over(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    form = HandOverForm(request.POST)

    def act() -> None:
        to = form.cleaned_data["to"] if form.is_valid() else UUID(int=0)
        note = request.POST.get("note", "")
        holding.hand_over(staff, customer_id, thread_id, to=to, note=note, request_key=_key(request), now=clock.now())

    return _done(request, staff, customer_id, thread_id, act)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def release(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    def act() -> None:
        holding.release(staff, customer_id, thread_id, note=request.POST.get("note", ""), now=clock.now())

    return _done(request, staff, customer_id, thread_id, act)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def note(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """An internal note, or a telephone call that is written down."""
    words, way = request.POST.get("note", ""), request.POST.get("way", "")

    def act() -> None:
        key, now = _key(request), clock.now()
        if way:
            notes.log_call(staff, customer_id, thread_id, words, way=way, request_key=key, now=now)
        else:
            notes.add_note(staff, customer_id, thread_id, words, request_key=key, now=now)

    return _done(request, staff, customer_id, thread_id, act)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def end(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    def act() -> None:
        close(staff, customer_id, thread_id, note=request.POST.get("note", ""), now=clock.now())

    return _done(request, staff, customer_id, thread_id, act, to="console:support")


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def begin(_request: HttpRequest, staff: Staff, customer_id: UUID) -> HttpResponse:
    """A ticket because the customer called."""
    customer = customer_view(customer_id)
    thread_id = open_for_customer(staff, customer_id, language=customer.language, now=clock.now())
    return redirect("console:support_thread", customer_id, thread_id)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.ANSWER_CUSTOMERS)
def call_back(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID) -> HttpResponse:
    """First what would happen, then, confirmed, the promise of a call."""
    thread = thread_view(customer_id, thread_id)
    context = {
        "place": "support",
        "customer": customer_view(customer_id),
        "thread": thread,
        "hours": callbacks.call_hours(),
        "calls": callbacks.calls_of(customer_id, thread_id),
        "typed": request.POST,
    }
    if request.method != "POST":
        return render_page(request, "call_back.html", context)
    form = CallForm(request.POST)
    try:
        from_at = _call_at(form)
        plan = callbacks.simulate(staff, customer_id, thread_id, from_at=from_at, now=clock.now())
        if request.POST.get("confirm") != "yes":
            return render_page(request, "call_back.html", {**context, "plan": plan})
        reason = form.cleaned_data["reason"]
        callbacks.plan_call(staff, customer_id, thread_id, from_at=from_at, reason=reason, now=clock.now())
    except NotFound:
        raise
    except FenqiError as refusal:
        errors = [refusal.text(get_language() or "zh-hans")]
        return render_page(request, "call_back.html", {**context, "errors": errors}, status=refusal.status)
    return redirect("console:support_thread", customer_id, thread_id)


@require_POST
@staff_page(Permission.ANSWER_CUSTOMERS)
def end_call(request: HttpRequest, staff: Staff, customer_id: UUID, thread_id: UUID, callback_id: UUID) -> HttpResponse:
    was_made, words = request.POST.get("made") == "yes", request.POST.get("note", "")

    def act() -> None:
        callbacks.end_call(staff, customer_id, callback_id, was_made=was_made, outcome=words, now=clock.now())

    return _done(request, staff, customer_id, thread_id, act)


def _call_at(form: CallForm) -> datetime:
    """Raises NoSuchTime for what is no time."""
    if not form.is_valid():
        raise NoSuchTime(where="from_at", hours=callbacks.call_hours())
    return datetime.combine(form.cleaned_data["on"], form.cleaned_data["at"], tzinfo=clock.mall_zone())


def mark_of(thread: ThreadView) -> str:
    """Changes whenever there is something else to show."""
    return f"{thread.last_no}-{len(thread.events)}-{thread.state.value}-{thread.agent[-8:]}-{int(thread.is_late)}"


def _written_down(staff: Staff, customer_id: UUID, thread_id: UUID) -> None:
    """Who reads what a customer wrote, by whichever address."""
    seen = audit.Action.CONVERSATION_SEEN
    audit.record(staff.actor, seen, customer_id=customer_id, subject=str(thread_id), now=clock.now())


def _key(request: HttpRequest) -> str:
    return plain_text(request.POST.get("request_key"), longest=_LONGEST_KEY) or str(uuid4())


def _done(
    request: HttpRequest,
    staff: Staff,
    customer_id: UUID,
    thread_id: UUID,
    act: Callable[[], None],
    *,
    typed: str = "",
    to: str = "",
) -> HttpResponse:
    """Back to the ticket; what is refused is told there, with everything that was typed."""
    try:
        act()
    except NotFound:
        raise
    except FenqiError as refusal:
        return _page(request, staff, customer_id, thread_id, typed=typed, refusal=refusal)
    return redirect(to) if to else redirect("console:support_thread", customer_id, thread_id)


def _talk(thread: ThreadView) -> dict[str, object]:
    """What was said and done, in the order of time."""
    moments = sorted(
        [
            *((one.at, 0, "message", one) for one in thread.messages),
            *((one.at, 1, "event", one) for one in thread.events),
        ],
        key=lambda moment: moment[:2],
    )
    shown = [(kind, one) for _at, _rank, kind, one in moments]
    return {"thread": thread, "moments": shown, "shown": mark_of(thread), "refresh_seconds": REFRESH_SECONDS}


def _page(
    request: HttpRequest,
    staff: Staff,
    customer_id: UUID,
    thread_id: UUID,
    *,
    typed: str = "",
    refusal: FenqiError | None = None,
) -> HttpResponse:
    now = clock.now()
    thread = thread_view(customer_id, thread_id, now=now)
    has_been_seen(staff, customer_id, thread_id, up_to=thread.last_no)
    _written_down(staff, customer_id, thread_id)
    use = request.GET.get("use", "")
    if use and not typed:
        typed = saved_answers.filled(use[:64], thread, now=now)
    context = {
        **_talk(thread),
        "place": "support",
        "customer": customer_view(customer_id),
        "story": read_story(thread.story),
        "is_mine": thread.agent == staff.actor,
        "is_anothers": bool(thread.agent) and thread.agent != staff.actor,
        "colleagues": holding.colleagues(staff),
        "calls": callbacks.calls_of(customer_id, thread_id),
        "saved": saved_answers.standing_answers(topic=thread.topic),
        "typed": typed,
        "gaps": gaps(typed) if use else (),
        "noted": request.POST.get("note", ""),
        "errors": [refusal.text(get_language() or "zh-hans")] if refusal else [],
        "request_key": uuid4() if refusal is None else _key(request),
        "most": LONGEST_MESSAGE,
        "now": now,
    }
    return render_page(request, "support_thread.html", context, status=refusal.status if refusal else 200)
