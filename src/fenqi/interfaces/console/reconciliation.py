"""Days and channels as they were reconciled, what is still open, and its repair."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.domain.reconciliation import CAUSES, Repair, Verdict
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, lists_page, read_listing, worded
from fenqi.interfaces.console.reconciliation_chart import charts_of
from fenqi.usecases import clock
from fenqi.usecases.rails import rail_names
from fenqi.usecases.reconciliation import findings as desk
from fenqi.usecases.reconciliation.clearing import (
    DAYS_SHOWN,
    ClearingDay,
    clearing_day,
    clearing_days,
    days_overdue,
    suspense_of,
)
from fenqi.usecases.staff.permissions import Permission, Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSummary:
    """`last_day` is None before the first bill; `overdue` are days whose bill should be there and is not."""

    channel: str
    suspense_minor: int
    open_findings: int
    last_day: date | None
    overdue: list[date]


@dataclass(frozen=True, slots=True)
class Explained:
    """A finding with what is the matter and what to do, in the reader's language."""

    finding: desk.FindingView
    matter: str
    todo: str


DIFFERENCES: Final[Sequence[Column[Explained]]] = (
    Column(key="day", title=_lazy("Day"), value=lambda one: one.finding.day, kind=Kind.DAY),
    worded("rail", _lazy("Channel"), words.CHANNELS, lambda one: one.finding.channel),
    worded("kind", _lazy("What differs"), words.VERDICTS, lambda one: one.finding.kind),
    Column(key="number", title=_lazy("Number"), value=lambda one: one.finding.number or one.finding.channel_no),
    amount("standing", _lazy("On suspense"), lambda one: one.finding.standing_minor, lambda one: one.finding.currency),
    Column(key="matter", title=_lazy("What is the matter"), value=lambda one: one.matter, is_shown=False),
)

OF_A_BILL: Final[Sequence[Column[Explained]]] = (
    *DIFFERENCES[2:4],
    worded("line", _lazy("Kind"), words.LINE_KINDS, lambda one: one.finding.line_kind),
    Column(key="channel_no", title=_lazy("The channel's number"), value=lambda one: one.finding.channel_no),
    worded("state", _lazy("State"), words.FINDING_STATES, lambda one: one.finding.state),
    amount("bill", _lazy("The bill"), lambda one: one.finding.bill_minor, lambda one: one.finding.currency),
    amount("ours", _lazy("Our books"), lambda one: one.finding.our_minor, lambda one: one.finding.currency),
    *DIFFERENCES[4:],
    Column(key="closed", title=_lazy("Closed at"), value=lambda one: one.finding.closed_at, kind=Kind.MOMENT),
    worded("became", _lazy("What became of it"), words.REPAIRS, lambda one: one.finding.repair),
    Column(key="note", title=_lazy("Reason"), value=lambda one: one.finding.note),
)

DAYS: Final[Sequence[Column[ClearingDay]]] = (
    Column(key="day", title=_lazy("Day"), value=lambda one: one.day, kind=Kind.DAY),
    worded("rail", _lazy("Channel"), words.CHANNELS, lambda one: one.channel),
    Column(key="lines", title=_lazy("Lines"), value=lambda one: one.lines, kind=Kind.NUMBER),
    Column(key="matched", title=_lazy("Matched"), value=lambda one: one.matched, kind=Kind.NUMBER),
    Column(key="open", title=_lazy("To be explained"), value=lambda one: one.open_findings, kind=Kind.NUMBER),
    amount("in", _lazy("In"), lambda one: one.billed_in_minor, lambda one: one.currency),
    amount("out", _lazy("Out"), lambda one: one.billed_out_minor, lambda one: one.currency),
    amount("fee", _lazy("Fee"), lambda one: one.fee_minor, lambda one: one.currency),
    amount("settled", _lazy("Into the bank"), lambda one: one.settled_minor, lambda one: one.currency),
    amount("left", _lazy("Left on clearing"), lambda one: one.left_minor, lambda one: one.currency),
)


