"""The reserve of an order: what is held, where and until when, what went back, and whom to ask (R063-R072).

A security, never the cash loan of the same Chinese name: the page says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.payments import FailureCategory
from fenqi.domain.reserves import HoldState, MoveKind, MoveState, Why
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.device import payer_of
from fenqi.interfaces.portal.going_on import drawn
from fenqi.interfaces.portal.methods import ICONS, card_name, channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.rail import Pill
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.agreements.consent import Consent, ConsentText
from fenqi.usecases.repayment import queries as payments
from fenqi.usecases.repayment import resolve
from fenqi.usecases.repayment.methods import MethodKey, MethodUnavailable
from fenqi.usecases.repayment.start import Next
from fenqi.usecases.reserves.ask import ask_anew
from fenqi.usecases.reserves.consent import conditions_for
from fenqi.usecases.reserves.errors import ReserveConsentChanged
from fenqi.usecases.reserves.freeze import StartedReserve, start_reserve
from fenqi.usecases.reserves.queries import MoveView, ReserveView, reserve_view
from fenqi.usecases.reserves.resolve import ask_hold
from fenqi.usecases.reserves.rows import find_hold
from fenqi.usecases.reserves.ways import ReserveWay, chosen_way, offers_cards, ways_of
from fenqi.usecases.support.service_desk import service_desk

REFRESH_SECONDS: Final = 3


class AgreeForm(forms.Form):
    """`digest` names the words that were read, `method` where a sum is to be frozen."""

    digest = forms.CharField(max_length=64)
    method = forms.CharField(max_length=80, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WayRow:
    """One place where the sum can be frozen."""

    word: str
    name: str
    icon: str
    caption: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRow:
    """A reserve in one row, on the order and on the bills."""

    reserve: ReserveView
    title: str
    caption: str
    pill: Pill
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    at: datetime
    title: str
    detail: str
    tone: str
    refund_id: UUID | None = None


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """`method`: the way that the customer looks at, before agreeing."""
    return _page(request, reserve_view(customer_id, hold_id, now=clock.now()), method=request.GET.get("method", ""))


@require_POST
@customer_page
def start(request: HttpRequest, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """Agreed: on to the code, or to the cashier. Pressed again it leads to the same one."""
    form = AgreeForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {"digest": "", "method": ""}
    digest, method = said["digest"], said["method"]
    consent = Consent(digest=digest, language=_language(), ip=str(request.META.get("REMOTE_ADDR", "")))
    now = clock.now()
    try:
        way = MethodKey.read(method) if method else None
        started = start_reserve(customer_id, hold_id, consent=consent, way=way, payer=payer_of(request), now=now)
    except ReserveConsentChanged as changed:
        reserve = reserve_view(customer_id, hold_id, now=now)
        return _page(request, reserve, method=method, changed=True, status=changed.status)
    return _go_on(customer_id, started)


@require_POST
@customer_page
def ask(_request: HttpRequest, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """The payer says it is done: the channel is asked, and what it says counts."""
    now = clock.now()
    reserve = reserve_view(customer_id, hold_id, now=now)
    attempt = payments.payment_view(customer_id, reserve.payment_id).latest_attempt if reserve.payment_id else None
    if attempt is not None:
        resolve.ask_channel(customer_id, attempt.attempt_id, now=now)
    else:
        ask_hold(customer_id, hold_id, now=now)
    return redirect("portal:reserve", hold_id=hold_id)


@require_POST
@customer_page
def again(_request: HttpRequest, customer_id: UUID, hold_id: UUID) -> HttpResponse:
    """It came to nothing: once more, or another way. Pressed twice it is one."""
    return redirect("portal:reserve", hold_id=ask_anew(customer_id, hold_id, now=clock.now()))


def _go_on(customer_id: UUID, started: StartedReserve) -> HttpResponse:
    if started.next is Next.CHANNEL:
        return redirect(started.redirect_url)
    if started.next is Next.SCAN:
        payment_id = reserve_view(customer_id, started.hold_id, now=clock.now()).payment_id
        if payment_id is not None:
            return redirect("portal:scan", payment_id=payment_id)
    return redirect("portal:reserve", hold_id=started.hold_id)


def _page(
    request: HttpRequest, reserve: ReserveView, *, method: str = "", changed: bool = False, status: int = 200
) -> HttpResponse:
    now = clock.now()
    ways, chosen = _ways(reserve, method)
    waits = reserve.state in (HoldState.OFFERED, HoldState.UNKNOWN)
    code = reserve.scan_code if waits and reserve.expires_at and now < reserve.expires_at else ""
    context = {
        "reserve": reserve,
        "row": row_of(reserve),
        "headline": headline(reserve),
        "channel": holder_name(reserve),
        "ways": ways,
        "chosen": chosen.key if chosen else "",
        "may_bind": bool(ways) and offers_cards(find_hold(reserve.customer_id, reserve.hold_id)),
        "may_agree": reserve.is_prepaid or chosen is not None,
        "refused": _refused(reserve),
        "text": _conditions(reserve, chosen),
        "happenings": sorted(_happenings(reserve), key=lambda one: one.at)[::-1],
        "goes_back": _goes_back(reserve),
        "waits": waits,
        "code": drawn(code) if code else "",
        "minutes_left": _minutes_left(reserve, now=now),
        "returning": [move for move in reserve.moves if move.kind is MoveKind.RELEASE and move.is_under_way],
        "latest_on": _latest_on(reserve),
        "changed": changed,
        "desk": service_desk(now),
        "refresh_seconds": REFRESH_SECONDS,
    }
    return render_page(request, "reserve.html", context, status=status)


def _ways(reserve: ReserveView, method: str) -> tuple[list[WayRow], ReserveWay | None]:
    """The places to choose from, and the one that is; one that cannot be had any more is as if none was asked for."""
    if reserve.state is not HoldState.WANTED or reserve.is_prepaid:
        return [], None
    hold = find_hold(reserve.customer_id, reserve.hold_id)
    try:
        chosen = chosen_way(hold, MethodKey.read(method) if method else None)
    except MethodUnavailable:
        chosen = chosen_way(hold, None)
    rows = [
        WayRow(
            word=str(way.key),
            name=card_name(way.card) if way.card else channel_name(way.channel),
            icon=ICONS.get(way.channel, "wallet"),
            caption=_("Frozen on the card at once, with nothing to scan")
            if way.card
            else _("You scan a code, and allow it there"),
            is_chosen=way == chosen,
        )
        for way in ways_of(hold)
    ]
    return rows, chosen


def _conditions(reserve: ReserveView, chosen: ReserveWay | None) -> ConsentText:
    card = chosen.card if chosen else None
    return conditions_for(reserve.customer_id, reserve.hold_id, language=_language(), card=card)


def holder_name(reserve: ReserveView) -> str:
    """Who holds it and can be asked: the channel, or the card's bank."""
    if reserve.card is None:
        return channel_name(reserve.channel)
    return reserve.card.bank.name(_language()) if reserve.card.bank.code else _("The card's bank")


