"""Publishing a version of an entry: entered with a look at whom it serves, proposed, and decided by a colleague."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.entries import Entry, EntryKind, Group
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.entries.groups import GroupForm, group_of, group_text, provider_choices
from fenqi.interfaces.console.entries.pages import INSTANTS, at_mall, kind_name, name_of
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.entries.catalog import newest_versions
from fenqi.usecases.entries.proposals import EntryProposal, entry_proposal
from fenqi.usecases.entries.publish import approve_entry, preview_entry, propose_entry, turn_down_entry
from fenqi.usecases.entries.served import Served, served_by
from fenqi.usecases.staff.permissions import Permission, Staff

TEXTS: Final = ("code", "name_zh", "name_en", "howto_zh", "howto_en", "address", "successor")
NEW_POSITION: Final = 100


class VersionForm(GroupForm):
    """What was entered, on the mall's clock; what it means is checked by the use case."""

    after = forms.IntegerField(min_value=0)
    code = forms.CharField(max_length=200)
    kind = forms.ChoiceField(choices=[(kind.value, "") for kind in EntryKind])
    position = forms.IntegerField()
    name_zh = forms.CharField(max_length=2_000, required=False)
    name_en = forms.CharField(max_length=2_000, required=False)
    howto_zh = forms.CharField(max_length=5_000, required=False)
    howto_en = forms.CharField(max_length=5_000, required=False)
    address = forms.CharField(max_length=2_000, required=False)
    opens_at = forms.TimeField(required=False)
    closes_at = forms.TimeField(required=False)
    opens_on = forms.DateField(required=False)
    closes_on = forms.DateField(required=False)
    moved_at = forms.DateTimeField(input_formats=INSTANTS, required=False)
    successor = forms.CharField(max_length=40, required=False)
    reason = forms.CharField(max_length=200, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.PLAN_CLOSINGS)
