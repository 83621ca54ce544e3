"""Where the money is that goes back: who holds it, when it arrives, and what has happened (R073-R075)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.domain.cards import CardKind
from fenqi.domain.payments.refunds import RefundState
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.methods import card_name, carrier_name, channel_name
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.reserve import ReserveRow, rows_of
from fenqi.interfaces.shared import formats
from fenqi.records.models import RefundCause, RefundStatus
from fenqi.usecases import clock
from fenqi.usecases.refunds.queries import Holder, LegView, RefundView, refund_view
from fenqi.usecases.reserves.queries import reserves_of
from fenqi.usecases.vouchers.queries import vouchers_of

_STATIONS = (Holder.MALL, Holder.CHANNEL, Holder.RECEIVER, Holder.CUSTOMER)


@dataclass(frozen=True, slots=True)
class Station:
    """A place on the way; `tone` is `paid` when the money has passed it, `here` where it is, else `future`."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One leg as its receiver reads it. `where`: where to look for it; `numbers`: what to quote, each with its name."""

    leg: LegView
    title: str
    holder: str
    note: str
    where: str
    numbers: tuple[tuple[str, str], ...]
    stations: tuple[Station, ...]


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime | date
    title: str
    detail: str
    tone: str

    @property
    def has_time(self) -> bool:
        return isinstance(self.at, datetime)


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, refund_id: UUID) -> HttpResponse:
    refund = refund_view(customer_id, refund_id)
    context = {
        "refund": refund,
        "headline": headline(refund),
        "ways": [way(leg) for leg in refund.ways],
        "happenings": sorted(_happenings(refund), key=_when)[::-1],
        "is_duplicate": refund.cause == RefundCause.DUPLICATE,
        "vouchers": vouchers_of(customer_id, refund.order_id, refund_id=refund_id) if refund.order_id else (),
        "reserves": _reserves(refund),
    }
    return render_page(request, "refund.html", context)


def _reserves(refund: RefundView) -> list[ReserveRow]:
    """The security of the same order: whether it is held, or went back (R072)."""
    if refund.order_id is None:
        return []
    return rows_of(reserves_of(refund.customer_id, order_id=refund.order_id, now=clock.now()))


def headline(refund: RefundView) -> str:
    """The answer: where all of it is."""
    amount = formats.money(refund.amount_minor, refund.currency)
    if refund.arrived_minor == refund.amount_minor:
        return _("%(amount)s has arrived, nothing is left to do") % {"amount": amount}
    if refund.left_minor == refund.amount_minor:
        return _("%(amount)s is on its way, you need do nothing") % {"amount": amount}
    if refund.status == RefundStatus.NEEDS_PERSON:
        return _("%(amount)s is safe with us, our staff arrange the way") % {"amount": amount}
    return _("%(amount)s goes back to you, you need do nothing") % {"amount": amount}


def way(leg: LegView) -> Way:
    return Way(
        leg=leg,
        title=_title(leg),
        holder=_holder(leg),
        note=_note(leg),
        where=_where(leg),
        numbers=tuple(_numbers(leg)),
        stations=_stations(leg),
    )


def _where(leg: LegView) -> str:
    """Where the customer looks for it (R080)."""
    if leg.card is not None and leg.card.kind == CardKind.CREDIT:
        return _("On the next statement of that card, as an amount set off")
    if leg.card is not None or leg.is_transfer:
        return _("In the transactions of that account at the bank")
    apps = {
        "alipay": _("In Alipay under Bills; if you paid by a bank card there, at that bank"),
        "wechat_pay": _("In WeChat under Services, Wallet, Bills; if you paid by a bank card there, at that bank"),
    }
    return apps.get(leg.channel, "")


def _numbers(leg: LegView) -> Iterator[tuple[str, str]]:
    """The receiver's side knows theirs, we know ours."""
    if leg.submitted_at is None and not leg.transfer_reference:
        return
    theirs = leg.transfer_reference or leg.refund_no
    if theirs:
        yield _("Number to quote to %(carrier)s") % {"carrier": _carrier(leg)}, theirs
    if leg.out_refund_no and leg.out_refund_no != theirs:
        yield _("Number to quote to us"), leg.out_refund_no


