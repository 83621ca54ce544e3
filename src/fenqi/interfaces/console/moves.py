"""Plans that move to another finance partner: batches, what differs, what is on its way, who did what (R146-R148)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.errors import FenqiError
from fenqi.domain.migration import BatchState, ItemState
from fenqi.domain.money import Money
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import may, staff_page
from fenqi.interfaces.console.lists import (
    MOST_READ,
    Column,
    Kind,
    amount,
    list_page,
    lists_page,
    read_listing,
    worded,
)
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.shared.uploads import takes_files
from fenqi.usecases import audit, clock
from fenqi.usecases.migrating import approving, rolling_back
from fenqi.usecases.migrating.drafting import PlanFilter, Wanted, draft_from_file, draft_from_filter
from fenqi.usecases.migrating.queries import BatchView, ItemView, batch_view, items_of, list_batches
from fenqi.usecases.migrating.rehearsing import order_rehearsal
from fenqi.usecases.partners.providers import MALL, list_providers
from fenqi.usecases.staff.permissions import Permission, Staff

REFRESH_SECONDS: Final = 5
_STEPS: Final = (
    BatchState.DRAFT,
    BatchState.REHEARSED,
    BatchState.APPROVED,
    BatchState.ANNOUNCED,
    BatchState.FROZEN,
    BatchState.MOVED,
    BatchState.CONFIRMED,
)


class DraftForm(forms.Form):
    """What a batch is drafted from; whether it can be is judged by the use case."""

    from_provider = forms.CharField(max_length=32)
    to_provider = forms.CharField(max_length=32)
    cutover_at = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    freeze_minutes = forms.IntegerField(min_value=5, max_value=240)
    wait_hours = forms.IntegerField(min_value=1, max_value=720)
    rollback_hours = forms.IntegerField(min_value=1, max_value=2160)
    note = forms.CharField(max_length=200, required=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    opened_from = forms.DateField(required=False)
    opened_until = forms.DateField(required=False)
    most = forms.DecimalField(required=False, max_digits=12, decimal_places=2)


@dataclass(frozen=True, slots=True)
class TotalRow:
    """An account before and after, in minor units, debits above zero."""

    account: str
    before: int
    after: int | None


class NamedBatch(NamedTuple):
    """A batch with its two holders as they are called."""

    batch: BatchView
    giver: str
    taker: str


BATCHES: Final[Sequence[Column[NamedBatch]]] = (
    Column(key="number", title=_lazy("Number"), value=lambda one: one.batch.number),
    Column(key="way", title=_lazy("From whom to whom"), value=lambda one: f"{one.giver} → {one.taker}"),
    worded("state", _lazy("State"), words.MOVE_BATCH_STATES, lambda one: one.batch.state),
    Column(key="cutover", title=_lazy("Cut-over"), value=lambda one: one.batch.cutover_at, kind=Kind.MOMENT),
    Column(key="plans", title=_lazy("Plans"), value=lambda one: one.batch.plans, kind=Kind.NUMBER),
    Column(key="rest", title=_lazy("At rest"), value=lambda one: one.batch.percent_done, kind=Kind.NUMBER),
)


def _problems(item: ItemView) -> str:
    """Why it does not move, each reason once."""
    reasons = [problem["reason"] for problem in item.problems] or [item.reason]
    return "; ".join(str(words.MOVE_REASONS.get(reason, reason)) for reason in reasons if reason)


PLANS: Final[Sequence[Column[ItemView]]] = (
    Column(key="order", title=_lazy("Order of the plan"), value=lambda item: item.order_no),
    worded("state", _lazy("State"), words.MOVE_STATES, lambda item: item.state),
    amount("principal", _lazy("Principal"), lambda item: item.ours.principal, lambda item: item.currency),
    amount("interest", _lazy("Interest"), lambda item: item.ours.interest, lambda item: item.currency),
    amount("fee", _lazy("Fee"), lambda item: item.ours.fee, lambda item: item.currency),
    amount("late_fee", _lazy("Late fee"), lambda item: item.ours.late_fee, lambda item: item.currency),
    amount("ours", _lazy("Ours in all"), lambda item: item.balance_minor, lambda item: item.currency),
    amount("theirs", _lazy("Theirs in all"), lambda item: item.their_total, lambda item: item.currency),
    amount("price", _lazy("Price"), lambda item: item.price_minor, lambda item: item.currency),
    worded("consent", _lazy("Customer's consent"), words.MOVE_CONSENTS, lambda item: item.consent),
    Column(key="problems", title=_lazy("Reason"), value=_problems, is_shown=False),
)


@require_safe
@staff_page(Permission.SEE_PARTNERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    names = _names()
    batches = [
        NamedBatch(one, names.get(one.from_provider, one.from_provider), names.get(one.to_provider, one.to_provider))
        for one in list_batches(limit=MOST_READ + 1)
    ]
    listing = read_listing(request, name="moves", columns=BATCHES, rows=batches, most=MOST_READ)
    return list_page(request, staff, "moves.html", listing, {"place": "moves"})


@takes_files(may(Permission.MOVE_PLANS))
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.MOVE_PLANS)
def draft(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A file is taken whole or not at all; without one, the filter says which plans."""
    if request.method != "POST":
        return _form(request, DraftForm(initial=_proposed()))
    form = DraftForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            migration_id = _drafted(staff, form)
        except FenqiError as refusal:
            form.add_error(None, refusal.text(get_language() or "zh-hans"))
        else:
            messages.info(request, _("Drafted. Rehearse it next: that moves nothing."))
            return redirect("console:move_batch", migration_id)
    return _form(request, form, status=422)


