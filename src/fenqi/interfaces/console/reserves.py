"""Reserves that staff must look at, and what staff do with one: release it, and take overdue money by two people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import InvalidAmount, Money
from fenqi.interfaces.console import words
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, amount, list_page, read_listing, worded
from fenqi.interfaces.shared.formats import short_moment
from fenqi.usecases import audit, clock
from fenqi.usecases.reserves import capture
from fenqi.usecases.reserves.queries import WaitingReserve, reserve_view, reserves_to_look_at
from fenqi.usecases.reserves.release import LONGEST_NOTE, release_by_staff
from fenqi.usecases.reserves.resolve import ask_hold, check_sums
from fenqi.usecases.staff.permissions import Permission, Staff


class ActForm(forms.Form):
    """An amount as staff write it, in the reserve's currency, and why."""

    amount = forms.CharField(max_length=20, required=False)
    note = forms.CharField(max_length=LONGEST_NOTE)


MOST_WAITING: Final = 500

WAITING: Final[Sequence[Column[WaitingReserve]]] = (
    Column(key="customer", title=_lazy("Customer number"), value=lambda one: one.customer_ref),
    Column(key="goods", title=_lazy("Goods"), value=lambda one: one.reserve.title),
    amount("held", _lazy("On hold"), lambda one: one.reserve.held_minor, lambda one: one.reserve.currency),
    worded("state", _lazy("State"), words.RESERVE_STATES, lambda one: one.reserve.state),
    Column(key="until", title=_lazy("Ends at the channel"), value=lambda one: one.reserve.holds_until, kind=Kind.DAY),
)


@require_safe
@staff_page(Permission.RELEASE_RESERVES)
def queue(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Late releases, holds that end soon, captures to approve, contradictions; looking is written down."""
    now = clock.now()
    audit.record(staff.actor, audit.Action.RESERVES_SEEN, now=now)
    waiting = reserves_to_look_at(now=now, limit=MOST_WAITING + 1)
    listing = read_listing(
        request,
        name="reserves",
        columns=WAITING,
        rows=waiting,
        most=MOST_WAITING,
    )
    return list_page(request, staff, "reserves.html", listing, {"place": "reserves"})


@require_POST
@staff_page(Permission.ASK_CHANNEL)
def check(request: HttpRequest, staff: Staff, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """Ask the channel, and compare its sums with ours; written down before the question leaves."""
    now = clock.now()
    reserve = reserve_view(customer_id, hold_id, now=now)
    audit.record(
        staff.actor, audit.Action.CHANNEL_ASKED, customer_id=customer_id, subject=f"reserve:{reserve.hold_id}", now=now
    )
    ask_hold(customer_id, hold_id, now=now)
    agrees = check_sums(customer_id, hold_id, now=now)
    told = _("The channel says the same as we do.") if agrees else _("The channel did not say the same as we do.")
    messages.info(request, told)
    return _back(customer_id)


@require_POST
@staff_page(Permission.RELEASE_RESERVES)
def release(request: HttpRequest, staff: Staff, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """Of a reserve on a card all that is held."""
    amount, note = _said(request, customer_id, hold_id, is_release=True)
    release_by_staff(customer_id, hold_id, amount=amount, note=note, staff=staff, now=clock.now())
    messages.info(request, _("It is on its way back to the customer."))
    return _back(customer_id)


@require_POST
@staff_page(Permission.PROPOSE_CAPTURE)
def propose(request: HttpRequest, staff: Staff, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    amount, note = _said(request, customer_id, hold_id)
    capture.propose_capture(customer_id, hold_id, amount=amount, note=note, staff=staff, now=clock.now())
    messages.info(request, _("Proposed. A colleague must approve it; then the customer is told."))
    return _back(customer_id)


@require_POST
@staff_page(Permission.APPROVE_CAPTURE)
def approve(request: HttpRequest, staff: Staff, customer_id: UUID, move_id: UUID) -> HttpResponse:
    at = capture.approve_capture(customer_id, move_id, staff=staff, now=clock.now())
    messages.info(request, _("Approved. The customer is told; it is taken at %(when)s.") % {"when": _written(at)})
    return redirect("console:reserves")


@require_POST
@staff_page(Permission.PROPOSE_CAPTURE)
def withdraw(request: HttpRequest, staff: Staff, customer_id: UUID, move_id: UUID) -> HttpResponse:
    capture.withdraw_capture(customer_id, move_id, staff=staff, now=clock.now())
    messages.info(request, _("Called off: nothing is taken."))
    return _back(customer_id)


def _said(request: HttpRequest, customer_id: UUID, hold_id: UUID, *, is_release: bool = False) -> tuple[int, str]:
    """The amount in minor units, and why; a release from a card needs none. Raises InvalidInput, NotFound."""
    reserve = reserve_view(customer_id, hold_id, now=clock.now())
    form = ActForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        if is_release and reserve.is_whole and not said["amount"]:
            return reserve.held_minor, said["note"]
        try:
            return Money.from_decimal(said["amount"], reserve.currency).minor, said["note"]
        except InvalidAmount:
            pass
    raise InvalidInput(where="amount", problem="an amount, and why", problem_zh="请填写金额和原因")


def _written(at: datetime) -> str:
    return short_moment(at.astimezone(clock.mall_zone()))


def _back(customer_id: UUID) -> HttpResponse:
    return redirect("console:customer", customer_id)
