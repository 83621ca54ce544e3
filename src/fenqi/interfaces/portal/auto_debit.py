"""Auto-debit of one plan: what is on and what comes next, agreeing to it, switching it off (P1007)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.cards import BANKS
from fenqi.domain.payments import FailureCategory
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.device import device_of
from fenqi.interfaces.portal.methods import ICONS, channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.shared.formats import language_of, money
from fenqi.usecases import clock, plan_file
from fenqi.usecases.agreements.consent import Consent
from fenqi.usecases.agreements.end import BY_CUSTOMER, end_agreement
from fenqi.usecases.agreements.errors import AutoDebitNotOffered, ConsentChanged, PlanNotOpen
from fenqi.usecases.agreements.offers import Offer, Way, find_offer, offers, words_of
from fenqi.usecases.agreements.queries import (
    AgreementView,
    TryView,
    agreement_view,
    agreements_of,
    current_agreement,
)
from fenqi.usecases.agreements.settle import ask_agreement
from fenqi.usecases.agreements.sign import sign
from fenqi.usecases.repayment import queries
from fenqi.usecases.repayment.methods import binds_cards

REFRESH_SECONDS = 5


class AgreeForm(forms.Form):
    """What agreeing carries: `digest` names the words that were read; a double tap has one `request_key`."""

    way = forms.CharField(max_length=80)
    digest = forms.CharField(max_length=64)
    request_key = forms.UUIDField()


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One account to be debited; one that cannot be had stays in sight with its reason."""

    word: str
    name: str
    icon: str
    caption: str
    is_available: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRow:
    """One debit that was tried, as the page tells it."""

    tried: TryView
    tone: str
    text: str


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """What is on; while it is being signed the page updates itself; when nothing is on, what can be had."""
    now = clock.now()
    plan = queries.plan_view(customer_id, plan_id, today=clock.business_date(now))
    agreement = current_agreement(customer_id, plan_id, now=now)
    changing = "change" in request.GET and agreement is not None and agreement.status == "active"
    earlier = [one for one in agreements_of(customer_id, plan_id=plan_id, now=now) if not one.is_open]
    ways = _ways(customer_id, plan_id, now) if changing or agreement is None else ()
    context = {
        "plan": plan,
        "agreement": agreement,
        "summary": summary_of(agreement) if agreement else None,
        "changing": changing,
        "ways": ways,
        "may_bind": bool(ways) and binds_cards() and plan.terms.currency == "CNY",
        "earlier": [(one, account_name(one)) for one in earlier if one.signed_at],
        "tries": try_rows(tried for one in (agreement, *earlier) if one for tried in one.tries),
        "refresh_seconds": REFRESH_SECONDS,
        "now": now,
    }
    return render_page(request, "auto_debit.html", context)


