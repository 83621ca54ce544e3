"""Promising a sum by a day: what it costs until then, then the word to it."""

from datetime import date
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.domain.hardship.promises import PromiseOutOfRange, check_promise
from fenqi.domain.money import InvalidAmount, Money
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.hardship.help_page import help_page, plan_of
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.hardship.promises import Promised, find_promise, make_promise, take_back_promise
from fenqi.usecases.hardship.queries import HelpView, help_view


class PromiseForm(forms.Form):
    """As it is typed."""

    amount = forms.CharField(max_length=16)
    pay_by = forms.DateField()


class ConfirmForm(forms.Form):
    """As it was shown; `request_key` makes a double tap one promise."""

    amount_minor = forms.IntegerField(min_value=1, max_value=10**15)
    pay_by = forms.DateField()
    request_key = forms.UUIDField()


@require_safe
@customer_page
def check(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """What the promise means, with figures; nothing is kept yet."""
    found = help_view(customer_id, plan_id, now=clock.now())
    try:
        amount, pay_by = _typed(request, found)
    except FenqiError as refusal:
        text = refusal.text(get_language() or "zh-hans")
        return help_page(request, customer_id, plan_id, refusal=text, status=refusal.status)
    context = {
        "plan": plan_of(customer_id, plan_id),
        "help": found,
        "amount_minor": amount,
        "pay_by": pay_by,
        "late_fee_now_minor": found.late_fee_by(found.found.today),
        "late_fee_then_minor": found.late_fee_by(pay_by),
        "is_late_then": pay_by > found.found.free_until,
        "request_key": uuid4(),
    }
    return render_page(request, "hardship/promise.html", context)


@require_POST
@customer_page
def make(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(where="promise", problem="begin again", problem_zh="请重新填写")
    said = form.cleaned_data
    promised = Promised(amount_minor=said["amount_minor"], pay_by=said["pay_by"])
    try:
        make_promise(
            customer_id,
            plan_id,
            promised,
            request_key=f"portal:{said['request_key']}",
            via="portal",
            now=clock.now(),
        )
    except NotFound:
        raise
    except FenqiError as refusal:
        text = refusal.text(get_language() or "zh-hans")
        return help_page(request, customer_id, plan_id, refusal=text, status=refusal.status)
    return redirect("portal:pay_help", plan_id=plan_id)


@require_POST
@customer_page
def take_back(request: HttpRequest, customer_id: UUID, promise_id: UUID) -> HttpResponse:  # noqa: ARG001  # as every view
    promise = find_promise(customer_id, promise_id)
    take_back_promise(customer_id, promise_id, now=clock.now())
    return redirect("portal:pay_help", plan_id=promise.plan_id)


def _typed(request: HttpRequest, found: HelpView) -> tuple[int, date]:
    """Raises PromiseOutOfRange, PromiseTooFar."""
    currency, owed = found.terms.currency, found.state.totals.outstanding.total
    written = f"{Money(owed, currency).as_decimal():,f}"
    form = PromiseForm(request.GET)
    try:
        plain = request.GET.get("amount", "").replace(",", "").replace("，", "").strip(" ¥￥")
        amount = Money.from_decimal(plain[:16], currency).minor
    except InvalidAmount:
        raise PromiseOutOfRange(owed=written) from None
    pay_by = form.cleaned_data.get("pay_by") if form.is_valid() else None
    pay_by = pay_by or found.found.today
    rules, today = found.policy.rules, found.found.today
    check_promise(rules, amount=amount, pay_by=pay_by, today=today, owed=owed, owed_written=written)
    return amount, pay_by
