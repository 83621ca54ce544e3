"""The public page where anybody who holds a paper has it checked, and what papers say of it (R078, R079)."""

from typing import Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from fenqi.domain.errors import FenqiError
from fenqi.domain.vouchers import Said, normal_code, shown_code
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.record_words import voucher_name
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.papers import Check
from fenqi.usecases.vouchers.account import STATEMENT
from fenqi.usecases.vouchers.papers import Checked, Verdict, check
from fenqi.usecases.vouchers.queries import VoucherKind

TONES: Final = {
    Verdict.SAYS_WHAT_THE_BOOKS_SAY: ("paid", "circle-check"),
    Verdict.SUPERSEDED: ("due", "clock"),
    Verdict.DOES_NOT_MATCH: ("overdue", "circle-alert"),
    Verdict.UNKNOWN_CODE: ("overdue", "circle-alert"),
    Verdict.BOOKS_BROKEN: ("overdue", "ban"),
}
LONGEST_CODE: Final = 60
LONGEST_SUM: Final = 30


class PaperForm(forms.Form):
    """As it stands on the paper."""

    code = forms.CharField(max_length=LONGEST_CODE, strip=True)
    amount = forms.CharField(max_length=LONGEST_SUM, strip=True)
    day = forms.DateField(input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d"])


def check_told(code: str, said: Said) -> Check:
    """For the paper itself."""
    return Check(
        code=shown_code(code),
        address=f"{settings.FENQI_PUBLIC_URL}{reverse('portal:verify_paper', args=[code])}",
        amount=formats.money(said.amount_minor, said.currency),
        day=said.on.isoformat(),
    )


def paper_name(kind: str) -> str:
    return _("Statement of account") if kind == STATEMENT else voucher_name(VoucherKind(kind))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest, code: str = "") -> HttpResponse:
    """No sign-in: whoever holds the paper has what is asked for. The code alone opens nothing."""
    if request.method != "POST":
        known = normal_code(code[:LONGEST_CODE])
        return _page(request, PaperForm(initial={"code": shown_code(known) if known else ""}))
    form = PaperForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    if normal_code(form.cleaned_data["code"]) is None:
        form.add_error("code", _("A code has 20 letters and figures, in four groups of five."))
        return _page(request, form, status=422)
    return _checked(request, form)


def _checked(request: HttpRequest, form: PaperForm) -> HttpResponse:
    said = form.cleaned_data
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        checked = check(said["code"], amount=said["amount"], on=said["day"], remote_address=address)
    except FenqiError as refusal:
        form.add_error("amount", refusal.text(get_language() or "zh-hans"))
        return _page(request, form, status=refusal.status)
    return _page(request, form, checked)


def _page(request: HttpRequest, form: PaperForm, checked: Checked | None = None, *, status: int = 200) -> HttpResponse:
    context: dict[str, object] = {"form": form, "checked": checked}
    if checked is not None:
        tone, icon = TONES[checked.verdict]
        context |= {"headline": _headlines()[checked.verdict], "advice": _advice()[checked.verdict]}
        context |= {"tone": tone, "icon": icon}
        if checked.paper is not None:
            context |= {"name": paper_name(checked.paper.kind), "paper": checked.paper}
    return render_page(request, "verify.html", context, status=status)


def _headlines() -> dict[Verdict, str]:
    return {
        Verdict.SAYS_WHAT_THE_BOOKS_SAY: _("This paper says what our books say"),
        Verdict.SUPERSEDED: _("This paper was right, but a later entry has corrected it"),
        Verdict.DOES_NOT_MATCH: _("The sum or the day is not what we issued under this code"),
        Verdict.UNKNOWN_CODE: _("We never issued a paper with this code"),
        Verdict.BOOKS_BROKEN: _("We cannot confirm this paper now"),
    }


def _advice() -> dict[Verdict, str]:
    return {
        Verdict.SAYS_WHAT_THE_BOOKS_SAY: _(
            "Its code, its sum and its day belong together, and the chain of entries up to the one that proves it is "
            "whole: nothing was changed or taken out."
        ),
        Verdict.SUPERSEDED: _("Ask whoever gave it to you for a new one: it shows how things stand now."),
        Verdict.DOES_NOT_MATCH: _(
            "Compare all three with the paper once more, down to the last fen. If they are as printed, the paper was "
            "changed: do not rely on it."
        ),
        Verdict.UNKNOWN_CODE: _("Compare the code letter by letter. If it is as printed, the paper is not ours."),
        Verdict.BOOKS_BROKEN: _(
            "The entries that prove it do not hold together. That is our fault, not the paper's: please tell our "
            "customer service."
        ),
    }
