"""What every page of the console is rendered with."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fenqi.usecases import clock
from fenqi.usecases.aftersales.desk import cases_to_review
from fenqi.usecases.staff.permissions import staff_member
from fenqi.usecases.support.desk import waiting_tickets


def render_page(request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """A page with today's date and with what its reader may do; `place` in the context lights its line at the side."""
    staff = staff_member(request.user)
    shared = {
        "today": clock.business_date(clock.now()),
        "staff": staff,
        "may": {permission.value: True for permission in staff.permissions} if staff else {},
        "cases_to_review": cases_to_review,
        "waiting_tickets": waiting_tickets,
    }
    return render(request, f"console/{template}", {**shared, **context}, status=status)


def plain_text(text: str | None, *, longest: int = 64) -> str:
    """What was sent outside a form: cut, and without the character that no database takes."""
    return (text or "").replace("\x00", "")[:longest]