@require_safe
@staff_page(Permission.SEE_PARTNERS)
def batch(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    now = clock.now()
    shown = batch_view(migration_id, now=now)
    audit.record(staff.actor, audit.Action.MIGRATION_SEEN, subject=f"migration:{shown.number}", now=now)
    names = _names()
    listing = read_listing(
        request,
        name=f"plans-{shown.number}",
        columns=PLANS,
        rows=items_of(migration_id, limit=MOST_READ),
        is_cut=shown.plans > MOST_READ,
        part="plans",
    )
    context = {
        "place": "moves",
        "batch": shown,
        "giver": names.get(shown.from_provider, shown.from_provider),
        "taker": names.get(shown.to_provider, shown.to_provider),
        "steps": tuple(_steps(shown)),
        "totals": tuple(_totals(shown)),
        "is_mine": shown.made_by == staff.actor,
        "least_notice_days": approving.LEAST_NOTICE.days,
        "refresh_seconds": REFRESH_SECONDS if shown.rehearsing or _is_running(shown) else 0,
    }
    return lists_page(request, staff, "move_batch.html", {"listing": listing}, context)


@require_POST
@staff_page(Permission.MOVE_PLANS)
def rehearse(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    order_rehearsal(staff, migration_id, now=clock.now())
    messages.info(request, _("The rehearsal has begun. It moves nothing."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.APPROVE_MOVES)
def approve(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    approving.approve(staff, migration_id, now=clock.now())
    messages.info(request, _("Approved. Announce it next: customers are told and asked."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.MOVE_PLANS)
def announce(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    approving.announce(staff, migration_id, now=clock.now())
    messages.info(request, _("Announced. At the cut-over it begins by itself."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.MOVE_PLANS)
def cancel(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    approving.cancel(staff, migration_id, reason=request.POST.get("reason", ""), now=clock.now())
    messages.info(request, _("Called off. Every plan stays where it is."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.APPROVE_MOVES)
def roll_back(request: HttpRequest, staff: Staff, migration_id: UUID) -> HttpResponse:
    rolling_back.roll_back(staff, migration_id, reason=request.POST.get("reason", ""), now=clock.now())
    messages.info(request, _("It is being taken back; the partner is told."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.MOVE_PLANS)
def drop(request: HttpRequest, staff: Staff, migration_id: UUID, customer_id: UUID, item_id: UUID) -> HttpResponse:
    approving.drop_plan(staff, customer_id, item_id, reason=request.POST.get("reason", ""), now=clock.now())
    messages.info(request, _("The plan stays where it is."))
    return redirect("console:move_batch", migration_id)


@require_POST
@staff_page(Permission.APPROVE_MOVES)
def roll_back_plan(
    request: HttpRequest, staff: Staff, migration_id: UUID, customer_id: UUID, item_id: UUID
) -> HttpResponse:
    reason = request.POST.get("reason", "")
    rolling_back.roll_back_plan(staff, customer_id, item_id, reason=reason, now=clock.now())
    messages.info(request, _("It is being taken back; the partner is told."))
    return redirect("console:move_batch", migration_id)


def _drafted(staff: Staff, form: DraftForm) -> UUID:
    said = form.cleaned_data
    wanted = Wanted(
        from_provider=said["from_provider"],
        to_provider=said["to_provider"],
        cutover_at=said["cutover_at"],
        freeze_minutes=said["freeze_minutes"],
        wait_hours=said["wait_hours"],
        rollback_hours=said["rollback_hours"],
        note=said["note"],
    )
    if said["file"] is not None:
        return draft_from_file(staff, wanted, said["file"].read(), name=said["file"].name, now=clock.now())
    which = PlanFilter(
        opened_from=said["opened_from"],
        opened_until=said["opened_until"],
        most_minor=Money.from_decimal(said["most"], "CNY").minor if said["most"] is not None else None,
    )
    return draft_from_filter(staff, wanted, which, now=clock.now())


def _proposed() -> dict[str, object]:
    """At three at night, a week from now."""
    at = clock.now().astimezone(clock.mall_zone()) + timedelta(days=7)
    cutover: datetime = at.replace(hour=3, minute=0, second=0, microsecond=0, tzinfo=None)
    return {
        "from_provider": MALL,
        "cutover_at": f"{cutover:%Y-%m-%dT%H:%M}",
        "freeze_minutes": 30,
        "wait_hours": 72,
        "rollback_hours": 168,
    }


def _form(request: HttpRequest, form: DraftForm, *, status: int = 200) -> HttpResponse:
    problems = [
        *form.non_field_errors(),
        *(f"{name}: {told[0]}" for name, told in form.errors.items() if name != "__all__"),
    ]
    lenders = [one for one in list_providers() if one.kind == "platform"]
    language = get_language() or "zh-hans"
    sides = [(MALL, _("The mall itself")), *((one.code, one.name(language)) for one in lenders)]
    context = {"place": "moves", "form": form, "problems": problems, "sides": sides}
    return render_page(request, "move_draft.html", context, status=status)


def _names() -> Mapping[str, str]:
    language = get_language() or "zh-hans"
    return {MALL: _("The mall itself"), **{one.code: one.name(language) for one in list_providers()}}


def _steps(shown: BatchView) -> Iterator[tuple[str, str]]:
    """Each step with its tone: done, now, or still to come."""
    state = BatchState(shown.state)
    at = _STEPS.index(state) if state in _STEPS else -1
    for n, step in enumerate(_STEPS):
        yield step.value, "paid" if n < at or state is BatchState.CONFIRMED else "due" if n == at else "neutral"


def _totals(shown: BatchView) -> Iterator[TotalRow]:
    for account in sorted({*shown.totals_before, *shown.totals_after}):
        after = shown.totals_after.get(account, 0) if shown.totals_after else None
        yield TotalRow(account, shown.totals_before.get(account, 0), after)


def _is_running(shown: BatchView) -> bool:
    return shown.state in (BatchState.FROZEN, BatchState.MOVED) or bool(shown.counts.get(ItemState.REVOKING))