def _refused(reserve: ReserveView) -> str:
    """Why the card's bank did not hold it; empty where no bank refused."""
    if reserve.state is not HoldState.CLOSED or reserve.card is None or not reserve.category:
        return ""
    facts = {"card": card_name(reserve.card), "amount": formats.money(reserve.amount_minor, reserve.currency)}
    texts = {
        FailureCategory.INSUFFICIENT_BALANCE: _("%(card)s has less than %(amount)s available"),
        FailureCategory.LIMIT_EXCEEDED: _("%(amount)s is above the limit of %(card)s"),
        FailureCategory.CHANNEL_MAINTENANCE: _("The bank of %(card)s is under maintenance"),
    }
    return texts.get(FailureCategory(reserve.category), _("The bank did not allow it on %(card)s")) % facts


def rows_of(reserves: Iterable[ReserveView]) -> list[ReserveRow]:
    """Those that hold, have held or may hold something."""
    return [row_of(reserve) for reserve in reserves if reserve.is_live or reserve.frozen_minor]


def row_of(reserve: ReserveView) -> ReserveRow:
    is_over = reserve.state is HoldState.ENDED
    return ReserveRow(
        reserve=reserve,
        title=_title(reserve),
        caption=_caption(reserve),
        pill=_pill(reserve),
        amount_minor=reserve.frozen_minor if is_over else reserve.held_minor or reserve.amount_minor,
    )