def _title(leg: LegView) -> str:
    if leg.card is not None:
        return card_name(leg.card)
    if leg.is_transfer:
        return _("A bank account of yours")
    if leg.destination == "balance":
        return _("%(channel)s balance") % {"channel": channel_name(leg.channel)}
    return _("The way you paid: %(channel)s") % {"channel": channel_name(leg.channel)}


def _receiver(leg: LegView) -> str:
    if leg.card is not None:
        return leg.card.bank.name(get_language() or "zh-hans")
    return _("Your bank") if leg.is_transfer else _("Your account")


def _carrier(leg: LegView) -> str:
    return _("The mall's bank") if leg.is_transfer else carrier_name(leg.channel)


def _holder(leg: LegView) -> str:
    names = {
        Holder.MALL: _("The mall"),
        Holder.CHANNEL: _carrier(leg),
        Holder.RECEIVER: _receiver(leg),
        Holder.CUSTOMER: _("You"),
        Holder.NOT_KNOWN: _("Not known yet"),
    }
    return names[leg.holder]


def _note(leg: LegView) -> str:
    """What is being done about it; nothing needs saying once it has left."""
    if leg.is_transfer and leg.state is RefundState.CREATED:
        if leg.proposed_by:
            return _("Our staff check the account before it is sent.")
        return _(
            "It can no longer go back the way you paid. Bind a debit card of your own, and our staff send it there."
        )
    notes = {
        RefundState.CREATED: _("It is being sent."),
        RefundState.SUBMITTED: _("It is sent; %(carrier)s has not confirmed it yet.") % {"carrier": _carrier(leg)},
        RefundState.PROCESSING: _("%(carrier)s has accepted it and sends it on.") % {"carrier": _carrier(leg)},
        RefundState.UNKNOWN: _("%(carrier)s has not told us the outcome. We keep asking; it is never sent twice.")
        % {"carrier": _carrier(leg)},
        RefundState.ABNORMAL: _("The account could not take it. Our staff arrange another way."),
    }
    return notes.get(leg.state, "")


def _stations(leg: LegView) -> tuple[Station, ...]:
    names = (_("The mall"), _carrier(leg), _receiver(leg), _("You"))
    at = _STATIONS.index(leg.holder) if leg.holder in _STATIONS else 0
    has_arrived = leg.holder is Holder.CUSTOMER
    tones = ["paid" if n < at or has_arrived else "here" if n == at else "future" for n in range(len(names))]
    return tuple(map(Station, names, tones))


def _happenings(refund: RefundView) -> Iterator[Happening]:
    began = (
        _("You paid twice; the extra amount goes back") if refund.cause == RefundCause.DUPLICATE else _("Refund opened")
    )
    yield Happening(refund.created_at, began, formats.money(refund.amount_minor, refund.currency), "paid")
    for leg in refund.legs:
        detail = f"{_title(leg)} {formats.money(leg.amount_minor, leg.currency)}"
        if leg.approved_at:
            yield Happening(leg.approved_at, _("The account was checked"), detail, "paid")
        if leg.submitted_at and not leg.is_transfer:
            yield Happening(leg.submitted_at, _("Sent to %(carrier)s") % {"carrier": _carrier(leg)}, detail, "paid")
        if leg.refunded_at:
            yield Happening(leg.refunded_at, _("%(carrier)s sent it on") % {"carrier": _carrier(leg)}, detail, "paid")
        if leg.state is RefundState.FAILED:
            yield Happening(leg.updated_at, _("It could not go this way, another was chosen"), detail, "cancelled")
        if leg.state is RefundState.RETURNED:
            yield Happening(leg.updated_at, _("It came back, another way was chosen"), detail, "cancelled")
        if leg.arrived_on:
            yield Happening(leg.arrived_on, _("Arrived"), detail, "paid")


def _when(happening: Happening) -> datetime:
    """To the second, as channels tell it, so that what came first stays first; a day stands for its end."""
    if isinstance(happening.at, datetime):
        return happening.at.replace(microsecond=0)
    return clock.end_of_business_day(happening.at)
