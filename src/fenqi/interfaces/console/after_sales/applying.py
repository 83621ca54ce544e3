"""An agent applies at the customer's word: one form, then the quote to read out, then the case (R031, R035)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.aftersales.reasons import REASONS_FOR, Reason, WishKind
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.console.access import may, staff_page
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.portal.aftersales.choices import GOODS_KINDS, can_apply, refusals
from fenqi.interfaces.portal.aftersales.drafts import LONGEST_DESCRIPTION, Draft, goods_from
from fenqi.interfaces.portal.aftersales.quote_page import quote_page
from fenqi.interfaces.portal.evidence import take_in
from fenqi.interfaces.portal.pages import reader
from fenqi.interfaces.shared.uploads import takes_files
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.apply import apply_for
from fenqi.usecases.aftersales.eligibility import LineOptions, ReturnOptions, return_options
from fenqi.usecases.aftersales.evidence import EvidenceView, waiting_evidence
from fenqi.usecases.aftersales.policies import version_of
from fenqi.usecases.aftersales.quoting import QuoteView, quote, quote_view
from fenqi.usecases.customers import customer_view
from fenqi.usecases.staff.permissions import Permission, Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLine:
    """Goods, and how many pieces of them were typed."""

    options: LineOptions
    chosen: int


@takes_files(may(Permission.APPLY_FOR_CUSTOMERS))
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.APPLY_FOR_CUSTOMERS)
def fill_in(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """The form; posted, it is answered by the quote. Raises NotFound."""
    if request.method != "POST":
        return _form_page(request, staff, customer_id, order_id, Draft())
    draft = _typed(request)
    _taken, refused = take_in(request, customer_id, order_id, uploaded_by=staff.actor)
    wish = draft.wish
    if wish is None:
        return _form_page(
            request, staff, customer_id, order_id, draft, refused=[_("Goods, wish and reason are needed.")]
        )
    if refused:
        return _form_page(request, staff, customer_id, order_id, draft, refused=[_told(one) for one in refused])
    try:
        kept = quote(customer_id, order_id, wish, now=clock.now())
    except NotFound:
        raise
    except FenqiError as refusal:
        return _form_page(request, staff, customer_id, order_id, draft, refused=[_told(refusal)])
    return _quote_page(request, staff, draft, kept)


@require_POST
@staff_page(Permission.APPLY_FOR_CUSTOMERS)
def submit(request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """The customer agrees to the quote; what the agent uploaded goes with it. Raises NotFound."""
    draft = _typed(request)
    kept = quote_view(customer_id, _quote_id(request))
    if draft.wish is None or kept.order_id != order_id:
        raise NotFound
    now = clock.now()
    try:
        case_id = apply_for(
            staff,
            customer_id,
            order_id,
            draft.wish,
            quote_id=kept.quote_id,
            evidence_ids=[one.evidence_id for one in _uploaded(staff, customer_id, order_id)],
            description=draft.description,
            now=now,
        )
    except NotFound:
        raise
    except FenqiError as refusal:
        return _form_page(request, staff, customer_id, order_id, draft, refused=[_told(refusal)])
    audit.record(
        staff.actor, audit.Action.CASE_APPLIED_FOR, customer_id=customer_id, subject=f"case:{case_id}", now=now
    )
    messages.info(request, _("Applied for the customer, who is told by message."))
    return redirect("console:after_sales_case", customer_id, case_id)


def _typed(request: HttpRequest) -> Draft:
    reason = request.POST.get("reason", "")
    return replace(
        goods_from(request.POST),
        reason=reason if reason in set(Reason) else "",
        description=request.POST.get("description", "").strip()[:LONGEST_DESCRIPTION],
    )


def _quote_id(request: HttpRequest) -> UUID:
    """Raises NotFound."""
    try:
        return UUID(request.POST.get("quote", ""))
    except ValueError:
        raise NotFound from None


def _uploaded(staff: Staff, customer_id: UUID, order_id: UUID) -> tuple[EvidenceView, ...]:
    """By this agent: what the customer is uploading at the same time is for the customer to hand in."""
    return waiting_evidence(customer_id, order_id, uploaded_by=staff.actor)


def _told(refusal: FenqiError) -> str:
    return refusal.text(get_language() or "zh-hans")


def _form_page(
    request: HttpRequest, staff: Staff, customer_id: UUID, order_id: UUID, draft: Draft, *, refused: Sequence[str] = ()
) -> HttpResponse:
    options = return_options(customer_id, order_id, now=clock.now())
    context = {
        "place": "customer",
        "customer": customer_view(customer_id),
        "order_id": order_id,
        "order_no": options.order.order_no,
        "is_possible": can_apply(options),
        "lines": [GoodsLine(options=line, chosen=draft.pieces.get(line.line_no, 0)) for line in options.lines],
        "kinds": [(kind, _is_open(options, kind)) for kind in GOODS_KINDS],
        "reasons": sorted({reason for kind in GOODS_KINDS for reason in REASONS_FOR[kind]}, key=list(Reason).index),
        "closed": tuple(refusals(options)),
        "draft": draft,
        "refused": refused,
        "most": LONGEST_DESCRIPTION,
    }
    _looked_at(staff, customer_id)
    return render_page(request, "after_sales/apply.html", context, status=422 if refused else 200)


def _is_open(options: ReturnOptions, kind: WishKind) -> bool:
    return any(kind in line.open for line in options.lines)


def _quote_page(request: HttpRequest, staff: Staff, draft: Draft, kept: QuoteView) -> HttpResponse:
    terms = rules_of_case.terms_of(version_of(kept.policy_code, kept.policy_version).rules)
    context = {
        "place": "customer",
        "customer": customer_view(kept.customer_id),
        "order_id": kept.order_id,
        "order_no": kept.order_no,
        "draft": draft,
        "pieces": draft.pieces.items(),
        "quote": quote_page(kept, terms, reader(kept.currency)),
        "uploaded": _uploaded(staff, kept.customer_id, kept.order_id),
    }
    _looked_at(staff, kept.customer_id)
    return render_page(request, "after_sales/apply_quote.html", context)


def _looked_at(staff: Staff, customer_id: UUID) -> None:
    audit.record(staff.actor, audit.Action.CUSTOMER_SEEN, customer_id=customer_id, now=clock.now())
