"""My credit record: what was announced, reported or taken back, and the way to object (P810)."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.hardship.credit_marks import LONGEST_OBJECTION, marks_of, object_to_mark
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.summaries import plan_summaries


class ObjectionForm(forms.Form):
    words = forms.CharField(max_length=10 * LONGEST_OBJECTION, required=False)


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    return _page(request, customer_id)


@require_POST
@customer_page
def object_to(request: HttpRequest, customer_id: UUID, mark_id: UUID) -> HttpResponse:
    form = ObjectionForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        object_to_mark(customer_id, mark_id, words=words, now=clock.now())
    except NotFound:
        raise
    except FenqiError as refusal:
        text = refusal.text(get_language() or "zh-hans")
        return _page(request, customer_id, refusal=text, status=refusal.status)
    return redirect("portal:credit_record")


def _page(request: HttpRequest, customer_id: UUID, *, refusal: str = "", status: int = 200) -> HttpResponse:
    marks = marks_of(customer_id)
    plans = {plan.plan_id: plan for plan in plan_summaries(customer_id)}
    today = clock.business_date(clock.now())
    context = {
        "marks": [(mark, plans[mark.plan_id]) for mark in marks],
        "reported": [mark for mark in marks if mark.state == "marked"],
        "warned": [mark for mark in marks if mark.state == "warned"],
        "rules": policy_on(today).rules,
        "longest": LONGEST_OBJECTION,
        "refusal": refusal,
    }
    return render_page(request, "hardship/credit_record.html", context, status=status)
