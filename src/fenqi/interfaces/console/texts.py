"""Announcements and help pages at the console: drafts, what a reader will see, publishing by a second person (R162)."""

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.help.markup import LIVING, PAGES
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, list_page, read_listing, worded
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared.written import shown_blocks
from fenqi.records.models import TextKind
from fenqi.usecases import clock
from fenqi.usecases.aftersales.policies import all_versions
from fenqi.usecases.help import publishing
from fenqi.usecases.help.texts import GUIDES, TextView, all_texts, guide, text_of
from fenqi.usecases.staff.permissions import Permission, Staff


class TextForm(forms.Form):
    """A draft; `policy` is code and version of the rule that it tells of."""

    kind = forms.ChoiceField(choices=TextKind.choices)
    code = forms.CharField(max_length=64)
    title_zh = forms.CharField(max_length=publishing.LONGEST_TITLE)
    title_en = forms.CharField(max_length=publishing.LONGEST_TITLE)
    text_zh = forms.CharField(max_length=publishing.LONGEST_TEXT)
    text_en = forms.CharField(max_length=publishing.LONGEST_TEXT)
    change_zh = forms.CharField(max_length=publishing.LONGEST_CHANGE, required=False)
    change_en = forms.CharField(max_length=publishing.LONGEST_CHANGE, required=False)
    valid_from = forms.DateField()
    banner_until = forms.DateField(required=False)
    policy = forms.CharField(max_length=140, required=False)


def _state(text: TextView) -> str:
    return "withdrawn" if text.withdrawn_at else "published" if text.published_at else "draft"


TEXTS: Final[Sequence[Column[TextView]]] = (
    Column(key="title", title=_("Title"), value=lambda text: text.title(get_language() or "zh-hans")),
    worded("kind", _("Kind"), words.TEXT_KINDS, lambda text: text.kind.value),
    Column(key="code", title=_("Short name"), value=lambda text: text.code),
    Column(key="version", title=_("Version"), value=lambda text: text.version, kind=Kind.NUMBER),
    Column(key="from", title=_("Holds from"), value=lambda text: text.valid_from, kind=Kind.DAY),
    worded("state", _("State"), words.TEXT_STATES, _state),
    Column(key="by", title=_("Written by"), value=lambda text: text.written_by, has_choices=True),
    Column(key="published", title=_("Published"), value=lambda text: text.published_at, kind=Kind.MOMENT),
    Column(key="publisher", title=_("Published by"), value=lambda text: text.published_by),
)


@require_safe
@staff_page(Permission.WRITE_TEXTS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Drafts that wait for the second person first, then every version."""
    listing = read_listing(request, name="texts", columns=TEXTS, rows=all_texts())
    return list_page(request, staff, "texts.html", listing, {"place": "texts", "guides": GUIDES})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.WRITE_TEXTS)
def draft(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A new announcement, or a new version of a help page or an announcement, which starts from the one that is."""
    if request.method != "POST":
        return _form(request, typed=_started_from(request))
    form = TextForm(request.POST)
    try:
        text_id = publishing.write(staff, _draft(form), now=clock.now())
    except FenqiError as refusal:
        told = [refusal.text(get_language() or "zh-hans")]
        return _form(request, typed=request.POST, errors=told, status=refusal.status)
    return redirect("console:look_at_text", text_id)


@require_safe
@staff_page(Permission.WRITE_TEXTS)
def look(request: HttpRequest, staff: Staff, text_id: UUID) -> HttpResponse:
    return _look(request, staff, text_id)


@require_POST
@staff_page(Permission.PUBLISH_TEXTS)
def publish(request: HttpRequest, staff: Staff, text_id: UUID) -> HttpResponse:
    return _done(request, staff, text_id, lambda: publishing.publish(staff, text_id, now=clock.now()))


@require_POST
@staff_page(Permission.WRITE_TEXTS)
def drop(_request: HttpRequest, staff: Staff, text_id: UUID) -> HttpResponse:
    publishing.drop(staff, text_id, now=clock.now())
    return redirect("console:texts")


@require_POST
@staff_page(Permission.PUBLISH_TEXTS)
def withdraw(request: HttpRequest, staff: Staff, text_id: UUID) -> HttpResponse:
    return _done(request, staff, text_id, lambda: publishing.withdraw(staff, text_id, now=clock.now()))


def _draft(form: TextForm) -> publishing.TextDraft:
    """Raises InvalidInput."""
    if not form.is_valid():
        raise InvalidInput(where=next(iter(form.errors)), problem="fill it in as asked for", problem_zh="请按要求填写")
    said = dict(form.cleaned_data)
    code, _at, version = said.pop("policy").rpartition("@")
    texts = {name: said[name].replace("\r\n", "\n").strip() for name in publishing.PRINTED}
    number = int(version) if version.isascii() and version.isdigit() else None
    return publishing.TextDraft(
        **{**said, **texts, "kind": TextKind(said["kind"])}, policy_code=code if number else "", policy_version=number
    )


def _started_from(request: HttpRequest) -> dict[str, object]:
    code, text_id = request.GET.get("guide", ""), request.GET.get("text", "")
    names = ("kind", "code", "title_zh", "title_en", "text_zh", "text_en", "policy_code", "policy_version")
    today = clock.business_date(clock.now())
    if code:
        found = guide(code[:64], today=today)
    elif text_id:
        try:
            found = text_of(UUID(text_id))
        except ValueError:
            raise NotFound from None
    else:
        return {"kind": TextKind.ANNOUNCEMENT.value, "valid_from": today.isoformat()}
    typed: dict[str, object] = {name: getattr(found, name) for name in names}
    policy = f"{found.policy_code}@{found.policy_version}" if found.policy_code else ""
    return {**typed, "kind": found.kind.value, "valid_from": today.isoformat(), "policy": policy}


def _form(request: HttpRequest, *, typed: object, errors: list[str] | None = None, status: int = 200) -> HttpResponse:
    context = {
        "place": "texts",
        "typed": typed,
        "errors": errors or [],
        "policies": [(f"{one.code}@{one.version}", one) for one in all_versions() if one.withdrawn_at is None],
        "pages": sorted(PAGES),
        "living": sorted(LIVING),
    }
    return render_page(request, "text_draft.html", context, status=status)


def _done(request: HttpRequest, staff: Staff, text_id: UUID, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except NotFound:
        raise
    except FenqiError as refusal:
        return _look(request, staff, text_id, refusal=refusal)
    return redirect("console:look_at_text", text_id)


def _look(request: HttpRequest, staff: Staff, text_id: UUID, *, refusal: FenqiError | None = None) -> HttpResponse:
    """Both languages as readers will see them."""
    text = text_of(text_id)
    context = {
        "place": "texts",
        "text": text,
        "both": [
            (text.title_zh, [(block, None) for block in shown_blocks(text.blocks("zh"))], "zh-Hans"),
            (text.title_en, [(block, None) for block in shown_blocks(text.blocks("en"))], "en"),
        ],
        "is_mine": text.written_by == staff.username,
        "errors": [refusal.text(get_language() or "zh-hans")] if refusal else [],
    }
    return render_page(request, "text.html", context, status=refusal.status if refusal else 200)
