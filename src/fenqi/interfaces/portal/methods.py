"""Ways to pay and parts of an amount, as the consumer calls them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fenqi.domain.cards import CardKind
from fenqi.interfaces.shared import formats
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.clock import mall_zone
from fenqi.usecases.repayment.methods import Method, Reason

ICONS: Final[Mapping[str, str]] = {"alipay": "wallet", "wechat_pay": "message-circle", "bank_card": "landmark"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One caption below a method's name; `tone` is a state's class, or empty."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """One way to pay; one that cannot be used stays in sight with its reason and its return (R112)."""

    key: str
    name: str
    icon: str
    captions: tuple[Line, ...]
    is_available: bool
    is_chosen: bool


def carrier_name(channel: str) -> str:
    """Who carries the money, for whom it is asked about: of a card not the card, but the network behind it."""
    return _("UnionPay") if channel == "bank_card" else channel_name(channel)


def channel_name(channel: str) -> str:
    """A rail without a name of its own here is shown under its code, so that a new one is never hidden (R111)."""
    names = {
        "alipay": _("Alipay"),
        "wechat_pay": _("WeChat Pay"),
        "bank_card": _("Bank card"),
        "mall": _("The mall's counter or transfer"),
        "cash": _("Cash"),
    }
    return names.get(channel, channel)


def card_name(card: CardView) -> str:
    """招商银行储蓄卡 (6621)."""
    bank = card.bank.name(get_language() or "zh-hans")
    kinds = {
        CardKind.DEBIT: _("%(bank)s debit card (%(last4)s)"),
        CardKind.CREDIT: _("%(bank)s credit card (%(last4)s)"),
    }
    return kinds.get(card.kind, _("%(bank)s card (%(last4)s)")) % {"bank": bank, "last4": card.last4}


def method_name(method: Method) -> str:
    return card_name(method.card) if method.card else channel_name(method.channel)


def method_rows(methods: Iterable[Method], *, currency: str, now: datetime, chosen: str = "") -> tuple[MethodRow, ...]:
    """In the order they are offered. `chosen` is taken when it can be used, else the first that can."""
    found = tuple(methods)
    usable = [str(method.key) for method in found if method.available]
    pick = chosen if chosen in usable else next(iter(usable), None)
    return tuple(
        MethodRow(
            key=str(method.key),
            name=method_name(method),
            icon=ICONS.get(method.channel, "wallet"),
            captions=_captions(method, currency=currency, now=now),
            is_available=method.available,
            is_chosen=str(method.key) == pick,
        )
        for method in found
    )


def _captions(method: Method, *, currency: str, now: datetime) -> tuple[Line, ...]:
    note = method.note_zh if (get_language() or "zh-hans").startswith("zh") else method.note_en
    lines = [_reason(method, currency=currency, now=now)] if method.reason else [_about(method)]
    if method.announced:
        starts_at, ends_at = (_moment(at, now) for at in method.announced)
        told = _("Maintenance from %(starts)s to %(ends)s") % {"starts": starts_at, "ends": ends_at}
        lines.append(Line(text=formats.spaced(told), tone="is-due"))
    if note:
        lines.append(Line(text=note))
    return tuple(line for line in lines if line.text)


def _about(method: Method) -> Line:
    if method.used_last:
        return Line(text=_("You paid with this last time"))
    captions = {
        "alipay": _("Balance, Yu'ebao, or a debit card kept in Alipay"),
        "wechat_pay": _("WeChat balance, or a debit card kept in WeChat"),
        "bank_card": _("Debited at once"),
    }
    return Line(text=captions.get(method.channel, ""))


def _reason(method: Method, *, currency: str, now: datetime) -> Line:
    until = _moment(method.until, now) if method.until else ""
    left = _money(method.left_minor, currency)
    told = {
        Reason.CURRENCY: _("Cannot carry this currency"),
        Reason.CARD_UNUSABLE: _("The bank no longer accepts this card. Remove it and add the new one."),
        Reason.CREDIT_CARD: _("Installments cannot be repaid with a credit card"),
        Reason.MAINTENANCE: _("Under maintenance, expected back %(until)s") % {"until": until}
        if until
        else _("Under maintenance"),
        Reason.CLOSED_HOURS: _("Closed now, opens %(until)s") % {"until": until} if until else _("Closed now"),
        Reason.LIMIT_PER_PAYMENT: _("Takes at most %(left)s at once") % {"left": left},
        Reason.LIMIT_PER_DAY: _("Over its limit of today: %(left)s would still go, again from %(until)s")
        % {"left": left, "until": until},
    }
    return Line(text=formats.spaced(told.get(method.reason, "")) if method.reason else "", tone="is-due")


def _money(minor: int | None, currency: str) -> str:
    return formats.money(minor, currency) if minor is not None else formats.UNKNOWN


def _moment(at: datetime, now: datetime) -> str:
    """Today 23:30; 11/24 06:00."""
    local, today = at.astimezone(mall_zone()), now.astimezone(mall_zone()).date()
    if local.date() != today:
        return formats.short_moment(local)
    return _("today %(clock)s") % {"clock": f"{local:%H:%M}"}


def component_names() -> tuple[str, ...]:
    """What an amount can be owed for, in the order of `Components`."""
    return _("Principal"), _("Interest"), _("Fee"), _("Late fee")
