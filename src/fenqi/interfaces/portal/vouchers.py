"""Vouchers: what was paid or came back, by which numbers, and the entry that proves it (R076-R079)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.errors import NotFound
from fenqi.domain.plans import Components
from fenqi.domain.vouchers import Balances
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales.words import state_pill
from fenqi.interfaces.portal.downloads import download
from fenqi.interfaces.portal.going_on import drawn
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.portal.methods import card_name, carrier_name, channel_name, component_names
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.paper_checks import check_told
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.record_words import voucher_name, why_words
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.interfaces.shared.papers import Check, Column, Paper, Scan, Table
from fenqi.interfaces.shared.voucher_pdf import draw
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.clock import business_date, mall_zone
from fenqi.usecases.entries.links import permanent_address
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.vouchers.papers import issue, said_of
from fenqi.usecases.vouchers.queries import VoucherDetail, VoucherKind, VoucherView, voucher_detail

PDF: Final = "application/pdf"
_DISPUTED_BY_WHAT_MOVED: Final = frozenset(
    {VoucherKind.PAYMENT, VoucherKind.REFUND, VoucherKind.LENDER_REFUND, VoucherKind.CASE}
)


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, kind: str, voucher_id: UUID) -> HttpResponse:
    detail = voucher_detail(customer_id, kind_of(kind), voucher_id)
    check = _check_of(customer_id, detail)
    paper = voucher_paper(detail, check)
    context = {
        "voucher": detail.voucher,
        "paper": paper,
        "scans": drawn_scans(paper),
        "qr": drawn(check.address),
        "may_dispute": detail.voucher.kind in _DISPUTED_BY_WHAT_MOVED,
    }
    return render_page(request, "voucher.html", context)


@require_safe
@customer_page
def pdf(_request: HttpRequest, customer_id: UUID, kind: str, voucher_id: UUID) -> HttpResponse:
    """Counted before anything is read. Raises TooManyRequests."""
    rate_limits.count(Rate.RECORDS, str(customer_id))
    detail = voucher_detail(customer_id, kind_of(kind), voucher_id)
    paper = voucher_paper(detail, _check_of(customer_id, detail))
    return download(draw(paper), PDF, name=f"voucher-{detail.voucher.number}.pdf")


def _check_of(customer_id: UUID, detail: VoucherDetail) -> Check:
    said = said_of(detail.voucher)
    return check_told(issue(customer_id, said, now=clock.now()), said)


def kind_of(kind: str) -> VoucherKind:
    """Raises NotFound."""
    try:
        return VoucherKind(kind)
    except ValueError as unknown:
        raise NotFound from unknown


def mall_name() -> str:
    return settings.FENQI_MALL_NAME or _("The mall")


def moment_told(at: datetime) -> str:
    """With year and seconds, since a paper is kept: `2026-11-23 20:41:07`, in the mall's time."""
    return f"{at.astimezone(mall_zone()):%Y-%m-%d %H:%M:%S}"


def voucher_paper(detail: VoucherDetail, check: Check | None = None) -> Paper:
    voucher = detail.voucher
    return Paper(
        issuer=mall_name(),
        title=voucher_name(voucher.kind),
        answer=_answer(voucher),
        facts=tuple(_facts(detail)),
        tables=(_paid_table(detail),) if detail.paid else (),
        notes=tuple(_notes(voucher)),
        check=check,
        scans=tuple(_scans(detail)),
    )


def _scans(detail: VoucherDetail) -> Iterator[Scan]:
    """Whoever keeps the voucher of a payment may repay the rest from it."""
    if detail.voucher.kind is VoucherKind.PAYMENT and detail.open_plan_id is not None:
        yield repay_scan(detail.open_plan_id, detail.voucher.order_no)


def repay_scan(plan_id: UUID, order_no: str) -> Scan:
    """The permanent address of a plan: on paper, too, it leads to the entry that is open when it is scanned."""
    return Scan(
        address=permanent_address(plan_id),
        title=_("Repay what is left of order %(number)s") % {"number": order_no},
        text=_("Scan it any time: after signing in it leads to where this plan can be repaid then."),
    )


def drawn_scans(paper: Paper) -> list[tuple[Scan, SafeString]]:
    """Each with its picture, for a page."""
    return [(scan, drawn(scan.address)) for scan in paper.scans]


def _answer(voucher: VoucherView) -> str:
    answers = {
        VoucherKind.PAYMENT: _("%(amount)s was paid by %(account)s"),
        VoucherKind.REFUND: _("%(amount)s was sent back to %(account)s"),
        VoucherKind.LENDER_REFUND: _("%(amount)s was given back to %(account)s"),
        VoucherKind.RESERVE_HOLD: _("%(amount)s is held as a reserve at %(account)s"),
        VoucherKind.RESERVE_RELEASE: _("%(amount)s of your reserve was released at %(account)s"),
        VoucherKind.RESERVE_CAPTURE: _("%(amount)s of your reserve was taken at %(account)s, as agreed"),
        VoucherKind.CASE: _("Case %(number)s: %(state)s"),
        VoucherKind.ENTRY: _("%(what)s: %(amount)s booked"),
    }
    values = {
        "amount": formats.money(voucher.amount_minor, voucher.currency),
        "account": _within(account_told(voucher)),
        "number": voucher.number,
        "state": _state_told(voucher),
        "what": what_for(voucher),
    }
    return formats.spaced(answers[voucher.kind] % values)