@require_safe
@customer_page
def agree(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """The words, to be read before anything is agreed to."""
    return _consent_page(request, customer_id, plan_id, way_from(request.GET.get("with", "")))


@require_POST
@customer_page
def start(request: HttpRequest, customer_id: UUID, plan_id: UUID) -> HttpResponse:
    """Agreed: off to the channel's page; a card needs none."""
    form = AgreeForm(request.POST)
    if not form.is_valid():
        raise AutoDebitNotOffered
    said = form.cleaned_data
    way = way_from(said["way"])
    consent = Consent(digest=said["digest"], language=_language(), ip=str(request.META.get("REMOTE_ADDR", "")))
    try:
        started = sign(
            customer_id=customer_id,
            plan_id=plan_id,
            way=way,
            consent=consent,
            request_key=str(said["request_key"]),
            now=clock.now(),
            device=device_of(request),
        )
    except ConsentChanged as changed:
        return _consent_page(request, customer_id, plan_id, way, changed=True, status=changed.status)
    if started.redirect_url is not None:
        return redirect(started.redirect_url)
    return redirect("portal:auto_debit", plan_id=plan_id)


@require_safe
@customer_page
def come_back(_request: HttpRequest, customer_id: UUID, agreement_id: UUID) -> HttpResponse:
    """Back from the channel. What the address says is not believed: the channel is asked."""
    ask_agreement(customer_id, agreement_id, now=clock.now())
    agreement = agreement_view(customer_id, agreement_id, now=clock.now())
    return redirect("portal:auto_debit", plan_id=agreement.plan_id)


@require_POST
@customer_page
def end(request: HttpRequest, customer_id: UUID, agreement_id: UUID) -> HttpResponse:
    """Switched off: from now on nothing is debited."""
    now = clock.now()
    agreement = agreement_view(customer_id, agreement_id, now=now)
    address = str(request.META.get("REMOTE_ADDR", ""))
    end_agreement(customer_id, agreement_id, by=BY_CUSTOMER, reason="by_customer", now=now, ip=address)
    return redirect("portal:auto_debit", plan_id=agreement.plan_id)


def _consent_page(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, way: Way, *, changed: bool = False, status: int = 200
) -> HttpResponse:
    now = clock.now()
    file = plan_file.read(customer_id, plan_id)
    offer = find_offer(file, way, now=now)
    context = {
        "plan": queries.plan_view(customer_id, plan_id, today=clock.business_date(now)),
        "offer": offer,
        "name": offer_name(offer),
        "has_page": way.card_id is None,
        "word": word_of(way),
        "text": words_of(offer, file, language=_language()),
        "request_key": uuid4(),
        "changed": changed,
    }
    return render_page(request, "auto_debit_agree.html", context, status=status)


def _language() -> str:
    return language_of(get_language() or "zh-hans")


def way_from(word: str) -> Way:
    """`alipay`, or `bank_card:<id of the card>`. Raises AutoDebitNotOffered."""
    channel, _colon, card = word.partition(":")
    try:
        return Way(channel=channel, card_id=UUID(card) if card else None)
    except ValueError:
        raise AutoDebitNotOffered from None


def word_of(way: Way) -> str:
    """The other way round."""
    return f"{way.channel}:{way.card_id}" if way.card_id else way.channel


def offer_name(offer: Offer) -> str:
    return _account(offer.way.channel, offer.bank, offer.last4)


def account_name(agreement: AgreementView) -> str:
    """Where the money comes from."""
    return _account(agreement.channel, agreement.card_bank, agreement.card_last4)


def _account(channel: str, bank: str, last4: str) -> str:
    """`支付宝`, `招商银行 (6621)`."""
    if not last4:
        return channel_name(channel)
    known = BANKS.get(bank)
    name = known.name(get_language() or "zh-hans") if known else channel_name(channel)
    return f"{name} ({last4})"


def _ways(customer_id: UUID, plan_id: UUID, now: datetime) -> tuple[WayRow, ...]:
    try:
        found = offers(customer_id, plan_id, now=now)
    except PlanNotOpen:
        return ()
    reasons = {
        "currency": _("Cannot carry this currency"),
        "due_day": _("Cannot be debited on the 29th to 31st, when this plan falls due"),
    }
    return tuple(
        WayRow(
            word=word_of(offer.way),
            name=offer_name(offer),
            icon=ICONS.get(offer.way.channel, "wallet"),
            caption=reasons.get(offer.reason, "") or _caption(offer),
            is_available=offer.available,
        )
        for offer in found
    )


def _caption(offer: Offer) -> str:
    if offer.way.card_id is not None:
        return _("A card you have bound; nothing more to do")
    if offer.rules.notice_days:
        return _("Tells you the amount %(days)s days before each debit") % {"days": offer.rules.notice_days}
    return _("You agree on its own page")


def card_of(customer_id: UUID, plan_id: UUID) -> dict[str, object]:
    """What the order's page says of auto-debit."""
    agreement = current_agreement(customer_id, plan_id, now=clock.now())
    return {"agreement": agreement, "summary": summary_of(agreement) if agreement else None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An agreement in one line and one caption, with the tone of its state."""

    tone: str
    title: str
    caption: str
    next_on: date | None = None


def summary_of(agreement: AgreementView) -> Summary:
    """As the card on the order's page tells it."""
    account = account_name(agreement)
    if agreement.status == "signing":
        return Summary(
            tone="due",
            title=_("Waiting for you to agree"),
            caption=_("At %(account)s. Nothing is debited before.") % {"account": account},
        )
    if agreement.under_way is not None:
        return Summary(
            tone="unknown",
            title=_("A debit is under way"),
            caption=_("Its outcome is not known yet. Nothing else is debited until it is."),
        )
    if agreement.stopped_by:
        reason = FailureCategory(agreement.stopped_by).customer_line(get_language() or "zh-hans")
        return Summary(tone="overdue", title=_("Auto-debit has stopped"), caption=reason)
    if agreement.above_limit_minor:
        amounts = {
            "amount": money(agreement.above_limit_minor, agreement.currency),
            "limit": money(agreement.limit_minor, agreement.currency),
        }
        return Summary(
            tone="overdue",
            title=_("Too much to be debited: please repay it yourself"),
            caption=_("%(amount)s is due, above the %(limit)s you agreed to.") % amounts,
        )
    if agreement.next_try_at is None:
        return Summary(
            tone="neutral", title=_("Nothing left to debit"), caption=_("From %(account)s") % {"account": account}
        )
    return Summary(
        tone="paid",
        title=_("Auto-debit is on"),
        caption=_("From %(account)s") % {"account": account},
        next_on=clock.business_date(agreement.next_try_at),
    )


def try_rows(tries: Iterable[TryView]) -> tuple[TryRow, ...]:
    """The history, newest first."""
    return tuple(_try_row(one) for one in sorted(tries, key=lambda one: one.at, reverse=True))


def _try_row(tried: TryView) -> TryRow:
    if tried.state == "succeeded":
        return TryRow(tried=tried, tone="paid", text=_("Debited"))
    if tried.state in ("failed", "closed"):
        return TryRow(
            tried=tried, tone="overdue", text=_reasons().get(tried.category, _("Not taken, nothing was charged"))
        )
    return TryRow(tried=tried, tone="unknown", text=_("Outcome not known yet"))


def _reasons() -> dict[str, str]:
    return {
        "insufficient_balance": _("Not enough balance"),
        "wrong_account_info": _("The account details do not match"),
        "method_unavailable": _("This account cannot be debited"),
        "limit_exceeded": _("Over a limit"),
        "channel_maintenance": _("The channel was under maintenance"),
    }
