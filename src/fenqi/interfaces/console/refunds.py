"""Refunds that a person must act on: the queue, and the steps of a transfer, two of them by two people (P206)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.lists import Column, Kind, amount, list_page, read_listing, worded
from fenqi.interfaces.console.words import REFUND_CAUSES, REFUND_STATES
from fenqi.usecases import audit, clock
from fenqi.usecases.refunds import by_hand, transfer
from fenqi.usecases.refunds.queries import WaitingRefund, refunds_that_need_a_person
from fenqi.usecases.refunds.resolve import ask_leg
from fenqi.usecases.staff.permissions import Permission, Staff

MOST_WAITING: Final = 500

WAITING: Final[Sequence[Column[WaitingRefund]]] = (
    Column(key="customer", title=_lazy("Customer number"), value=lambda one: one.customer_ref),
    Column(key="goods", title=_lazy("Goods"), value=lambda one: one.refund.title),
    worded("for", _lazy("For"), REFUND_CAUSES, lambda one: one.refund.cause),
    amount("amount", _lazy("Amount"), lambda one: one.refund.amount_minor, lambda one: one.refund.currency),
    Column(key="since", title=_lazy("Began"), value=lambda one: one.refund.created_at, kind=Kind.MOMENT),
)


@require_safe
@staff_page(Permission.PROPOSE_TRANSFER)
def queue(request: HttpRequest, staff: Staff) -> HttpResponse:
    """It names accounts, so looking at it is written down."""
    audit.record(staff.actor, audit.Action.REFUNDS_SEEN, now=clock.now())
    waiting = refunds_that_need_a_person(limit=MOST_WAITING + 1)
    listing = read_listing(
        request,
        name="refunds-for-a-person",
        columns=WAITING,
        rows=waiting,
        most=MOST_WAITING,
    )
    return list_page(request, staff, "refunds.html", listing, {"place": "refunds"})


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def propose(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    transfer.propose_transfer(customer_id, leg_id, card_id=_id(request.POST.get("card")), staff=staff, now=clock.now())
    messages.info(request, _("The account is proposed. A colleague must approve it."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.APPROVE_TRANSFER)
def approve(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    transfer.approve_transfer(customer_id, leg_id, staff=staff, now=clock.now())
    messages.info(request, _("Approved. Order the transfer at the bank and record its reference here."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def record(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    reference = request.POST.get("reference", "").strip()
    transfer.record_transfer(customer_id, leg_id, reference=reference, staff=staff, now=clock.now())
    messages.info(request, _("Recorded and booked as paid."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def give_up(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    transfer.give_up_route(customer_id, leg_id, staff=staff, now=clock.now())
    messages.info(request, _("It is transferred instead: propose an account."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def record_return(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    reference = request.POST.get("reference", "").strip()
    transfer.record_return(customer_id, leg_id, reference=reference, staff=staff, now=clock.now())
    messages.info(request, _("Recorded: it is owed again and waits for another account."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.PROPOSE_TRANSFER)
def propose_outcome(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    by_hand.propose_outcome(
        customer_id,
        leg_id,
        has_left=request.POST.get("outcome") == "left",
        evidence=request.POST.get("evidence", ""),
        staff=staff,
        now=clock.now(),
    )
    messages.info(request, _("Proposed. A colleague must approve it."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.APPROVE_TRANSFER)
def approve_outcome(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    by_hand.approve_outcome(customer_id, leg_id, staff=staff, now=clock.now())
    messages.info(request, _("Approved, and settled as proposed."))
    return redirect("console:refunds")


@require_POST
@staff_page(Permission.ASK_CHANNEL)
def ask(request: HttpRequest, staff: Staff, customer_id: UUID, leg_id: UUID) -> HttpResponse:
    """Written down before the question leaves, so that it is kept whatever the answer."""
    now = clock.now()
    audit.record(
        staff.actor, audit.Action.CHANNEL_ASKED, customer_id=customer_id, subject=f"refund_leg:{leg_id}", now=now
    )
    state = ask_leg(customer_id, leg_id, now=now)
    messages.info(request, _("The channel was asked. The refund is now: %(state)s.") % {"state": REFUND_STATES[state]})
    return redirect("console:customer", customer_id)


def _id(text: str | None) -> UUID:
    """Raises NotFound for what is no id."""
    try:
        return UUID(text or "")
    except ValueError:
        raise NotFound from None
