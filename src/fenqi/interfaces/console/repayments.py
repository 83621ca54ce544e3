"""Tries to repay and parts of refunds of all customers: the lists behind the numbers of the morning."""

from collections.abc import Sequence
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from fenqi.domain.payments import AttemptState
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, amount, list_page, read_listing, read_period, worded
from fenqi.usecases import audit, clock
from fenqi.usecases.morning.refunds import LegOnItsWay, list_late_legs, list_legs
from fenqi.usecases.morning.repayments import TryView, list_tries, list_unknown
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.views import CustomerView

LATE: Final = "late"


def _name(customer: CustomerView) -> str:
    return customer.name_masked or customer.ref


TRIES: Final[Sequence[Column[TryView]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.began_at, kind=Kind.MOMENT),
    Column(key="customer", title=_("Customer"), value=lambda one: _name(one.customer)),
    Column(key="ref", title=_("Customer number"), value=lambda one: one.customer.ref, is_shown=False),
    worded("channel", _("Channel"), words.CHANNELS, lambda one: one.channel),
    Column(key="number", title=_("Number"), value=lambda one: one.out_trade_no),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.currency),
    worded("state", _("State"), words.ATTEMPT_STATES, lambda one: one.state),
    worded("cause", _("Cause"), words.FAILURES, lambda one: one.category),
    Column(key="code", title=_("Channel's code"), value=lambda one: one.code, is_shown=False),
    Column(key="ended", title=_("Ended"), value=lambda one: one.ended_at, kind=Kind.MOMENT, is_shown=False),
)

LEGS: Final[Sequence[Column[LegOnItsWay]]] = (
    Column(key="began", title=_("Began"), value=lambda one: one.began_at, kind=Kind.MOMENT),
    Column(key="customer", title=_("Customer"), value=lambda one: _name(one.customer)),
    Column(key="ref", title=_("Customer number"), value=lambda one: one.customer.ref, is_shown=False),
    worded("for", _("For"), words.REFUND_CAUSES, lambda one: one.cause),
    worded("channel", _("By"), {**words.CHANNELS, "": _("Bank transfer")}, lambda one: one.channel),
    Column(key="number", title=_("Number"), value=lambda one: one.number),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.currency),
    worded("state", _("State"), words.REFUND_STATES, lambda one: one.state),
    Column(key="latest", title=_("Latest arrival"), value=lambda one: one.expected_by, kind=Kind.DAY),
    Column(key="arrived", title=_("Arrived"), value=lambda one: one.arrived_on, kind=Kind.DAY, is_shown=False),
)


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Those of a period; with `?which=unknown` those of any day whose outcome is unknown. Looking is written down."""
    now = clock.now()
    only_unknown = request.GET.get("which") == AttemptState.UNKNOWN.value
    period = None if only_unknown else read_period(request, today=clock.business_date(now))
    rows, is_cut = (
        list_unknown(limit=MOST_READ)
        if period is None
        else list_tries(from_on=period.from_on, to_on=period.to_on, limit=MOST_READ)
    )
    audit.record(staff.actor, audit.Action.REPAYMENTS_SEEN, now=now)
    listing = read_listing(
        request,
        name="repayments",
        columns=TRIES,
        rows=rows,
        kept={"which": AttemptState.UNKNOWN.value} if only_unknown else {},
        is_cut=is_cut,
        period=period,
    )
    context = {"place": "repayments", "only_unknown": only_unknown}
    return list_page(request, staff, "repayments.html", listing, context)


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def refunds(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Parts of refunds made in a period; with `?which=late` those past their latest day. Looking is written down."""
    now = clock.now()
    today = clock.business_date(now)
    only_late = request.GET.get("which") == LATE
    period = None if only_late else read_period(request, today=today)
    rows, is_cut = (
        list_late_legs(today=today, limit=MOST_READ)
        if period is None
        else list_legs(from_on=period.from_on, to_on=period.to_on, limit=MOST_READ)
    )
    audit.record(staff.actor, audit.Action.REFUNDS_SEEN, now=now)
    listing = read_listing(
        request,
        name="refunds",
        columns=LEGS,
        rows=rows,
        kept={"which": LATE} if only_late else {},
        is_cut=is_cut,
        period=period,
    )
    return list_page(request, staff, "refund_list.html", listing, {"place": "refund_list", "only_late": only_late})