def edit(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A first POST shows whom it would serve; with `confirmed` it is proposed."""
    if request.method != "POST":
        base = newest_versions().get(request.GET.get("entry", ""))
        return _form_page(request, VersionForm(initial=_initial(base)))
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    now, entry, after = clock.now(), _entered(form), form.cleaned_data["after"]
    try:
        served = preview_entry(staff, entry, after=after, now=now)
        if "confirmed" in request.POST:
            proposal_id = propose_entry(staff, entry, after=after, reason=form.cleaned_data["reason"], now=now)
            messages.info(request, _("Proposed. It rules once a colleague has approved it."))
            return redirect("console:entry_proposal", proposal_id=proposal_id)
    except FenqiError as refusal:
        form.add_error(None, refusal.text(get_language() or "zh-hans"))
        return _form_page(request, form, status=refusal.status)
    return _form_page(request, form, served=served)


@require_safe
@staff_page(Permission.SEE_ENTRIES)
def show(request: HttpRequest, staff: Staff, proposal_id: UUID) -> HttpResponse:
    return _proposal_page(request, staff, proposal_id)


@require_POST
@staff_page(Permission.SEE_ENTRIES)
def act(request: HttpRequest, staff: Staff, proposal_id: UUID, verb: str) -> HttpResponse:
    """approve, reject: each use case asks for its own permission."""
    now = clock.now()
    try:
        if verb == "approve":
            approve_entry(staff, proposal_id, now=now)
            messages.info(request, _("Published. It rules from now on."))
        else:
            turn_down_entry(staff, proposal_id, now=now)
    except FenqiError as refusal:
        told = refusal.text(get_language() or "zh-hans")
        return _proposal_page(request, staff, proposal_id, problem=told, status=refusal.status)
    return redirect("console:entries")


def _form_page(
    request: HttpRequest, form: VersionForm, *, served: Served | None = None, status: int = 200
) -> HttpResponse:
    after, code = str(form["after"].value() or 0), form["code"].value()
    context = {
        "place": "entries",
        "form": form,
        "is_new": after == "0",
        "problems": [*form.non_field_errors(), *(f"{name}: {told[0]}" for name, told in form.errors.items() if told)]
        if form.is_bound
        else [],
        "kinds": [(kind.value, kind_name(kind)) for kind in EntryKind],
        "entries": [(one.code, name_of(one)) for one in newest_versions().values() if one.code != code],
        "providers": provider_choices(),
        "served": served,
    }
    return render_page(request, "entries/version.html", context, status=status)


def _proposal_page(
    request: HttpRequest, staff: Staff, proposal_id: UUID, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    proposal = entry_proposal(proposal_id, now=now)
    old = newest_versions().get(proposal.entry.code)
    context = {
        "place": "entries",
        "proposal": proposal,
        "name": name_of(proposal.entry),
        "rows": tuple(_differences(old if proposal.after else None, proposal)),
        "served": None if proposal.decided else served_by(proposal.entry, now=now),
        "own": proposal.proposed_by == staff.actor,
        "problem": [problem] if problem else [],
    }
    return render_page(request, "entries/proposal.html", context, status=status)


def _differences(old: Entry | None, proposal: EntryProposal) -> Iterator[tuple[str, str, str, bool]]:
    """Every field with what stands now and what would; whether it changes."""
    before = dict(_told(old)) if old else {}
    for name, value in _told(proposal.entry):
        was = before.get(name, "")
        yield name, was or formats.UNKNOWN, value or formats.UNKNOWN, was != value


def _told(entry: Entry) -> Iterator[tuple[str, str]]:
    names = {code: name_of(one) for code, one in newest_versions().items()}
    yield _("Kind"), kind_name(entry.kind)
    yield _("Name in Chinese"), entry.name_zh
    yield _("Name in English"), entry.name_en
    yield _("What customers read in Chinese"), entry.howto_zh
    yield _("What customers read in English"), entry.howto_en
    yield _("Address"), entry.address
    yield _("For whom"), group_text(entry.group)
    yield _("Place in the order"), str(entry.position)
    yield _("Hours"), f"{entry.opens_at:%H:%M}–{entry.closes_at:%H:%M}" if entry.opens_at and entry.closes_at else ""
    yield _("First day"), entry.opens_on.isoformat() if entry.opens_on else ""
    yield _("Last day"), entry.closes_on.isoformat() if entry.closes_on else ""
    yield _("Moves on"), f"{entry.moved_at:%Y-%m-%d %H:%M}" if entry.moved_at else ""
    yield _("Use instead"), names.get(entry.successor, entry.successor)


def _initial(base: Entry | None) -> dict[str, Any]:
    if base is None:
        return {"after": 0, "kind": EntryKind.FINANCE_APP.value, "position": NEW_POSITION}
    group = base.group
    return {
        **{name: getattr(base, name) for name in TEXTS},
        "after": base.version,
        "kind": base.kind.value,
        "position": base.position,
        "opens_at": _written(base.opens_at),
        "closes_at": _written(base.closes_at),
        "opens_on": _written(base.opens_on),
        "closes_on": _written(base.closes_on),
        "moved_at": f"{base.moved_at:%Y-%m-%dT%H:%M}" if base.moved_at else "",
        "languages": sorted(group.languages),
        "sales_channels": sorted(group.sales_channels),
        "provider": sorted(group.providers),
        "customers": "\n".join(sorted(group.customers)),
        **({} if group == Group() else {"share_from": group.share_from, "share_to": group.share_to}),
    }


def _written(value: time | date | None) -> str:
    return "" if value is None else f"{value:%H:%M}" if isinstance(value, time) else value.isoformat()


def _entered(form: VersionForm) -> Entry:
    said = form.cleaned_data
    moved_at: datetime | None = said["moved_at"]
    return Entry(
        **{name: said[name].strip() for name in TEXTS},
        kind=EntryKind(said["kind"]),
        position=said["position"],
        group=group_of(said),
        opens_at=said["opens_at"],
        closes_at=said["closes_at"],
        opens_on=said["opens_on"],
        closes_on=said["closes_on"],
        moved_at=at_mall(moved_at) if moved_at else None,
    )
