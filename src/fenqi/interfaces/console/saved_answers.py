"""Saved answers: what stands, every version, a new one, and taking one back."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.support.saved_words import WORDS
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, lists_page, read_listing, worded
from fenqi.interfaces.console.pages import plain_text
from fenqi.interfaces.console.words import ANSWER_STANDINGS, TOPICS
from fenqi.usecases import clock
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.support import saved_answers


class AnswerForm(forms.Form):
    """A version of a saved answer."""

    code = forms.CharField(max_length=saved_answers.LONGEST_CODE)
    topic = forms.ChoiceField(required=False, choices=[("", ""), *((code, code) for code in TOPICS)])
    title_zh = forms.CharField(max_length=saved_answers.LONGEST_TITLE)
    title_en = forms.CharField(max_length=saved_answers.LONGEST_TITLE)
    text_zh = forms.CharField(max_length=saved_answers.LONGEST_TEXT)
    text_en = forms.CharField(max_length=saved_answers.LONGEST_TEXT)


class Version(NamedTuple):
    """One version in the list: whether it stands, and what it is called and says in the reader's language."""

    answer: saved_answers.SavedAnswerView
    standing: str
    title: str
    text: str


VERSIONS: Final[Sequence[Column[Version]]] = (
    Column(key="title", title=_("Title"), value=lambda one: one.title),
    Column(key="code", title=_("Short name"), value=lambda one: one.answer.code),
    Column(key="version", title=_("Version"), value=lambda one: one.answer.version, kind=Kind.NUMBER),
    worded("standing", _("Standing"), ANSWER_STANDINGS, lambda one: one.standing),
    worded("topic", _("Offered first for"), {"": _("All tickets"), **TOPICS}, lambda one: one.answer.topic),
    Column(key="published", title=_("Published"), value=lambda one: one.answer.published_at, kind=Kind.MOMENT),
    Column(key="by", title=_("Published by"), value=lambda one: one.answer.published_by),
    Column(key="text", title=_("Text"), value=lambda one: one.text),
)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.EDIT_SAVED_ANSWERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Every version; the form starts from the one that is named."""
    if request.method != "POST":
        return _page(request, staff, typed=_started_from(plain_text(request.GET.get("code"))))
    form = AnswerForm(request.POST)
    try:
        if not form.is_valid():
            field = next(iter(form.errors))
            raise InvalidInput(where=field, problem="fill it in, not too long", problem_zh="请填写，且不要过长")
        typed = {name: str(value).replace("\r\n", "\n") for name, value in form.cleaned_data.items()}
        saved_answers.publish_answer(staff, saved_answers.AnswerDraft(**typed), now=clock.now())
    except FenqiError as refusal:
        told = [refusal.text(get_language() or "zh-hans")]
        return _page(request, staff, typed=request.POST, errors=told, status=refusal.status)
    return redirect("console:saved_answers")


@require_POST
@staff_page(Permission.EDIT_SAVED_ANSWERS)
def withdraw(request: HttpRequest, staff: Staff) -> HttpResponse:
    saved_answers.withdraw_answer(staff, plain_text(request.POST.get("code")), now=clock.now())
    return redirect("console:saved_answers")


def _started_from(code: str) -> dict[str, str]:
    found = next(iter(saved_answers.versions(code)), None) if code else None
    names = ("code", "topic", "title_zh", "title_en", "text_zh", "text_en")
    return {name: getattr(found, name) for name in names} if found else {}


def _page(
    request: HttpRequest, staff: Staff, *, typed: object, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    standing = {(one.code, one.version) for one in saved_answers.standing_answers()}
    versions = [_version(one, stands=(one.code, one.version) in standing) for one in saved_answers.versions()]
    listing = read_listing(request, name="saved-answers", columns=VERSIONS, rows=versions)
    context = {
        "place": "support",
        "topics": TOPICS,
        "gaps": sorted(WORDS),
        "typed": typed,
        "errors": errors or [],
    }
    return lists_page(request, staff, "saved_answers.html", {"listing": listing}, context, status=status)


def _version(answer: saved_answers.SavedAnswerView, *, stands: bool) -> Version:
    standing = "stands" if stands else "withdrawn" if answer.withdrawn_at else "replaced"
    language = get_language() or "zh-hans"
    return Version(answer, standing, answer.title(language), answer.text(language))
