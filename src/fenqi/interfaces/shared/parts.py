"""`/parts`, where DEBUG is on: every part of the design system in light and in dark, to look at and to test."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fenqi.interfaces.shared.ui_tags import MOST_SEGMENTS, MonthBar

TODAY = date(2026, 11, 22)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Sample figures of one fixed day, so that two pictures of the page can be compared."""
    return render(request, "fenqi/parts.html", _sample())


def _sample() -> dict[str, object]:
    return {
        "schemes": ("light", "dark"),
        "today": TODAY,
        "due_on": date(2026, 11, 25),
        "next_year": date(2027, 6, 25),
        "tones": ["paid"] * 4 + ["due"] + ["future"] * 7,
        "tones_unknown": ["paid"] * 2 + ["unknown"] + ["future"] * 3,
        "many_tones": ["paid"] * 9 + ["future"] * (MOST_SEGMENTS + 3),
        "months": [
            MonthBar(month=date(2026, 11, 1), amount_minor=58304, tone="due"),
            MonthBar(month=date(2026, 12, 1), amount_minor=58304),
            MonthBar(month=date(2027, 1, 1), amount_minor=98304),
            MonthBar(month=date(2027, 2, 1), amount_minor=98304),
            MonthBar(month=date(2027, 3, 1), amount_minor=78404),
            MonthBar(month=date(2027, 4, 1), amount_minor=38409),
        ],
        "wrong": ["这不是手机号，请填 11 位数字。"],
    }
