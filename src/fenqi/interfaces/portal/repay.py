"""Choosing what to repay, seeing the exact sum and what it does, confirming it (R106-R116)."""

from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.entries import EntryKind
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.choices import PART, choice_from, options_of, part_word, word_of
from fenqi.interfaces.portal.device import payer_of
from fenqi.interfaces.portal.entries import closed_page, entry_for
from fenqi.interfaces.portal.going_on import go_on
from fenqi.interfaces.portal.methods import component_names, method_rows
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.plan_page import PlanPage, plan_page
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.schedule import Calendar, installments_of, next_open
from fenqi.records.models import PaymentPurpose
from fenqi.usecases import clock
from fenqi.usecases.entries.guard import EntryClosed
from fenqi.usecases.recovery.no_fault import note_all_closed
from fenqi.usecases.repayment import queries
from fenqi.usecases.repayment.methods import MethodUnavailable, binds_cards, methods
from fenqi.usecases.repayment.quote import InvalidChoice, QuoteExpired, RepaymentQuote, quote
from fenqi.usecases.repayment.start import PaymentUnderWay, start_repayment


class ConfirmForm(forms.Form):
    """What a confirmation carries; `request_key` makes a double tap one repayment."""

    token = forms.CharField(max_length=2000)
    choice = forms.CharField(max_length=4000)
    method = forms.CharField(max_length=80)
    request_key = forms.UUIDField()


@require_safe
@customer_page
def choose(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """What can be repaid of the plan, each with its sum. A payment under way comes first."""
    plan = _plan(customer_id, plan_id)
    if plan.under_way is not None:
        return redirect("portal:result", payment_id=plan.under_way.payment_id)
    now = clock.now()
    found, way = entry_for(request, customer_id, plan_id, now=now)
    if way is None and found.lender is None:
        return closed_page(request, found, now=now)
    context = {"plan": plan, "options": options_of(plan, now, customer_id)}
    return render_page(request, "choose.html", context)


@require_safe
@customer_page
def confirm(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """The exact sum, what it is made of and what it does to the plan: everything to check before confirming (R114)."""
    plan = _plan(customer_id, plan_id)
    if plan.under_way is not None:
        return redirect("portal:result", payment_id=plan.under_way.payment_id)
    now = clock.now()
    found, way = entry_for(request, customer_id, plan_id, now=now)
    if way is None and found.lender is None:
        return closed_page(request, found, now=now)
    word = request.GET.get("choice", "")
    if word == PART:
        word = part_word(request.GET.get("amount", ""), plan.currency)
    offer = quote(customer_id, plan_id, choice_from(word), now=now)
    return _confirm_page(request, plan, offer)


@require_POST
@customer_page
def start(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """Confirmed: off to the cashier. When the sum has changed meanwhile, the new one is shown instead."""
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise InvalidChoice
    said = form.cleaned_data
    now = clock.now()
    found, way = entry_for(request, customer_id, plan_id, now=now)
    try:
        started = start_repayment(
            customer_id=customer_id,
            plan_id=plan_id,
            quote_token=said["token"],
            method=said["method"],
            request_key=str(said["request_key"]),
            payer=payer_of(request),
            via=way.kind if way else EntryKind.MALL_PAGE,
            now=now,
        )
    except EntryClosed:
        return closed_page(request, found, now=now)
    except PaymentUnderWay as under_way:
        return redirect("portal:result", payment_id=under_way.payment_id)
    except (QuoteExpired, MethodUnavailable) as refusal:
        offer = quote(customer_id, plan_id, choice_from(said["choice"]), now=clock.now())
        return _confirm_page(request, _plan(customer_id, plan_id), offer, refusal=refusal)
    return go_on(started)


def _plan(customer_id: UUID, plan_id: UUID) -> PlanPage:
    today = clock.business_date(clock.now())
    view = queries.plan_view(customer_id, plan_id, today=today)
    return plan_page(view, today=today, payments=queries.list_payments(customer_id, plan_id=plan_id))


def _confirm_page(
    request: HttpRequest, plan: PlanPage, offer: RepaymentQuote, *, refusal: FenqiError | None = None
) -> HttpResponse:
    """With what stood in the way of the last confirmation, if something did."""
    calendar = Calendar(today=plan.today, grace_days=plan.view.terms.grace_days)
    now = clock.now()
    found = methods(offer.customer_id, offer, now=now)
    ways = method_rows(found, currency=offer.currency, now=now, chosen=request.GET.get("method", ""))
    can_pay = any(way.is_available for way in ways)
    left = offer.after.totals.outstanding.total
    context = {
        "plan": plan,
        "quote": offer,
        "choice": word_of(offer.choice),
        "is_settlement": offer.choice.purpose is PaymentPurpose.SETTLEMENT,
        "names": [installment_name(one.number) for one in plan.installments if one.row.n in offer.rows],
        "count_of_all": plan.count,
        "parts": [(name, minor) for name, minor in zip(component_names(), offer.parts, strict=True) if minor],
        "saved_minor": offer.before.totals.outstanding.total - left - offer.amount_minor,
        "methods": ways,
        "can_pay": can_pay,
        "closed_until": None if can_pay else note_all_closed(offer.customer_id, offer.plan_id, now=now),
        "after": next_open(installments_of(offer.after.rows, calendar)),
        "request_key": uuid4(),
        "may_bind": binds_cards() and offer.currency == "CNY",
        "here": _address_of(plan, offer),
        "refusal": refusal.text(get_language() or "zh-hans") if refusal else "",
    }
    return render_page(request, "confirm.html", context, status=refusal.status if refusal else 200)


def _address_of(plan: PlanPage, offer: RepaymentQuote) -> str:
    """Of the confirming page, to come back to."""
    query = urlencode({"choice": word_of(offer.choice)})
    return f"{reverse('portal:confirm', args=[plan.view.plan_id])}?{query}"
