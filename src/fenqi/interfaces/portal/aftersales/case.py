"""One after-sales case: where it stands, who has the money, and what to do next (R043-R045, R073-R081)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.aftersales.rules import NEXT_STEPS, NextStep
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.portal.access import customer_page, is_customer
from fenqi.interfaces.portal.aftersales.actors import customer_actor
from fenqi.interfaces.portal.aftersales.headlines import headline, waits_for_card, ways
from fenqi.interfaces.portal.aftersales.photos import room_told
from fenqi.interfaces.portal.aftersales.progress import timeline
from fenqi.interfaces.portal.aftersales.quote_page import quote_page
from fenqi.interfaces.portal.aftersales.terms_told import freight_told
from fenqi.interfaces.portal.aftersales.words import case_kind_name, reason_named, rule_named
from fenqi.interfaces.portal.evidence import take_in
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.portal.reserve import rows_of
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.uploads import takes_files
from fenqi.usecases import clock
from fenqi.usecases.aftersales import queries, rules_of_case
from fenqi.usecases.aftersales.evidence import room_for, waiting_evidence
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.goods import note_sent
from fenqi.usecases.aftersales.policies import version_of
from fenqi.usecases.aftersales.review import answer
from fenqi.usecases.aftersales.views import CaseView
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.partners.queries import refunds_at_partners
from fenqi.usecases.reserves.queries import reserves_of
from fenqi.usecases.vouchers.queries import vouchers_of

CARRIERS = ("顺丰", "京东", "中通", "圆通", "申通", "韵达", "邮政 EMS", "极兔")
LONGEST_WORDS = 500


class SentForm(forms.Form):
    """By whom the goods travel, and under which number."""

    carrier = forms.CharField(max_length=40, strip=True)
    tracking_no = forms.RegexField(r"\A[0-9A-Za-z-]{6,40}\Z")


class AnswerForm(forms.Form):
    """What the review asked for, in words; photos and videos come beside it."""

    note = forms.CharField(max_length=LONGEST_WORDS, required=False, strip=True)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was typed, and why it was not taken."""

    refusal: str
    status: int = 422
    typed: Mapping[str, str] = field(default_factory=dict)


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, case_id: UUID) -> HttpResponse:
    return _page(request, queries.case_view(customer_id, case_id))


@takes_files(is_customer)
@require_POST
@customer_page
def add_evidence(request: HttpRequest, customer_id: UUID, case_id: UUID) -> HttpResponse:
    """What the review asked for."""
    form = AnswerForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else request.POST.get("note", "")[:LONGEST_WORDS]
    case = queries.case_view(customer_id, case_id)
    actor = customer_actor(customer_id)
    try:
        _taken, refused = take_in(request, customer_id, case.order_id)
        if refused:
            raise refused[0]
        files = [one.evidence_id for one in waiting_evidence(customer_id, case.order_id, uploaded_by=actor)]
        answer(customer_id, case_id, note=note, evidence_ids=files, actor=actor, now=clock.now())
    except FenqiError as refusal:
        return _again(request, customer_id, case_id, refusal, typed={"note": note})
    return _done(case_id)


@require_POST
@customer_page
def sent(request: HttpRequest, customer_id: UUID, case_id: UUID) -> HttpResponse:
    """The goods are on their way back."""
    typed = {name: request.POST.get(name, "")[:64] for name in ("carrier", "tracking_no")}
    form = SentForm({**typed, "tracking_no": "".join(typed["tracking_no"].split())})
    if not form.is_valid():
        told = _("Please fill in the carrier, and the number on the parcel's label: 6 to 40 letters and digits.")
        return _page(request, queries.case_view(customer_id, case_id), Tried(told, typed=typed))
    try:
        note_sent(customer_id, case_id, **form.cleaned_data, actor=customer_actor(customer_id), now=clock.now())
    except FenqiError as refusal:
        return _again(request, customer_id, case_id, refusal, typed=typed)
    return _done(case_id)


@require_POST
@customer_page
def take_back(request: HttpRequest, customer_id: UUID, case_id: UUID) -> HttpResponse:
    try:
        withdraw(customer_id, case_id, actor=customer_actor(customer_id), now=clock.now())
    except FenqiError as refusal:
        return _again(request, customer_id, case_id, refusal)
    return _done(case_id)


@require_POST
@customer_page
def confirm(request: HttpRequest, customer_id: UUID, case_id: UUID) -> HttpResponse:
    """The customer takes the new amounts; when they changed once more meanwhile, the newest are shown."""
    try:
        quote_id = UUID(request.POST.get("quote", ""))
    except ValueError as malformed:
        raise NotFound from malformed
    try:
        confirm_quote(customer_id, case_id, quote_id, actor=customer_actor(customer_id), now=clock.now())
    except FenqiError as refusal:
        return _again(request, customer_id, case_id, refusal)
    return _done(case_id)


