"""A new schedule that we offer: before and after side by side, and the customer's yes or no."""

from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.hardship.changes import ChangeMoved
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.hardship.help_page import plan_of
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.hardship.agree import agree, decline, offered
from fenqi.usecases.hardship.rows import change_of


class AgreeForm(forms.Form):
    """What was shown."""

    token = forms.CharField(max_length=2000)


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def show(request: HttpRequest, customer_id: UUID, change_id: UUID) -> HttpResponse:
    """GET shows what would change, POST is the customer's yes to exactly that."""
    refusal = ""
    if request.method == "POST":
        form = AgreeForm(request.POST)
        token = form.cleaned_data["token"] if form.is_valid() else ""
        language = get_language() or "zh-hans"
        try:
            agree(customer_id, change_id, token=token, language=language, now=clock.now())
        except ChangeMoved as moved:
            refusal = moved.text(language)
        else:
            return redirect("portal:pay_help", plan_id=_plan_of(customer_id, change_id))
    return _page(request, customer_id, change_id, refusal)


@require_POST
@customer_page
def refuse(request: HttpRequest, customer_id: UUID, change_id: UUID) -> HttpResponse:  # noqa: ARG001  # as every view
    plan_id = _plan_of(customer_id, change_id)
    decline(customer_id, change_id, now=clock.now())
    return redirect("portal:pay_help", plan_id=plan_id)


def _page(request: HttpRequest, customer_id: UUID, change_id: UUID, refusal: str) -> HttpResponse:
    found = offered(customer_id, change_id, now=clock.now())
    simulation = found.simulation
    context = {
        "offer": found,
        "plan": plan_of(customer_id, simulation.plan_id),
        "before_rows": [row for row in simulation.before.rows if row.outstanding.total],
        "after_rows": [row for row in simulation.after.rows if row.outstanding.total],
        "owed_minor": simulation.after.totals.outstanding.total,
        "refusal": refusal,
    }
    return render_page(request, "hardship/new_schedule.html", context, status=409 if refusal else 200)


def _plan_of(customer_id: UUID, change_id: UUID) -> UUID:
    return change_of(customer_id, change_id).plan_id
