"""The rules of help: the version that holds, the earlier ones, and a form for the next."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.hardship.policy import RANGES
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, lists_page, read_listing
from fenqi.usecases import audit, clock
from fenqi.usecases.hardship.policies import LONGEST_NOTE, PublishedHelp, list_versions, policy_on, publish
from fenqi.usecases.staff.permissions import NotPermitted, Permission, Staff


class Published(NamedTuple):
    """A version, and the name of who published it."""

    version: PublishedHelp
    by: str


VERSIONS: Final[Sequence[Column[Published]]] = (
    Column(key="version", title=_lazy("Version"), value=lambda one: one.version.version, kind=Kind.NUMBER),
    Column(key="from", title=_lazy("Holds from"), value=lambda one: one.version.valid_from, kind=Kind.DAY),
    Column(key="by", title=_lazy("Published by"), value=lambda one: one.by, has_choices=True),
    Column(key="note", title=_lazy("Note"), value=lambda one: one.version.note),
)


class VersionForm(forms.Form):
    """Every number of the rules, from when, and why."""

    valid_from = forms.DateField()
    note = forms.CharField(max_length=LONGEST_NOTE, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        for name in RANGES:
            self.fields[name] = forms.IntegerField()


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SEE_POLICIES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    if request.method != "POST":
        return _page(request, staff)
    try:
        _publish(request, staff)
    except NotPermitted:
        raise
    except FenqiError as refusal:
        return _page(request, staff, refusal=refusal.text(get_language() or "zh-hans"), status=refusal.status)
    messages.info(request, _("Published. It holds from its first day on."))
    return redirect("console:help_policies")


def _publish(request: HttpRequest, staff: Staff) -> None:
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(where=next(iter(form.errors)), problem="fill it in as asked", problem_zh="请按要求填写")
    said = form.cleaned_data
    numbers = {name: said[name] for name in RANGES}
    publish(staff, numbers=numbers, valid_from=said["valid_from"], note=said["note"], now=clock.now())


def _page(request: HttpRequest, staff: Staff, *, refusal: str = "", status: int = 200) -> HttpResponse:
    today = clock.business_date(clock.now())
    versions = list_versions()
    names = audit.names_of({version.published_by for version in versions})
    holds = policy_on(today)
    typed = request.POST if refusal else {}
    context = {
        "place": "help_policies",
        "holds": holds,
        "numbers": [(name, typed.get(name, getattr(holds.rules, name)), *RANGES[name]) for name in RANGES],
        "today": today,
        "refusal": refusal,
    }
    published = [Published(one, names.get(one.published_by, one.published_by)) for one in versions]
    listing = read_listing(request, name="rules-of-help", columns=VERSIONS, rows=published, part="versions")
    return lists_page(request, staff, "hardship/policies.html", {"listing": listing}, context, status=status)