def _done(case_id: UUID) -> HttpResponse:
    return redirect("portal:after_sales_case", case_id=case_id)


def _again(
    request: HttpRequest,
    customer_id: UUID,
    case_id: UUID,
    refusal: FenqiError,
    *,
    typed: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The page as it stands now, with what was typed and why it was not taken."""
    if isinstance(refusal, NotFound):
        raise refusal
    told = refusal.text(get_language() or "zh-hans")
    return _page(request, queries.case_view(customer_id, case_id), Tried(told, refusal.status, typed or {}))


def _page(request: HttpRequest, case: CaseView, tried: Tried | None = None) -> HttpResponse:
    read = reader(case.currency)
    title, lead = headline(case, read)
    may = case.customer_may
    policy = version_of(case.policy_code, case.policy_version)
    terms = rules_of_case.terms_of(policy.rules)
    context = {
        "case": case,
        "headline": title,
        "lead": lead,
        "kind_name": case_kind_name(case),
        "reason_name": reason_named(case.reason).name,
        "ways": ways(case),
        "latest_on": _latest_on(case),
        "steps": timeline(case, read),
        "quote": quote_page(case.quote, terms, read) if case.quote and case.kind != WishKind.EXCHANGE else None,
        "needs_card": case.state is CaseState.REFUNDING and waits_for_card(case),
        "offered": quote_page(case.offered_quote, terms, read) if case.offered_quote else None,
        "is_rejected": case.state is CaseState.REJECTED,
        "rule": rule_named(case.rule),
        "money": _money_told(case, read),
        "at_lenders": refunds_at_partners(case.customer_id, case_id=case.case_id),
        "vouchers": vouchers_of(case.customer_id, case.order_id, case_id=case.case_id),
        "reserves": rows_of(reserves_of(case.customer_id, order_id=case.order_id, now=clock.now())),
        "return_address": settings.FENQI_RETURN_ADDRESS,
        "freight_told": freight_told(policy.rules, case.reason),
        "next_step": _next_step(case),
        "may_answer": CaseSignal.ANSWERED in may,
        **(_what_waits(case) if CaseSignal.ANSWERED in may else {}),
        "may_send": CaseSignal.SENT in may,
        "may_confirm": CaseSignal.CONFIRMED in may and case.offered_quote is not None,
        "may_withdraw": CaseSignal.WITHDRAWN in may,
        "carriers": CARRIERS,
        "most": LONGEST_WORDS,
        "tried": tried,
        "typed": tried.typed if tried else {},
    }
    return render_page(request, "aftersales/case.html", context, status=tried.status if tried else 200)


def _what_waits(case: CaseView) -> dict[str, object]:
    """Photos and videos that the customer uploaded for the answer and did not hand in yet."""
    actor = customer_actor(case.customer_id)
    return {
        "waiting": waiting_evidence(case.customer_id, case.order_id, uploaded_by=actor),
        "files_told": room_told(room_for(case.customer_id, case.order_id, uploaded_by=actor)),
    }


def _money_told(case: CaseView, read: Reader) -> tuple[tuple[str, str], ...]:
    """Who has the money while nothing has left yet, and when it is to arrive (R043, R044, R058)."""
    is_open = case.is_open and case.state is not CaseState.QUOTE_CHANGED
    if not is_open or case.refunds or case.quote is None or not case.quote.cash_minor:
        return ()
    usual, latest = (
        formats.full_day(day, read.language, today=read.today)
        for day in (case.deadlines.usual_by, case.deadlines.promise_by)
    )
    return (
        (_("To come back to you"), formats.money(case.quote.cash_minor, case.currency)),
        (_("Who has the money"), _("The mall")),
        (_("Usually there by"), usual),
        (_("At the latest"), latest),
    )


def _latest_on(case: CaseView) -> date | None:
    """The last day that we answer for, of money that has not arrived."""
    days = [one.leg.expected_by for one in ways(case) if one.leg.expected_by and not one.leg.arrived_on]
    return max(days, default=None)


def _next_step(case: CaseView) -> str:
    """What a refusal leads to, in words."""
    known = {step.value: step for step in NextStep}
    step = known.get(case.next_step)
    if step is None:
        return ""
    words = NEXT_STEPS[step]
    return words.zh if (get_language() or "zh-hans").startswith("zh") else words.en
