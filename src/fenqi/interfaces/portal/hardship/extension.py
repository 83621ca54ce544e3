"""Moving one due date: the new dates beside the old ones and what it costs, then the word to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.plans import PlanState
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.hardship.help_page import help_page, plan_of
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.rail import installment_name
from fenqi.usecases import clock
from fenqi.usecases.hardship.errors import ExtensionQuoteExpired
from fenqi.usecases.hardship.extension import confirm_extension, quote_extension


class DaysForm(forms.Form):
    days = forms.IntegerField(min_value=1, max_value=365)


class ConfirmForm(forms.Form):
    """What a confirmation carries; `request_key` makes a double tap one extension."""

    token = forms.CharField(max_length=2000)
    request_key = forms.UUIDField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One open installment, where it was and where it would be. Amounts in minor units."""

    name: str
    before_on: date
    after_on: date
    before_minor: int
    after_minor: int


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def extend(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """GET quotes, POST does what was quoted."""
    try:
        if request.method == "POST":
            return _confirm(request, customer_id, plan_id)
        return _quote_page(request, customer_id, plan_id)
    except NotFound:
        raise
    except FenqiError as refusal:
        text = refusal.text(get_language() or "zh-hans")
        return help_page(request, customer_id, plan_id, refusal=text, status=refusal.status)


def _quote_page(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    form = DaysForm(request.GET)
    days = form.cleaned_data["days"] if form.is_valid() else 0
    quoted = quote_extension(customer_id, plan_id, days=days, now=clock.now())
    plan = plan_of(customer_id, plan_id)
    numbers = {one.row.n: one.number for one in plan.installments}
    rows = tuple(moved_rows(quoted.quote.before, quoted.quote.after, numbers))
    context = {
        "plan": plan,
        "quoted": quoted,
        "rows": rows,
        "first": rows[0],
        "owed_before_minor": quoted.quote.before.totals.outstanding.total,
        "owed_after_minor": quoted.quote.after.totals.outstanding.total,
        "request_key": uuid4(),
    }
    return render_page(request, "hardship/extension.html", context)


def _confirm(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        raise ExtensionQuoteExpired
    said = form.cleaned_data
    confirm_extension(
        customer_id,
        plan_id,
        token=said["token"],
        request_key=f"portal:{said['request_key']}",
        via="portal",
        now=clock.now(),
    )
    return redirect("portal:pay_help", plan_id=plan_id)


def moved_rows(before: PlanState, after: PlanState, numbers: dict[int, int | None]) -> Iterator[Moved]:
    """The open installments of a plan whose dates move, by number: an extension keeps every row."""
    old = {row.n: row for row in before.rows}
    for row in after.rows:
        if row.outstanding.total and row.n in old:
            yield Moved(
                name=installment_name(numbers.get(row.n)),
                before_on=old[row.n].due_on,
                after_on=row.due_on,
                before_minor=old[row.n].outstanding.total,
                after_minor=row.outstanding.total,
            )