def _within(told: str) -> str:
    """As a name stands inside a sentence."""
    return f"t{told[1:]}" if told.startswith("The ") else told


def account_told(voucher: VoucherView) -> str:
    """The account as far as anybody may read it: the bank with four figures, or the wallet as it masks it."""
    if voucher.card is not None:
        return card_name(voucher.card)
    if voucher.provider:
        return lender_name(voucher.provider)
    name = channel_name(voucher.channel) if voucher.channel else _("A bank account of yours")
    return f"{name} ({voucher.account})" if voucher.account else name


def _facts(detail: VoucherDetail) -> Iterator[tuple[str, str]]:
    voucher, language = detail.voucher, get_language() or "zh-hans"
    yield _("Amount"), formats.money(voucher.amount_minor, voucher.currency)
    yield _("Date and time"), f"{moment_told(voucher.at)} ({mall_zone().key})"
    if voucher.kind is VoucherKind.CASE:
        yield _("Status"), _state_told(voucher)
        yield _("Steps on record"), voucher.further["steps"]
    elif voucher.kind is VoucherKind.ENTRY:
        yield from _changes(voucher)
    else:
        yield _("Account or channel"), account_told(voucher)
    yield _("What for"), what_for(voucher)
    if voucher.undone_by is not None:
        yield _("Taken back later"), _("by entry %(seq)s") % {"seq": voucher.undone_by}
    yield _("Order number"), voucher.order_no
    if detail.goods:
        separator = "、" if language.startswith("zh") else ", "
        yield _("Goods"), separator.join(f"{name} × {quantity}" for name, quantity in detail.goods)
    if voucher.case_no and voucher.kind is not VoucherKind.CASE:
        yield _("Case number"), voucher.case_no
    yield _("Number to quote to us"), voucher.number
    if voucher.theirs and voucher.theirs != voucher.number:
        carrier = account_told(voucher) if voucher.provider else _carrier(voucher)
        yield _("Number to quote to %(carrier)s") % {"carrier": carrier}, voucher.theirs
    if voucher.proof is not None:
        booked_on = business_date(voucher.proof.posted_at).isoformat()
        yield _("Entry in the books"), _("%(seq)s, booked on %(day)s") % {"seq": voucher.proof.seq, "day": booked_on}
        yield _("Proof"), voucher.proof.beginning
    yield _("Issued by"), mall_name()


def what_for(voucher: VoucherView) -> str:
    if voucher.kind is VoucherKind.ENTRY:
        return str(ENTRIES.get(voucher.why, voucher.why))
    return why_words().get(voucher.why, voucher.why)


def _state_told(voucher: VoucherView) -> str:
    state = voucher.further.get("state", "")
    return state_pill(CaseState(state)).text if voucher.kind is VoucherKind.CASE else state


def _changes(voucher: VoucherView) -> Iterator[tuple[str, str]]:
    """What the entry changed for the customer; what it did not change is left out."""
    names = balance_names()
    for name in Balances._fields:
        if minor := int(voucher.further[name]):
            yield names[name], formats.money(minor, voucher.currency)


def balance_names() -> dict[str, str]:
    return {
        "owed": _("You owe"),
        "credit": _("We owe you"),
        "reserve": _("Reserve"),
    }


def _carrier(voucher: VoucherView) -> str:
    return carrier_name(voucher.channel) if voucher.channel else _("The mall's bank")


def _paid_table(detail: VoucherDetail) -> Table:
    """Only the components that something went to have a column."""
    used = [n for n in range(len(Components._fields)) if any(one.parts[n] for one in detail.paid)]
    names = component_names()
    currency = detail.voucher.currency
    rows = [
        (
            installment_name(one.number),
            *(formats.money(one.parts[n], currency) for n in used),
            formats.money(one.parts.total, currency),
        )
        for one in detail.paid
    ]
    if detail.credit_minor:
        blank = (formats.UNKNOWN,) * len(used)
        rows.append((_("Kept as your credit"), *blank, formats.money(detail.credit_minor, currency)))
    columns = (_("Installment"), *(names[n] for n in used), _("In all"))
    return Table(
        title=_("What it paid for"),
        columns=tuple(Column(name=name, align="right" if n else "left") for n, name in enumerate(columns)),
        rows=tuple(rows),
    )


def _notes(voucher: VoucherView) -> Iterator[str]:
    if voucher.proof is not None:
        yield _(
            "The proof is the beginning of the SHA-256 fingerprint of the entry that booked this sum and of all "
            "before it. Entries can only be added, never changed. The statement of this order has the whole of it "
            "with the text it was made of, so that anybody can make it anew."
        )
    yield _("Personal accounts are masked. This voucher is no tax invoice.")