def _title(reserve: ReserveView) -> str:
    if reserve.card:
        return _("Frozen on %(card)s") % {"card": card_name(reserve.card)}
    if reserve.channel == "bank_card":
        return _("Frozen on a bank card")
    channel = channel_name(reserve.channel)
    if reserve.is_prepaid:
        return _("Paid beforehand by %(channel)s") % {"channel": channel}
    return _("Frozen at %(channel)s") % {"channel": channel}


def _caption(reserve: ReserveView) -> str:
    facts = {"title": reserve.title}
    if reserve.state is HoldState.WANTED:
        return _("Needed for “%(title)s”: read what it means, then decide") % facts
    if reserve.state in (HoldState.OFFERED, HoldState.UNKNOWN):
        return _("Not confirmed yet for “%(title)s”") % facts
    if reserve.state is HoldState.ENDED:
        return _("It secured “%(title)s”; nothing is held any more") % facts
    if reserve.is_credit:
        return _("Secures “%(title)s”. The channel vouches for you: no money is frozen; not a loan") % facts
    if reserve.is_prepaid:
        return _("Secures “%(title)s”. It is still your money, kept by the mall; not a loan") % facts
    return _("Secures “%(title)s”. The money is still in your account; not a loan") % facts


def _pill(reserve: ReserveView) -> Pill:
    if reserve.state is HoldState.ENDED and not reserve.captured_minor:
        return Pill(tone="paid", text=_("Released"), icon="shield")
    if reserve.captured_minor:
        return Pill(tone="due", text=_("Partly taken"), icon="shield")
    if reserve.state is HoldState.HELD:
        return Pill(tone="neutral", text=_("Kept for you") if reserve.is_prepaid else _("On hold"), icon="shield")
    if reserve.state is HoldState.CLOSED:
        return Pill(tone="cancelled", text=_("Not held"), icon="shield")
    if reserve.state is HoldState.UNKNOWN:
        return Pill(tone="unknown", text=_("Outcome unknown"), icon="shield")
    return Pill(tone="due", text=_("For you to decide"), icon="shield")


def headline(reserve: ReserveView) -> str:
    """The answer: what is held, and where."""
    money = {
        "amount": formats.money(reserve.amount_minor, reserve.currency),
        "held": formats.money(reserve.held_minor, reserve.currency),
        "released": formats.money(reserve.released_minor, reserve.currency),
        "captured": formats.money(reserve.captured_minor, reserve.currency),
    }
    match reserve.state:
        case HoldState.WANTED:
            return _("A reserve of %(amount)s is needed for this order") % money
        case HoldState.OFFERED | HoldState.UNKNOWN:
            return _("%(amount)s is not held yet") % money
        case HoldState.CLOSED:
            return _("Nothing is held")
        case HoldState.HELD:
            is_returning = any(move.kind is MoveKind.RELEASE and move.is_under_way for move in reserve.moves)
            if is_returning:
                return _("%(held)s is on hold, and some of it is on its way back") % money
            kept, frozen = _("%(held)s is kept for you and still yours"), _("%(held)s is frozen and still yours")
            return (kept if reserve.is_prepaid else frozen) % money
        case HoldState.ENDED:
            captured = _("%(released)s was given back, %(captured)s paid what was overdue")
            released = _("%(released)s was given back, nothing is held any more")
            return (captured if reserve.captured_minor else released) % money


def _goes_back(reserve: ReserveView) -> str:
    """When the rest goes back, as things stand."""
    texts = {
        Why.STILL_OWED: _("By itself, once the plan is paid off or the refund of the order is complete"),
        Why.REFUND_UNDER_WAY: _("By itself, as soon as the refund of this order has left in full"),
        Why.NO_END_YET: _("By itself, once a refund of the order is complete"),
        Why.ONE_PIECE: _("By itself, as soon as what is under way on it has ended"),
    }
    if reserve.waits_for is not None:
        return texts[reserve.waits_for]
    return _("Now, by itself") if reserve.state is HoldState.HELD else ""


