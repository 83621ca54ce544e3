"""Applying: which goods and what for, why, the refund quote, and handing it in (R026, R031-R039).

What is filled in is kept as a draft in the session: every page works without scripts, and nothing is typed twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.aftersales.eligibility import Wish
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.portal.access import customer_page, is_customer
from fenqi.interfaces.portal.aftersales import choices, drafts
from fenqi.interfaces.portal.aftersales.actors import customer_actor
from fenqi.interfaces.portal.aftersales.drafts import LONGEST_DESCRIPTION, Draft
from fenqi.interfaces.portal.aftersales.next_steps import steps_ahead
from fenqi.interfaces.portal.aftersales.photos import room_told
from fenqi.interfaces.portal.aftersales.quote_page import quote_page
from fenqi.interfaces.portal.aftersales.words import kind_named, reason_named
from fenqi.interfaces.portal.evidence import take_in
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.shared.uploads import takes_files
from fenqi.records.models import AppliedVia
from fenqi.usecases import clock
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.apply import apply
from fenqi.usecases.aftersales.eligibility import ReturnOptions, check_wish, return_options
from fenqi.usecases.aftersales.errors import RefundQuoteChanged, RefundQuoteExpired
from fenqi.usecases.aftersales.evidence import discard, room_for, waiting_evidence
from fenqi.usecases.aftersales.policies import version_of
from fenqi.usecases.aftersales.quoting import quote, quote_view


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def choose(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Step 1: which goods, how many pieces, and what for."""
    options = return_options(customer_id, order_id, now=clock.now())
    draft = drafts.read(request, order_id)
    if request.method != "POST":
        return _choose_page(request, order_id, options, draft)
    asked = drafts.goods_from(request.POST)
    draft = replace(draft, kind=asked.kind, pieces=asked.pieces, quote_id="")
    drafts.keep(request, order_id, draft)
    refusal = _unchosen(draft, options)
    if refusal:
        return _choose_page(request, order_id, options, draft, refusal=refusal)
    return redirect("portal:after_sales_reason", order_id=order_id)


def _unchosen(draft: Draft, options: ReturnOptions) -> str:
    """What is still missing or does not fit."""
    if not draft.pieces:
        return _("Please choose the goods that it is about.")
    if not draft.kind:
        return _("Please choose what you wish.")
    lines = {line.line_no: line for line in options.lines}
    for line_no, count in draft.pieces.items():
        line = lines.get(line_no)
        if line is None or count > line.left:
            return _("You have chosen more pieces than are left.")
        if WishKind(draft.kind) not in line.open:
            return choices.told(line.without_reason)
    return ""


def _choose_page(
    request: HttpRequest, order_id: UUID, options: ReturnOptions, draft: Draft, *, refusal: str = ""
) -> HttpResponse:
    handed_over = options.handed_over
    context = {
        "order_id": order_id,
        "order_no": options.order.order_no,
        "is_possible": choices.can_apply(options),
        "lines": choices.line_choices(options, draft),
        "kinds": choices.kind_choices(options, draft),
        "procedure": _procedure(options),
        "refusals": () if handed_over else tuple(choices.refusals(options)),
        "policy": choices.policy_told(options.lines),
        "refusal": refusal,
    }
    return render_page(request, "aftersales/choose.html", context, status=422 if refusal else 200)


def _procedure(options: ReturnOptions) -> str:
    """How the platform that sold the goods wants it done (R027, R028)."""
    decision = options.handed_over
    if decision is None:
        return ""
    how = decision.procedure_zh if (get_language() or "zh-hans").startswith("zh") else decision.procedure_en
    return how or choices.told(decision)


