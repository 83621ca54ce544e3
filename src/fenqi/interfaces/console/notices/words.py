"""The words of messages: every version, a preview as wide as a phone, drafts, and publishing by a second person."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, list_page, read_listing
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.notices import edit_templates
from fenqi.usecases.notices.edit_templates import KINDS, LANGUAGES, MessageLine
from fenqi.usecases.notices.templates import TEXTS, Message, title_of
from fenqi.usecases.notices.wording import variables_in, wording
from fenqi.usecases.staff.permissions import Permission, Staff


class DraftForm(forms.Form):
    language = forms.ChoiceField(choices=[(one, one) for one in LANGUAGES])
    kind = forms.ChoiceField(choices=[(one, one) for one in KINDS])
    title = forms.CharField(max_length=10 * edit_templates.LONGEST_TITLE, required=False)
    text = forms.CharField(max_length=10 * edit_templates.LONGEST_MAIL, required=False)


class TrialForm(forms.Form):
    language = forms.ChoiceField(choices=[(one, one) for one in LANGUAGES])
    kind = forms.ChoiceField(choices=[(one, one) for one in KINDS])
    to = forms.CharField(max_length=254)


def _in_force(key: str, title: Any) -> Column[MessageLine]:
    """The version in force of one way and language, such as `sms_zh`."""
    return Column(key=key, title=title, value=lambda one: one.versions[key], kind=Kind.NUMBER)


MESSAGES: Final[Sequence[Column[MessageLine]]] = (
    Column(key="title", title=_lazy("Message"), value=lambda one: one.title_en if _is_english() else one.title_zh),
    Column(key="name", title=_lazy("Short name"), value=lambda one: one.message),
    _in_force("sms_zh", _lazy("SMS, Chinese")),
    _in_force("sms_en", _lazy("SMS, English")),
    _in_force("mail_zh", _lazy("Mail, Chinese")),
    _in_force("mail_en", _lazy("Mail, English")),
    Column(key="drafts", title=_lazy("Drafts"), value=lambda one: one.drafts, kind=Kind.NUMBER),
)


@require_safe
@staff_page(Permission.SEE_NOTICES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    lines = edit_templates.list_messages(now=clock.now())
    listing = read_listing(request, name="messages", columns=MESSAGES, rows=lines)
    return list_page(request, staff, "notices/messages.html", listing, {"place": "notices"})


def _is_english() -> bool:
    return get_language() == "en"


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SEE_NOTICES)
def message(request: HttpRequest, staff: Staff, name: str) -> HttpResponse:
    """All versions of one message; a POST keeps a draft."""
    if request.method != "POST":
        return _page(request, name)
    form = DraftForm(request.POST)
    if not form.is_valid():
        return _page(request, name, form=form, problem=_("Something is missing or far too long."), status=422)
    try:
        edit_templates.draft(staff, name, **form.cleaned_data, now=clock.now())
    except FenqiError as refusal:
        if refusal.status != InvalidInput.status:
            raise
        return _page(request, name, form=form, problem=refusal.text(get_language() or "zh-hans"), status=422)
    messages.info(request, _("Drafted. A colleague publishes it."))
    return redirect("console:notice_words", name)


@require_POST
@staff_page(Permission.EDIT_NOTICE_TEMPLATES)
def publish(request: HttpRequest, staff: Staff, name: str, template_id: UUID) -> HttpResponse:
    edit_templates.publish(staff, template_id, now=clock.now())
    messages.info(request, _("Published. It is in force from now on."))
    return redirect("console:notice_words", name)


@require_POST
@staff_page(Permission.EDIT_NOTICE_TEMPLATES)
def withdraw(request: HttpRequest, staff: Staff, name: str, template_id: UUID) -> HttpResponse:
    edit_templates.withdraw(staff, template_id, now=clock.now())
    messages.info(request, _("Taken back. The version before it is in force again."))
    return redirect("console:notice_words", name)


@require_POST
@staff_page(Permission.EDIT_NOTICE_TEMPLATES)
def try_out(request: HttpRequest, staff: Staff, name: str) -> HttpResponse:
    form = TrialForm(request.POST)
    if not form.is_valid():
        return _page(request, name, problem=_("Say where it goes: a phone or an e-mail address."), status=422)
    try:
        edit_templates.try_out(staff, name, **form.cleaned_data, now=clock.now())
    except FenqiError as refusal:
        return _page(request, name, problem=refusal.text(get_language() or "zh-hans"), status=refusal.status)
    messages.info(request, _("Sent to the sandbox: look into its phone or mailbox."))
    return redirect("console:notice_words", name)


def _page(
    request: HttpRequest, name: str, *, form: DraftForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    versions = edit_templates.versions_of(name)
    language, kind = request.GET.get("language", "zh"), request.GET.get("kind", "sms")
    if language not in LANGUAGES or kind not in KINDS:
        raise NotFound
    now = wording(name, language, kind, at=clock.now())
    context = {
        "place": "notices",
        "name": name,
        "title": title_of(name, "en" if _is_english() else "zh"),
        "versions": versions,
        "variables": sorted(variables_in(TEXTS[Message(name), language])),
        "chosen": form.data if form else {"language": language, "kind": kind, "title": now.title, "text": now.text},
        "languages": LANGUAGES,
        "kinds": KINDS,
        "problem": problem,
        "sandbox": settings.FENQI_SANDBOX_URL,
    }
    return render_page(request, "notices/words.html", context, status=status)