def _happenings(reserve: ReserveView) -> Iterator[Happening]:
    money = formats.money(reserve.amount_minor, reserve.currency)
    yield Happening(at=reserve.created_at, title=_("The mall asked for it"), detail=money, tone="paid")
    if reserve.consented_at:
        yield Happening(at=reserve.consented_at, title=_("You agreed to the conditions"), detail="", tone="paid")
    if reserve.held_at:
        yield Happening(at=reserve.held_at, title=_title(reserve), detail=money, tone="paid")
    for move in reserve.moves:
        yield from _happenings_of(reserve, move)


def _happenings_of(reserve: ReserveView, move: MoveView) -> Iterator[Happening]:
    money = formats.money(move.amount_minor, move.currency)
    refund_id = move.refund.refund_id if move.refund else None
    channel = {"channel": holder_name(reserve)}
    if move.kind is MoveKind.CAPTURE:
        yield from _capture(move, money)
        return
    if move.kind is MoveKind.EXPIRY:
        rest = _("The rest was released by %(channel)s: it is yours again") % channel
        gone = _("%(channel)s let go of it by itself: it is yours again") % channel
        yield Happening(
            at=move.done_at or move.created_at,
            title=rest if move.why is Why.COMPLETED else gone,
            detail=money,
            tone="paid",
        )
        return
    yield Happening(at=move.created_at, title=_why(move), detail=money, tone="paid", refund_id=refund_id)
    if move.done_at and not move.refund:
        yield Happening(at=move.done_at, title=_("%(channel)s released it") % channel, detail=money, tone="paid")
    elif move.submitted_at and move.is_under_way:
        said = _("%(channel)s was told to release it; we keep asking until it shows there") % channel
        yield Happening(at=move.submitted_at, title=said, detail=money, tone="unknown")
    elif move.state is MoveState.FAILED:
        said = _("%(channel)s did not release it yet; we try again") % channel
        yield Happening(at=move.created_at, title=said, detail=money, tone="overdue")


def _why(move: MoveView) -> str:
    texts = {
        Why.PLAN_SETTLED: _("The plan is paid off: it goes back by itself"),
        Why.REFUND_FINAL: _("The refund is complete: it goes back by itself"),
        Why.ORDER_CANCELLED: _("The order was cancelled: it goes back by itself"),
        Why.IN_PROPORTION: _("Part of the goods went back: its share goes back"),
        Why.ADVANCED: _("A refund is advanced from it"),
        Why.BY_STAFF: _("Our staff give it back"),
        Why.EXPIRED: _("Its time at the bank is over: it goes back by itself"),
        Why.SUPERSEDED: _("Another reserve secures the order: this one goes back"),
    }
    return texts.get(move.why, _("It goes back")) if move.why else _("It goes back")


def _capture(move: MoveView, money: str) -> Iterator[Happening]:
    if move.state in (MoveState.ANNOUNCED, MoveState.SENT, MoveState.UNKNOWN) and move.not_before:
        when = _on(move.not_before)
        title = _("Will be taken for what is overdue from %(day)s on, unless you repay before") % {"day": when}
        yield Happening(at=move.created_at, title=title, detail=money, tone="due")
    if move.state is MoveState.DONE and move.done_at:
        yield Happening(at=move.done_at, title=_("Taken for what was overdue, as agreed"), detail=money, tone="paid")
    if move.state in (MoveState.WITHDRAWN, MoveState.FAILED):
        title = _("What was announced was not taken")
        yield Happening(at=move.created_at, title=title, detail=money, tone="cancelled")


def _on(at: datetime) -> str:
    today = clock.business_date(clock.now())
    return formats.plain_day(clock.business_date(at), formats.language_of(get_language() or "zh-hans"), today=today)


def _latest_on(reserve: ReserveView) -> date | None:
    """By when the last release should show at the bank or wallet."""
    days = [move.expected_by for move in reserve.moves if move.expected_by and move.kind is MoveKind.RELEASE]
    return max(days, default=None)


def _minutes_left(reserve: ReserveView, *, now: datetime) -> int:
    if reserve.expires_at is None:
        return 0
    return max(1, -(-int((reserve.expires_at - now).total_seconds()) // 60))


def _language() -> str:
    return formats.language_of(get_language() or "zh-hans")