@takes_files(is_customer)
@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def give_reason(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Step 2: the reason, a description, photos and videos; from here to the quote."""
    draft = drafts.read(request, order_id)
    if not draft.has_goods:
        return redirect("portal:apply_after_sales", order_id=order_id)
    if request.method != "POST":
        return _reason_page(request, customer_id, order_id, draft)
    draft = replace(
        draft,
        reason=_reason(request.POST.get("reason", "")),
        description=request.POST.get("description", "").strip()[:LONGEST_DESCRIPTION],
        quote_id="",
    )
    drafts.keep(request, order_id, draft)
    _taken, refusals = take_in(request, customer_id, order_id)
    refused = [one.text(_language()) for one in refusals]
    if "remove" in request.POST:
        _discard(customer_id, request.POST["remove"])
    if refused or "quote" not in request.POST:
        return _reason_page(request, customer_id, order_id, draft, refused=refused)
    return _to_quote(request, customer_id, order_id, draft)


def _reason(typed: str) -> str:
    return typed if typed in set(Reason) else ""


def _language() -> str:
    return get_language() or "zh-hans"


def _discard(customer_id: UUID, typed: str) -> None:
    """Raises NotFound."""
    try:
        evidence_id = UUID(typed)
    except ValueError as malformed:
        raise NotFound from malformed
    discard(customer_id, evidence_id, uploaded_by=customer_actor(customer_id))


def _reason_page(
    request: HttpRequest, customer_id: UUID, order_id: UUID, draft: Draft, *, refused: Sequence[str] = ()
) -> HttpResponse:
    options = return_options(customer_id, order_id, now=clock.now())
    lines = [line for line in options.lines if draft.pieces.get(line.line_no)]
    context = {
        "order_id": order_id,
        "draft": draft,
        "kind_name": kind_named(draft.kind).name,
        "goods": choices.goods_named(lines, draft),
        "reasons": choices.reason_choices(options, lines, WishKind(draft.kind), draft),
        "is_exchange": draft.kind == WishKind.EXCHANGE,
        "evidence": waiting_evidence(customer_id, order_id, uploaded_by=customer_actor(customer_id)),
        "files_told": room_told(room_for(customer_id, order_id, uploaded_by=customer_actor(customer_id))),
        "policy": choices.policy_told(lines),
        "refused": refused,
        "most": LONGEST_DESCRIPTION,
    }
    return render_page(request, "aftersales/reason.html", context, status=422 if refused else 200)


def _to_quote(request: HttpRequest, customer_id: UUID, order_id: UUID, draft: Draft) -> HttpResponse:
    """To the quote, unless a rule stands against it."""
    wish = draft.wish
    if wish is None:
        return _reason_page(request, customer_id, order_id, draft, refused=[_("Please choose a reason.")])
    try:
        kept = _quoted(customer_id, order_id, wish)
    except NotFound:
        raise
    except FenqiError as refusal:
        return _reason_page(request, customer_id, order_id, draft, refused=[refusal.text(_language())])
    drafts.keep(request, order_id, replace(draft, quote_id=str(kept)))
    return redirect("portal:refund_quote", order_id=order_id)


def _quoted(customer_id: UUID, order_id: UUID, wish: Wish) -> UUID:
    """A new quote of what may be applied for. Raises NotEligible, TooManyPieces, NotBought, NotFound."""
    now = clock.now()
    check_wish(customer_id, order_id, wish, now=now).require()
    return quote(customer_id, order_id, wish, now=now).quote_id


@require_safe
@customer_page
def show_quote(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Step 3: everything that would happen, before anything is handed in."""
    draft = drafts.read(request, order_id)
    if draft.wish is None or not draft.quote_id:
        return redirect("portal:apply_after_sales", order_id=order_id)
    return _quote_page(request, customer_id, order_id, draft)


def _quote_page(
    request: HttpRequest, customer_id: UUID, order_id: UUID, draft: Draft, *, refusal: FenqiError | None = None
) -> HttpResponse:
    shown = quote_view(customer_id, UUID(draft.quote_id))
    read = reader(shown.currency)
    policy = version_of(shown.policy_code, shown.policy_version)
    is_exchange = draft.kind == WishKind.EXCHANGE
    context = {
        "order_id": order_id,
        "draft": draft,
        "page": quote_page(shown, rules_of_case.terms_of(policy.rules), read),
        "steps": steps_ahead(policy.of_return, draft.kind, draft.reason, read),
        "kind_name": kind_named(draft.kind).name,
        "reason_name": reason_named(draft.reason).name,
        "is_exchange": is_exchange,
        "evidence": waiting_evidence(customer_id, order_id, uploaded_by=customer_actor(customer_id)),
        "asks_evidence": policy.of_return.asks_evidence_for(Reason(draft.reason)),
        "policy": policy.summary(_language()),
        "back": reverse("portal:after_sales_reason", args=[order_id]),
        "button": _button(WishKind(draft.kind)),
        "refusal": refusal.text(_language()) if refusal else "",
    }
    return render_page(request, "aftersales/quote.html", context, status=refusal.status if refusal else 200)


def _button(kind: WishKind) -> str:
    texts = {
        WishKind.RETURN: _("Apply for the return by this quote"),
        WishKind.REFUND_ONLY: _("Apply for the refund by this quote"),
        WishKind.EXCHANGE: _("Apply for the exchange"),
    }
    return texts[kind]


@require_POST
@customer_page
def submit(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Handed in as it was quoted; when the quote has expired or the facts have changed, a new one is shown first."""
    draft = drafts.read(request, order_id)
    wish = draft.wish
    if wish is None or not draft.quote_id or request.POST.get("quote") != draft.quote_id:
        return redirect("portal:after_sales")  # handed in already: its case stands on top there
    actor = customer_actor(customer_id)
    waiting = waiting_evidence(customer_id, order_id, uploaded_by=actor)
    try:
        case_id = apply(
            customer_id,
            order_id,
            wish,
            quote_id=UUID(draft.quote_id),
            evidence_ids=[one.evidence_id for one in waiting],
            description=draft.description,
            via=AppliedVia.PORTAL,
            actor=actor,
            now=clock.now(),
        )
    except (RefundQuoteExpired, RefundQuoteChanged) as refusal:
        draft = replace(draft, quote_id=str(_quoted(customer_id, order_id, wish)))
        drafts.keep(request, order_id, draft)
        return _quote_page(request, customer_id, order_id, draft, refusal=refusal)
    drafts.forget(request, order_id)
    return redirect("portal:after_sales_case", case_id=case_id)
