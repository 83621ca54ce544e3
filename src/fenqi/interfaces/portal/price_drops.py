"""Prices that fell after the purchase: seen, told where the money goes, claimed, or an offer taken (R082-R101)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fenqi.domain.aftersales.price_protection import SeenPrice
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.aftersales.actors import customer_actor
from fenqi.interfaces.portal.methods import channel_name
from fenqi.interfaces.portal.pages import reader, render_page
from fenqi.interfaces.shared import formats
from fenqi.records.models import AppliedVia
from fenqi.usecases import clock
from fenqi.usecases.price_protection.claim import LONGEST_DESCRIPTION, claim
from fenqi.usecases.price_protection.offers import accept_offer, find_offer
from fenqi.usecases.price_protection.queries import LineDifference, OfferView, differences_of_order, open_offers
from fenqi.usecases.price_protection.quoting import DifferenceQuote


class ClaimForm(forms.Form):
    """`shown` names what was shown; the box is the customer's word that the goods are unused (P403)."""

    line_no = forms.IntegerField(min_value=1)
    shown = forms.CharField(max_length=64)
    unused = forms.BooleanField(required=False)
    description = forms.CharField(max_length=LONGEST_DESCRIPTION, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A part of the difference and where it goes."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePage:
    """One line as it is told. `why_not`: why nothing can be claimed now; `case_id`: a claim that is under way."""

    line_no: int
    name: str
    currency: str
    pieces: int
    paid_minor: int
    current: SeenPrice | None
    current_told: str
    lowest: SeenPrice | None
    lowest_told: str
    amount_minor: int
    ways: tuple[Way, ...]
    shown: str
    can_claim: bool
    asks_unused: bool
    self_service: bool
    why_not: str
    rule: str
    case_id: UUID | None
    offer: OfferView | None
    days_told: str


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def price_difference(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """What each line cost and costs now, and a form for what can be claimed."""
    if request.method != "POST":
        return _page(request, customer_id, order_id)
    form = ClaimForm(request.POST)
    if not form.is_valid():
        raise NotFound
    said = form.cleaned_data

    def act() -> UUID:
        return claim(
            customer_id,
            order_id,
            said["line_no"],
            unused=said["unused"] or None,
            description=said["description"],
            shown=said["shown"],
            via=AppliedVia.PORTAL,
            actor=customer_actor(customer_id),
            now=clock.now(),
        )

    return _done(request, customer_id, order_id, act)


@require_POST
@customer_page
def accept(request: HttpRequest, customer_id: UUID, offer_id: UUID) -> HttpResponse:
    """Take an offer: one tap, with the word that the goods are unused."""
    order_id = find_offer(customer_id, offer_id).order_id
    unused, shown = request.POST.get("unused") == "yes", request.POST.get("shown", "")

    def act() -> UUID:
        return accept_offer(
            customer_id, offer_id, unused=unused, shown=shown, actor=customer_actor(customer_id), now=clock.now()
        )

    return _done(request, customer_id, order_id, act)


def _done(request: HttpRequest, customer_id: UUID, order_id: UUID, act: Callable[[], UUID]) -> HttpResponse:
    """On to the case; what is refused is told on the page, with the differences as they are now."""
    try:
        return redirect("portal:after_sales_case", act())
    except NotFound:
        raise
    except FenqiError as refusal:
        return _page(request, customer_id, order_id, refusal)


def _page(request: HttpRequest, customer_id: UUID, order_id: UUID, refusal: FenqiError | None = None) -> HttpResponse:
    found = differences_of_order(customer_id, order_id, now=clock.now())
    lines = tuple(map(_line_page, found.lines))
    context = {
        "found": found,
        "lines": lines,
        "headline": _headline(lines),
        "refusal": refusal.text(get_language() or "zh-hans") if refusal else "",
        "most": LONGEST_DESCRIPTION,
    }
    return render_page(request, "price_difference.html", context, status=refusal.status if refusal else 200)


def offers_for(customer_id: UUID, order_id: UUID | None = None) -> tuple[OfferView, ...]:
    """What bills and the order's page show of fallen prices."""
    return open_offers(customer_id, order_id, now=clock.now())


def _line_page(found: LineDifference) -> LinePage:
    line, quoted = found.line, found.quoted
    language = reader().language
    return LinePage(
        line_no=line.line_no,
        name=line.name,
        currency=line.bought.currency,
        pieces=len(line.bought.kept),
        paid_minor=line.paid_each,
        current=line.current,
        current_told=_told(line.current),
        lowest=line.lowest,
        lowest_told=_told(line.lowest),
        amount_minor=quoted.amount if quoted else 0,
        ways=tuple(_ways(quoted)) if quoted else (),
        shown=quoted.facts if quoted else "",
        can_claim=line.can_claim and found.offer is None,
        asks_unused=line.rules.requires_unused,
        self_service=line.rules.self_service,
        why_not=_why_not(found, language),
        rule=line.decision.zh if language == "zh" else line.decision.en,
        case_id=line.open_case_id,
        offer=found.offer,
        days_told=_days_told(found),
    )


def _told(seen: SeenPrice | None) -> str:
    """Where and when a price was seen (P406)."""
    if seen is None:
        return ""
    source = _("sold by the mall") if seen.source == "order" else _("the mall's price list")
    when = formats.short_moment(seen.at.astimezone(clock.mall_zone()))
    return f"{source} · {when}"


def _ways(quoted: DifferenceQuote) -> Iterator[Way]:
    """Every fen of the difference, and of the fees that follow it."""
    for channel, amount in quoted.ways:
        name = (
            _("Back to %(channel)s") % {"channel": channel_name(channel)}
            if channel
            else _("By transfer to a bank account of yours")
        )
        yield Way(name=name, amount_minor=amount)
    off_plan = quoted.quote.off_plan.total
    if off_plan:
        yield Way(name=_("Off your plan"), amount_minor=off_plan)


def _why_not(found: LineDifference, language: str) -> str:
    """The rule that refuses it, or that the price did not fall (R094)."""
    line = found.line
    if not line.decision.allowed:
        return line.decision.zh if language == "zh" else line.decision.en
    if line.difference is None:
        if line.lowest is None or line.lowest.price >= line.paid_each:
            return _("It has not been cheaper since you paid, so there is no difference now.")
        return _("The difference to this price was refunded already.")
    return ""


def _days_told(found: LineDifference) -> str:
    last_on = clock.business_date(found.line.protected_until - timedelta(microseconds=1))
    here = reader()
    return formats.full_day(last_on, here.language, today=here.today)


def _headline(lines: tuple[LinePage, ...]) -> str:
    """The answer first."""
    total = sum(line.amount_minor for line in lines if _is_open(line))
    if total:
        amount = formats.money(total, lines[0].currency)
        return _("The price has fallen: you can have %(amount)s back") % {"amount": amount}
    if any(line.case_id for line in lines):
        return _("Your claim is under way")
    return _("There is no price difference to refund now")


def _is_open(line: LinePage) -> bool:
    return line.can_claim or line.offer is not None