@require_safe
@staff_page(Permission.SEE_RECONCILIATION)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """All channels, or the one of `?channel=`."""
    days = clearing_days(limit=DAYS_SHOWN + 1)
    channels = sorted({*rail_names(), *(day.channel for day in days)}, key=_order)
    chosen = request.GET.get("channel")
    shown = [chosen] if chosen in channels else channels
    if chosen in channels:
        days = clearing_days(channel=chosen, limit=DAYS_SHOWN + 1)
    open_ones = [finding for channel in shown for finding in desk.open_findings(channel, limit=MOST_READ + 1)]
    summaries = [_summary(channel) for channel in shown]
    listing = read_listing(
        request,
        name="differences",
        columns=DIFFERENCES,
        rows=[_explained(finding) for finding in open_ones],
        kept={"channel": chosen} if chosen in channels else {},
        most=MOST_READ,
    )
    context = {
        "place": "reconciliation",
        "channels": channels,
        "chosen": chosen if chosen in channels else "",
        "summaries": summaries,
        "overdue_count": sum(len(summary.overdue) for summary in summaries),
        "charts": charts_of(days),
        "open_count": len(open_ones),
        "days": days,
    }
    by_day = read_listing(request, name="reconciled-days", columns=DAYS, rows=days, part="days", most=DAYS_SHOWN)
    return lists_page(request, staff, "reconciliation.html", {"listing": listing, "by_day": by_day}, context)


def _order(channel: str) -> tuple[int, str]:
    """As the rails are offered; one that is closed by now comes last."""
    names = rail_names()
    return (names.index(channel) if channel in names else len(names), channel)


def _summary(channel: str) -> ChannelSummary:
    newest = clearing_days(channel=channel, limit=1)
    return ChannelSummary(
        channel=channel,
        suspense_minor=suspense_of(channel),
        open_findings=desk.count_open_of(channel),
        last_day=newest[0].day if newest else None,
        overdue=days_overdue(channel, now=clock.now()),
    )


def _explained(finding: desk.FindingView) -> Explained:
    text = CAUSES[finding.cause]
    if (get_language() or "").startswith("en"):
        return Explained(finding, text.en, text.todo_en)
    return Explained(finding, text.zh, text.todo_zh)


@require_safe
@staff_page(Permission.SEE_RECONCILIATION)
def bill(request: HttpRequest, staff: Staff, channel: str, day: str) -> HttpResponse:
    """One bill: its sums beside ours, its verdicts, and each finding with what can be done about it."""
    shown = clearing_day(channel, _day(day))
    findings = desk.findings_of(channel, shown.day, limit=MOST_READ + 1)
    listing = read_listing(
        request,
        name=f"differences-{channel}-{shown.day}",
        columns=OF_A_BILL,
        rows=[_explained(finding) for finding in findings],
        most=MOST_READ,
        part="differences",
    )
    context = {
        "place": "reconciliation",
        "shown": shown,
        "verdicts": [(verdict.value, shown.counts.get(verdict.value, 0)) for verdict in Verdict],
    }
    return lists_page(request, staff, "reconciliation_bill.html", {"listing": listing}, context)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


@require_POST
@staff_page(Permission.REPAIR_FINDINGS)
def repair(request: HttpRequest, staff: Staff, owner_id: UUID, finding_id: UUID) -> HttpResponse:
    """Carry out one repair; what it moved stands in the channel's house books."""
    try:
        chosen = Repair(request.POST.get("repair", ""))
    except ValueError:
        raise NotFound from None
    done = desk.repair(
        owner_id, finding_id, chosen, note=request.POST.get("note", ""), actor=staff.actor, now=clock.now()
    )
    messages.info(request, _("Done. Nothing of it stands on suspense any more."))
    return redirect("console:reconciliation_bill", done.channel, done.bill_date.isoformat())
