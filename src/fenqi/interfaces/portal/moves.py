"""A plan that moves to another finance partner: what is asked, what is decided, and the receipt (R146, P1203)."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.downloads import download
from fenqi.interfaces.portal.lenders import told
from fenqi.interfaces.portal.methods import component_names
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.vouchers import PDF, mall_name, moment_told
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.papers import Column, Paper, Table
from fenqi.interfaces.shared.voucher_pdf import draw
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.migrating.consent import Word, agree, decline
from fenqi.usecases.migrating.errors import ConsentTextChanged
from fenqi.usecases.migrating.queries import MoveView, move_view, newest_move
from fenqi.usecases.partners.queries import ProviderView
from fenqi.usecases.rate_limits import Rate


class DecisionForm(forms.Form):
    """What is decided, to which words."""

    digest = forms.CharField(max_length=64)
    decision = forms.ChoiceField(choices=[("agree", "agree"), ("decline", "decline")])


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, item_id: UUID) -> HttpResponse:
    return _page(request, _move(customer_id, item_id))


@require_POST
@customer_page
def decide(request: HttpRequest, customer_id: UUID, item_id: UUID) -> HttpResponse:
    """Words that have changed are shown again, and nothing is recorded."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise ConsentTextChanged
    said = form.cleaned_data
    word = Word(digest=said["digest"], language=_language(), ip=str(request.META.get("REMOTE_ADDR", "")))
    act = agree if said["decision"] == "agree" else decline
    try:
        act(customer_id, item_id, word, now=clock.now())
    except ConsentTextChanged:
        return _page(request, _move(customer_id, item_id), changed=True)
    messages.info(request, _("Your choice is recorded. You can change it until the move."))
    return redirect("portal:move", item_id)


@require_safe
@customer_page
def receipt(request: HttpRequest, customer_id: UUID, item_id: UUID) -> HttpResponse:
    move = _moved(customer_id, item_id)
    return render_page(request, "move_receipt.html", {"move": move, "paper": receipt_paper(move)})


@require_safe
@customer_page
def receipt_pdf(_request: HttpRequest, customer_id: UUID, item_id: UUID) -> HttpResponse:
    """Counted before anything is read. Raises TooManyRequests."""
    rate_limits.count(Rate.RECORDS, str(customer_id))
    move = _moved(customer_id, item_id)
    return download(draw(receipt_paper(move)), PDF, name=f"move-{move.number}.pdf")


def move_context(customer_id: UUID, plan_id: UUID) -> dict[str, object]:
    """`move`: what the order's page says of a move of its plan, if there is one."""
    found = newest_move(customer_id, plan_id, language=_language(), now=clock.now())
    if found is None:
        return {}
    return {"move": found, "move_to": _name(found.taker), "move_from": _name(found.giver)}


def _move(customer_id: UUID, item_id: UUID) -> MoveView:
    return move_view(customer_id, item_id, language=_language(), now=clock.now())


def _moved(customer_id: UUID, item_id: UUID) -> MoveView:
    """Raises NotFound for one without a receipt."""
    move = _move(customer_id, item_id)
    if move.moved_at is None:
        raise NotFound
    return move


def _page(request: HttpRequest, move: MoveView, *, changed: bool = False) -> HttpResponse:
    context = {
        "move": move,
        "to": _name(move.taker),
        "from": _name(move.giver),
        "holder": told(move.taker) if move.taker else None,
        "rows": [(_row_name(n, due_on), owed.total) for n, due_on, owed in move.rows],
        "changed": changed,
    }
    return render_page(request, "move.html", context, status=409 if changed else 200)


def receipt_paper(move: MoveView) -> Paper:
    amount = formats.money(move.balance.total, move.currency)
    if move.back_at is not None:
        answer = _("Your plan is back with %(holder)s") % {"holder": _name(move.giver)}
    else:
        answer = _("%(amount)s moved to %(holder)s, unchanged to the fen") % {
            "amount": amount,
            "holder": _name(move.taker),
        }
    return Paper(
        issuer=mall_name(),
        title=_("Receipt of the move"),
        answer=formats.spaced(answer),
        facts=tuple(_facts(move)),
        tables=(_rows_table(move),),
        notes=tuple(_notes(move)),
    )


def _facts(move: MoveView) -> Iterator[tuple[str, str]]:
    yield _("Owed before the move"), formats.money(move.balance.total, move.currency)
    if move.confirmed_minor is not None:
        confirmed = formats.money(move.confirmed_minor, move.currency)
        yield _("Owed after the move, as the other side confirmed"), confirmed
    for name, minor in zip(component_names(), move.balance, strict=True):
        if minor:
            yield _("Of it: %(component)s") % {"component": name}, formats.money(minor, move.currency)
    yield _("Collected until then by"), _name(move.giver)
    yield _("Collected from then on by"), _name(move.taker)
    if move.moved_at is not None:
        yield _("Date and time"), moment_told(move.moved_at)
    if move.back_at is not None:
        yield _("Taken back at"), moment_told(move.back_at)
    if move.collected_minor:
        yield _("Repaid in between"), formats.money(move.collected_minor, move.currency)
    yield _("Where to repay now"), _where(move.taker if move.back_at is None else move.giver)
    yield _("Order number"), move.order_no
    yield _("Goods"), move.title
    yield _("Number to quote"), move.number
    if move.entry_seq is not None:
        yield _("Entry in the books"), str(move.entry_seq)
        yield _("Proof"), move.proof
    yield _("Issued by"), mall_name()


def _where(holder: ProviderView | None) -> str:
    """The mall's own pages, or the lender's with whom to ask."""
    if holder is None:
        return _("Here, on the order's page")
    lender = told(holder)
    if not lender.collects:
        return _("Here, or at %(name)s") % {"name": lender.name}
    return " ".join(filter(None, (lender.name, lender.contact, lender.phone)))


def _rows_table(move: MoveView) -> Table:
    rows = [(_row_name(n, due_on), formats.money(owed.total, move.currency)) for n, due_on, owed in move.rows]
    return Table(
        title=_("Installments that moved"),
        columns=(Column(name=_("Installment")), Column(name=_("Owed"), align="right")),
        rows=tuple(rows),
    )


def _row_name(n: int, due_on: str) -> str:
    day = formats.full_day(date.fromisoformat(due_on), formats.language_of(_language()), today=reader().today)
    return f"{installment_name(n)} · {day}"


def _notes(move: MoveView) -> Iterator[str]:
    yield _("Sums, due dates and rate are those of before. The move does not touch your credit record.")
    if move.proof:
        yield _("The proof is the beginning of the SHA-256 fingerprint of the entry that booked the move.")


def _name(holder: ProviderView | None) -> str:
    return mall_name() if holder is None else holder.name(_language())


def _language() -> str:
    return get_language() or "zh-hans"
