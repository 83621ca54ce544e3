"""Bound cards: the list, adding one, removing one (R118). What is typed of a card lives for one request."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from fenqi.domain.cards import CardKind, issuer_of
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.methods import card_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.usecases import clock
from fenqi.usecases.cards.bind import Binding, Consent, TypedCard, ask_code, bind, faults
from fenqi.usecases.cards.queries import card_view, list_cards
from fenqi.usecases.cards.unbind import unbind
from fenqi.usecases.repayment.methods import binds_cards

SESSION_KEY: Final = "binding_a_card"
_SHORTEST_PREFIX: Final = 6


class CardForm(forms.Form):
    """As it was typed; what is right is decided by `fenqi.domain.cards`, and each mistake is told at its field."""

    number = forms.CharField(max_length=60, required=False)
    holder = forms.CharField(max_length=60, required=False)
    phone = forms.CharField(max_length=30, required=False)
    code = forms.CharField(max_length=12, required=False)
    agree = forms.BooleanField(required=False)
    next = forms.CharField(max_length=500, required=False)

    @property
    def typed(self) -> TypedCard:
        said = self.cleaned_data
        return TypedCard(number=said["number"], holder=said["holder"], phone=said["phone"])

    def refuse(self, refusal: FenqiError) -> None:
        field = refusal.where if refusal.where in self.fields else None
        self.add_error(field, refusal.text(get_language() or "zh-hans"))


@require_safe
@customer_page
def overview(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    cards = [(card, card_name(card)) for card in list_cards(customer_id)]
    context = {
        "cards": cards,
        "usable_count": sum(card.is_usable for card, _name in cards),
        "may_bind": binds_cards(),
    }
    return render_page(request, "cards.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@customer_page
def add(request: HttpRequest, customer_id: UUID) -> HttpResponse:
    """Two buttons on one form: send the code, then bind. Both find mistakes before anything is sent."""
    if request.method != "POST":
        return _form_page(request, CardForm(initial={"next": request.GET.get("next", "")}))
    form = CardForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    for fault in faults(form.typed):
        form.refuse(fault)
    if not form.errors:
        try:
            if "bind" in request.POST:
                return _bound(request, customer_id, form)
            _remember(request, ask_code(customer_id, form.typed, now=clock.now()))
        except FenqiError as refusal:
            form.refuse(refusal)
    return _form_page(request, form, status=422 if form.errors else 200)


def _bound(request: HttpRequest, customer_id: UUID, form: CardForm) -> HttpResponse:
    """Back to where the card was wanted, with the card chosen."""
    if not form.cleaned_data["agree"]:
        form.add_error("agree", _("Agree to bind this card, or go back without binding."))
        return _form_page(request, form, status=422)
    consent = Consent(
        text=consent_text(),
        language=get_language() or "zh-hans",
        remote_address=str(request.META.get("REMOTE_ADDR", "")),
    )
    card = bind(
        customer_id,
        form.typed,
        form.cleaned_data["code"],
        binding=_binding(request),
        consent=consent,
        now=clock.now(),
    )
    request.session.pop(SESSION_KEY, None)
    back = _safe_next(request, form.cleaned_data["next"])
    if back is None:
        return redirect("portal:cards")
    return redirect(f"{back}{'&' if '?' in back else '?'}method={card.channel}:{card.card_id}")


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def remove(request: HttpRequest, customer_id: UUID, card_id: UUID) -> HttpResponse:
    """Asked once more before it is done."""
    card = card_view(customer_id, card_id)
    if request.method != "POST":
        return render_page(request, "remove_card.html", {"card": card, "name": card_name(card)})
    unbind(customer_id, card_id, now=clock.now())
    return redirect("portal:cards")


@require_POST
@sensitive_post_parameters()
@customer_page
def recognise(request: HttpRequest, _customer_id: UUID) -> HttpResponse:
    """Bank and kind as soon as the first digits tell, or what is wrong with the number; a part of the form."""
    form = CardForm(request.POST)
    recognised = _recognised(form)
    for fault in faults(form.typed) if form.is_valid() else ():
        if fault.where == "number":
            form.refuse(fault)
    return render_page(request, "parts/card_told.html", {"form": form, "recognised": recognised})


def consent_text() -> str:
    return _("I am the holder of this card and let the mall debit it for repayments that I confirm.")


def _recognised(form: CardForm) -> str:
    """What the number says so far; nothing while it is short or nobody's."""
    if not form.is_valid():
        return ""
    digits = "".join(letter for letter in form.cleaned_data["number"] if letter.isascii() and letter.isdigit())
    bank, kind = issuer_of(digits)
    if len(digits) < _SHORTEST_PREFIX or not bank.code:
        return ""
    name = bank.name(get_language() or "zh-hans")
    kinds = {CardKind.DEBIT: _("%(bank)s, debit card"), CardKind.CREDIT: _("%(bank)s, credit card")}
    return kinds.get(kind, "%(bank)s") % {"bank": name}


def _form_page(request: HttpRequest, form: CardForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "recognised": _recognised(form) if form.is_bound else "",
        "code_sent": _binding(request) is not None,
        "consent": consent_text(),
        "back": _safe_next(request, str(form["next"].value() or "")) or reverse("portal:cards"),
    }
    return render_page(request, "bind_card.html", context, status=status)


def _remember(request: HttpRequest, binding: Binding) -> None:
    """Our number of the binding, and nothing of the card."""
    request.session[SESSION_KEY] = {"number": binding.number, "asked_at": binding.asked_at.isoformat()}


def _binding(request: HttpRequest) -> Binding | None:
    kept = request.session.get(SESSION_KEY)
    return Binding(number=kept["number"], asked_at=datetime.fromisoformat(kept["asked_at"])) if kept else None


def _safe_next(request: HttpRequest, address: str) -> str | None:
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if address and is_ours else None
