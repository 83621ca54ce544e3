"""Entries, the calendar of closings, planning one with a look at whom it touches, and deciding about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.entries import Entry, EntryKind, EntryState
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.entries.calendar import month, month_of
from fenqi.interfaces.console.entries.groups import GroupForm, group_of, group_text, provider_choices
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, lists_page, read_listing
from fenqi.interfaces.console.pages import render_page
from fenqi.usecases import audit, clock
from fenqi.usecases.entries import change_closing, decide_closing
from fenqi.usecases.entries.plan_closing import (
    NOTICE_EN_LENGTH,
    NOTICE_ZH_LENGTH,
    NewClosing,
    plan_closing,
    preview_closing,
)
from fenqi.usecases.entries.proposals import waiting_proposals
from fenqi.usecases.entries.queries import (
    ClosingState,
    ClosingView,
    TouchedPlan,
    closing_view,
    entry_states,
    list_closings,
    plans_touched,
)
from fenqi.usecases.staff.permissions import Permission, Staff

INSTANTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


class ClosingForm(GroupForm):
    """What was entered, on the mall's clock; what it means is checked by the use case."""

    entry = forms.CharField(max_length=40)
    starts_at = forms.DateTimeField(input_formats=INSTANTS)
    ends_at = forms.DateTimeField(input_formats=INSTANTS)
    successor = forms.CharField(max_length=40, required=False)
    notice_zh = forms.CharField(max_length=10 * NOTICE_ZH_LENGTH, required=False)
    notice_en = forms.CharField(max_length=10 * NOTICE_EN_LENGTH, required=False)
    reason = forms.CharField(max_length=200, required=False)


class ChangeForm(forms.Form):
    version = forms.IntegerField(min_value=1, required=False)
    ends_at = forms.DateTimeField(input_formats=INSTANTS, required=False)
    reason = forms.CharField(max_length=200, required=False)


CLOSINGS: Final[Sequence[Column[dict[str, Any]]]] = (
    Column(key="entry", title=_lazy("Repayment entry"), value=lambda one: one["name"], has_choices=True),
    Column(key="from", title=_lazy("Closed from"), value=lambda one: one["view"].starts_at, kind=Kind.MOMENT),
    Column(key="until", title=_lazy("Open again from"), value=lambda one: one["view"].ends_at, kind=Kind.MOMENT),
    Column(key="group", title=_lazy("For whom"), value=lambda one: one["group"]),
    Column(key="instead", title=_lazy("Use instead"), value=lambda one: one["instead"]),
    Column(key="plans", title=_lazy("Plans"), value=lambda one: one["view"].touched.get("plans"), kind=Kind.NUMBER),
    Column(key="state", title=_lazy("State"), value=lambda one: one["state"], has_choices=True),
    Column(key="notice", title=_lazy("What customers read"), value=lambda one: one["notice"], is_shown=False),
)


class NamedPlan(NamedTuple):
    """A plan with whoever arranged it as they are called."""

    plan: TouchedPlan
    arranged_by: str


TOUCHED: Final[Sequence[Column[NamedPlan]]] = (
    Column(
        key="customer",
        title=_lazy("Customer"),
        value=lambda one: one.plan.customer.name_masked or one.plan.customer.ref,
    ),
    Column(key="ref", title=_lazy("Customer number"), value=lambda one: one.plan.customer.ref, is_shown=False),
    Column(key="order", title=_lazy("Order of the plan"), value=lambda one: one.plan.order_no),
    Column(key="goods", title=_lazy("Goods"), value=lambda one: one.plan.title),
    Column(key="by", title=_lazy("Arranged by"), value=lambda one: one.arranged_by, has_choices=True),
    amount("owed", _lazy("Still owed"), lambda one: one.plan.outstanding_minor, lambda one: one.plan.currency),
    Column(key="due", title=_lazy("Next due"), value=lambda one: one.plan.next_due_on, kind=Kind.DAY),
)


@require_safe
@staff_page(Permission.SEE_ENTRIES)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    now = clock.now()
    today = clock.business_date(now)
    closings = list_closings(now=now)
    told = [_told(one) for one in closings[:MOST_READ]]
    listing = read_listing(
        request,
        name="closings",
        columns=CLOSINGS,
        rows=told,
        is_cut=len(closings) > MOST_READ,
        part="closings",
    )
    context = {
        "place": "entries",
        "entries": [
            (entry, name_of(entry), kind_name(entry.kind), state_name(state), state.value, is_partly)
            for entry, state, is_partly in entry_states(now)
        ],
        "month": month(month_of(request.GET.get("month", ""), today=today), closings, today=today),
        "waiting": [one for one in told if one["view"].pending],
        "proposals": [(one, name_of(one.entry)) for one in waiting_proposals(now=now)],
        "weekdays": [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")],
    }
    return lists_page(request, staff, "entries/overview.html", {"listing": listing}, context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.PLAN_CLOSINGS)
def plan(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A first POST shows whom it would touch; with `confirmed` it is proposed."""
    if request.method != "POST":
        return _form_page(request, ClosingForm(initial={"entry": request.GET.get("entry", "")}))
    form = ClosingForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    now = clock.now()
    try:
        if "confirmed" in request.POST:
            closing_id = plan_closing(staff, _entered(form), now=now)
            messages.info(request, _("Proposed. It rules once a colleague has approved it."))
            return redirect("console:closing", closing_id=closing_id)
        touched = preview_closing(staff, _entered(form), now=now)
    except FenqiError as refusal:
        form.add_error(None, refusal.text(get_language() or "zh-hans"))
        return _form_page(request, form, status=refusal.status)
    return _form_page(request, form, touched=touched)


@require_safe
@staff_page(Permission.SEE_ENTRIES)
def show(request: HttpRequest, staff: Staff, closing_id: UUID) -> HttpResponse:
    return _closing_page(request, staff, closing_id)


@require_POST
@staff_page(Permission.SEE_ENTRIES)
def act(request: HttpRequest, staff: Staff, closing_id: UUID, verb: str) -> HttpResponse:
    """approve, reject, cancel, end, extend: each use case asks for its own permission."""
    form = ChangeForm(request.POST)
    now = clock.now()
    if not form.is_valid():
        return _closing_page(request, staff, closing_id, problem=_("Enter a date and time, and a short reason."))
    said = form.cleaned_data
    try:
        match verb:
            case "approve":
                decide_closing.approve_closing(staff, closing_id, said["version"] or 0, now=now)
            case "reject":
                decide_closing.reject_closing(staff, closing_id, said["version"] or 0, reason=said["reason"], now=now)
            case "cancel":
                change_closing.cancel_closing(staff, closing_id, reason=said["reason"], now=now)
            case "end":
                change_closing.end_closing_early(staff, closing_id, reason=said["reason"], now=now)
            case _:
                ends_at = at_mall(said["ends_at"] or now)
                change_closing.extend_closing(staff, closing_id, ends_at=ends_at, reason=said["reason"], now=now)
    except FenqiError as refusal:
        return _closing_page(
            request, staff, closing_id, problem=refusal.text(get_language() or "zh-hans"), status=refusal.status
        )
    return redirect("console:closing", closing_id=closing_id)


def _closing_page(
    request: HttpRequest, staff: Staff, closing_id: UUID, *, problem: str = "", status: int = 200
) -> HttpResponse:
    """It names customers, so looking is written down. A refused act shows no list: its address has no pages."""
    now = clock.now()
    view = closing_view(closing_id, now=now)
    audit.record(staff.actor, audit.Action.CLOSING_SEEN, subject=f"entry:{closing_id}", now=now)
    plans, is_cut = ([], False) if problem else plans_touched(view, limit=MOST_READ)
    names = dict(provider_choices())
    rows = [NamedPlan(plan, names.get(plan.provider, plan.provider)) for plan in plans]
    touched = read_listing(request, name="plans-touched", columns=TOUCHED, rows=rows, is_cut=is_cut, part="plans")
    context = {
        "place": "entries",
        "closing": _told(view),
        "problem": [problem] if problem else [],
        "own": bool(view.pending and view.pending.proposed_by == staff.actor),
        "is_planned": view.state is ClosingState.PLANNED,
        "is_active": view.state is ClosingState.ACTIVE,
    }
    return lists_page(request, staff, "entries/closing.html", {"touched": touched}, context, status=status)


def _form_page(request: HttpRequest, form: ClosingForm, *, touched: Any = None, status: int = 200) -> HttpResponse:
    now = clock.now()
    entries = [(entry.code, name_of(entry)) for entry, _state, _partly in entry_states(now)]
    context = {
        "place": "entries",
        "form": form,
        "problems": [*form.non_field_errors(), *(f"{name}: {told[0]}" for name, told in form.errors.items())]
        if form.is_bound
        else [],
        "entries": entries,
        "providers": provider_choices(),
        "touched": touched,
        "stays": [(name_of(entry), plans) for entry, plans in touched.stays] if touched else [],
        "most_due": max((plans for _day, plans in touched.due_in), default=1) if touched else 1,
    }
    return render_page(request, "entries/plan.html", context, status=status)


def _entered(form: ClosingForm) -> NewClosing:
    said = form.cleaned_data
    return NewClosing(
        entry=said["entry"],
        starts_at=at_mall(said["starts_at"]),
        ends_at=at_mall(said["ends_at"]),
        notice_zh=said["notice_zh"],
        notice_en=said["notice_en"],
        successor=said["successor"],
        group=group_of(said),
        reason=said["reason"],
    )


def at_mall(entered: datetime) -> datetime:
    """What staff enter is on the mall's clock, whatever zone the server shows."""
    return entered.replace(tzinfo=clock.mall_zone())


def _told(view: ClosingView) -> dict[str, Any]:
    """A closing with its names in the reader's language."""
    return {
        "view": view,
        "name": name_of(view.entry) if view.entry else view.entry_code,
        "instead": name_of(view.successor) if view.successor else "",
        "state": closing_state_name(view.state),
        "tone": _TONES[view.state],
        "group": group_text(view.group),
        "notice": view.notice_zh if _is_chinese() else view.notice_en,
    }


_TONES = {
    ClosingState.PROPOSED: "unknown",
    ClosingState.PLANNED: "due",
    ClosingState.ACTIVE: "overdue",
    ClosingState.ENDED: "neutral",
    ClosingState.CANCELLED: "neutral",
    ClosingState.REJECTED: "neutral",
}


def name_of(entry: Entry) -> str:
    return entry.name_zh if _is_chinese() else entry.name_en


def _is_chinese() -> bool:
    return (get_language() or "zh-hans").startswith("zh")


def kind_name(kind: EntryKind) -> str:
    return {
        EntryKind.MALL_PAGE: _("Mall page"),
        EntryKind.FINANCE_APP: _("Finance app"),
        EntryKind.MESSAGE_LINK: _("Link in a message"),
        EntryKind.AGENT: _("Agent"),
        EntryKind.HOTLINE: _("Hotline"),
    }[kind]


def state_name(state: EntryState) -> str:
    return {
        EntryState.PLANNED: _("Planned"),
        EntryState.OPEN: _("Open to customers"),
        EntryState.CLOSED: _("Closed now"),
        EntryState.MOVED: _("Moved"),
    }[state]


def closing_state_name(state: ClosingState) -> str:
    return {
        ClosingState.PROPOSED: _("Waits for approval"),
        ClosingState.PLANNED: _("Planned"),
        ClosingState.ACTIVE: _("Closed now"),
        ClosingState.ENDED: _("Over"),
        ClosingState.CANCELLED: _("Cancelled"),
        ClosingState.REJECTED: _("Turned down"),
    }[state]
