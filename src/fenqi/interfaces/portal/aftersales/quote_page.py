"""A refund quote as its page tells it: what is worth how much, where every fen goes, and when it arrives (look 06)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from fenqi.domain.aftersales.deadlines import Terms
from fenqi.domain.aftersales.quote import Funding
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.payments.arrival import ArrivalRoute, ArrivalWindow, arrival_window
from fenqi.domain.workdays import add_workdays
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.portal.methods import ICONS, card_name, channel_name
from fenqi.interfaces.portal.rail import Reader, installment_name
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.aftersales.quoting import CashWay, QuotedLine, QuoteView, RowChange
from fenqi.usecases.partners.queries import provider_view

NamedAmount = tuple[str, int]
LEAST_JOINED: Final = 4
WHOLE: Final = 1000
"""Of a bar, in tenths of a percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of the bar: `start` and `width` in percent."""

    name: str
    tone: str
    amount_minor: int
    start: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One fact that must be known before confirming."""

    tone: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Money on its way to one account."""

    icon: str
    name: str
    caption: str
    amount_minor: int
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRow:
    """One installment, or neighbours that are alike (`is_each`): `word` says what becomes of it, or the new amount."""

    name: str
    caption: str
    tone: str
    before_minor: int
    after_minor: int
    word: str
    is_struck: bool
    is_each: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What happens to an installment: those that share it can be told as one."""

    before_minor: int
    after_minor: int
    word: str
    tone: str
    is_struck: bool
    is_numbered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Pieces of a line: what was paid for them, part by part."""

    name: str
    pieces: int
    total_minor: int
    parts: tuple[NamedAmount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePage:
    """What the template writes. `added` joins the worth of the goods to all that is split below it."""

    quote_id: UUID
    plan_id: UUID | None
    currency: str
    headline: str
    goods: str
    lead: str
    value_name: str
    value_minor: int
    goods_name: str
    cash_minor: int
    off_plan_minor: int
    fees_back_minor: int
    added: tuple[NamedAmount, ...]
    parts: tuple[Part, ...]
    parts_told: str
    notes: tuple[Note, ...]
    routes: tuple[Route, ...]
    arrival_told: str
    is_original: bool
    rows: tuple[ChangedRow, ...]
    rows_told: str
    lines: tuple[Goods, ...]
    reserves: tuple[tuple[str, str], ...]
    at_lender: tuple[NamedAmount, ...]
    lender_told: str
    validity: str


def quote_page(quote: QuoteView, terms: Terms, reader: Reader) -> QuotePage:
    worth = sum(line.value_minor for line in quote.lines)
    is_difference = quote.kind == WishKind.PRICE_DIFFERENCE
    parts = tuple(_parts(quote))
    return QuotePage(
        quote_id=quote.quote_id,
        plan_id=quote.plan_id,
        currency=quote.currency,
        headline=headline(quote),
        goods=goods_told(quote.lines),
        lead=_("%(goods)s: where every cent goes is told below.") % {"goods": goods_told(quote.lines)},
        value_name=_("Difference in price") if is_difference else _("Worth of what you return"),
        value_minor=worth,
        goods_name=_("What fell in price") if is_difference else _("What your goods are worth"),
        cash_minor=quote.cash_minor,
        off_plan_minor=quote.off_plan_minor,
        fees_back_minor=quote.fees_back_minor,
        added=tuple(_added(quote)),
        parts=parts,
        parts_told="; ".join(f"{part.name} {formats.money(part.amount_minor, quote.currency)}" for part in parts),
        notes=tuple(_notes(quote)),
        routes=tuple(_routes(quote, terms, reader)),
        arrival_told=_arrival_told(quote, terms, reader),
        is_original=all(way.attempt_id is not None for way in quote.ways),
        rows=tuple(_rows(quote, reader)) if _lender_agrees(quote) else (),
        rows_told=_rows_told(quote, reader) if _lender_agrees(quote) else "",
        lines=tuple(map(_goods, quote.lines)),
        reserves=tuple(_reserves(quote)),
        at_lender=tuple(_at_lender(quote)),
        lender_told=_lender_told(quote, reader),
        validity=_validity(quote, reader),
    )


# What it comes to ----------------------------------------------------------------------------------------------------


def headline(quote: QuoteView) -> str:
    """The answer in one sentence: the money, and what becomes of the plan."""
    cash = formats.money(quote.cash_minor, quote.currency)
    if quote.partner_minor:
        return _("%(amount)s goes to %(provider)s, no cash comes to you directly") % {
            "amount": formats.money(quote.partner_minor, quote.currency),
            "provider": lender_name(quote.provider),
        }
    fallen, left = _fallen_away(quote), quote.after.outstanding_minor if quote.after else 0
    if quote.cash_minor and fallen:
        return ngettext(
            "You get back %(cash)s, and %(count)s installment need not be paid any more",
            "You get back %(cash)s, and %(count)s installments need not be paid any more",
            fallen,
        ) % {"cash": cash, "count": fallen}
    if quote.cash_minor:
        return _("You get back %(cash)s") % {"cash": cash}
    if fallen:
        return ngettext(
            "%(count)s installment falls away, nothing is left to pay",
            "%(count)s installments fall away, nothing is left to pay",
            fallen,
        ) % {"count": fallen}
    if quote.off_plan_minor:
        return _("%(amount)s comes off your plan, %(left)s is left to pay") % {
            "amount": formats.money(quote.off_plan_minor, quote.currency),
            "left": formats.money(left, quote.currency),
        }
    return _("Nothing comes back for this")


def _fallen_away(quote: QuoteView) -> int:
    """How many open installments fall away, where the return leaves none open."""
    if quote.before is None or quote.after is None or quote.after.outstanding_minor:
        return 0
    return quote.before.open_count


def goods_told(lines: Iterable[QuotedLine]) -> str:
    return ", ".join(f"{line.name} × {line.pieces}" for line in lines)


def _added(quote: QuoteView) -> Iterator[NamedAmount]:
    """What joins or leaves the worth of the goods before it is split."""
    named = (
        (_("Not paid out: what we had waived as goodwill"), -quote.gifts_minor),
        (_("Not paid out: what nobody has paid"), -quote.unpaid_minor),
        (_("Fees given back"), quote.fees_back.fee),
        (_("Interest given back"), quote.fees_back.interest),
        (_("Late fees given back"), quote.fees_back.late_fee),
        (_("Credit you had on the plan"), quote.balance_before_minor),
    )
    return ((name, minor) for name, minor in named if minor)


def _parts(quote: QuoteView) -> Iterator[Part]:
    """How the sum is split: off the plan, to a partner, into credit, and to the customer's accounts."""
    off_name = _("Off the plan, which ends") if _fallen_away(quote) else _("Off your plan")
    named = [
        (off_name, "cancelled", quote.off_plan_minor),
        (_("To %(provider)s") % {"provider": lender_name(quote.provider)}, "neutral", quote.partner_minor),
        (_("Credit on your plan"), "paid", quote.balance_after_minor),
        (_("Back to your accounts"), "refund", quote.cash_minor),
    ]
    told = [one for one in named if one[2]]
    whole, start = sum(minor for _name, _tone, minor in told), 0
    for name, tone, minor in told:
        end = start + minor
        first, last = (WHOLE * edge // whole for edge in (start, end))
        yield Part(name=name, tone=tone, amount_minor=minor, start=f"{first / 10}", width=f"{(last - first) / 10}")
        start = end


def _notes(quote: QuoteView) -> Iterator[Note]:
    if quote.funding is Funding.CARD:
        told = _(
            "Your bank keeps these installments. The refund is set off on the next statement of that card; whether the "
            "bank's plan goes on or ends is for the bank to say."
        )
        yield Note(tone="refund", icon="credit-card", text=told)
    if quote.partner_minor:
        told = _(
            "%(provider)s cancels what is open with it. What is left over stays there as your balance: you can spend "
            "or withdraw it by its rules. No cash comes from us."
        ) % {"provider": lender_name(quote.provider)}
        yield Note(tone="refund", icon="landmark", text=told)
    if quote.balance_after_minor:
        told = _("%(amount)s stays as credit and pays your next installments.") % {
            "amount": formats.money(quote.balance_after_minor, quote.currency)
        }
        yield Note(tone="refund", icon="wallet", text=told)


# Where it goes, and when ---------------------------------------------------------------------------------------------


def _routes(quote: QuoteView, terms: Terms, reader: Reader) -> Iterator[Route]:
    sent_on = expected_to_leave_on(quote, terms)
    for way in quote.ways:
        yield Route(
            icon=ICONS.get(way.channel, "landmark") if way.attempt_id else "landmark",
            name=way_name(way),
            caption=" · ".join(_way_captions(way, reader)),
            amount_minor=way.amount_minor,
            expected=_window_told(arrival_window(way.route, sent_on), reader),
        )


def expected_to_leave_on(quote: QuoteView, terms: Terms) -> date:
    """The day on which the money is expected to leave: goods travel and are looked at first, or are here already."""
    if quote.case_id is not None:
        return add_workdays(clock.business_date(quote.created_at), 1).on
    days = terms.usual_working_days if quote.kind == WishKind.RETURN else 1
    return add_workdays(quote.quoted_on, days).on


def way_name(way: CashWay) -> str:
    if way.card is not None:
        return card_name(way.card)
    if way.attempt_id is None:
        return _("A bank account of yours")
    if way.route in (ArrivalRoute.ALIPAY_BALANCE, ArrivalRoute.WECHAT_BALANCE):
        return _("%(channel)s balance") % {"channel": channel_name(way.channel)}
    return channel_name(way.channel)


def _way_captions(way: CashWay, reader: Reader) -> Iterator[str]:
    if way.at_ordering:
        yield _("Paid to the mall at ordering; our staff transfer it to a debit card of your own")
    elif way.attempt_id is None:
        yield _("It can no longer go back the way you paid: our staff transfer it to a debit card of your own")
    if way.paid_on and not way.at_ordering:
        yield _("Paid on %(day)s") % {"day": formats.plain_day(way.paid_on, reader.language, today=reader.today)}
    if way.route is ArrivalRoute.CREDIT_CARD:
        yield _("Set off on the next statement")


def _window_told(window: ArrivalWindow, reader: Reader) -> str:
    if window.from_on == window.by_on:
        day = formats.full_day(window.by_on, reader.language, today=reader.today)
    else:
        day = formats.day_range(window.from_on, window.by_on, reader.language, today=reader.today)
    return _("Expected %(day)s") % {"day": day}


def _arrival_told(quote: QuoteView, terms: Terms, reader: Reader) -> str:
    """The outer promise, counted from the application (R058, R059); nothing of a promise that was broken already."""
    if not quote.ways:
        return ""
    left_on = expected_to_leave_on(quote, terms)
    latest = add_workdays(quote.quoted_on, terms.promise_working_days).on
    if quote.case_id is not None and latest < left_on:
        return ""
    days = {
        "sent": formats.plain_day(left_on, reader.language, today=reader.today),
        "latest": formats.full_day(latest, reader.language, today=reader.today),
        "count": terms.promise_working_days,
    }
    if quote.kind == WishKind.RETURN and quote.case_id is None:
        return (
            _(
                "If your goods are here and inspected by %(sent)s. At the latest %(latest)s, %(count)s working days "
                "after the application; after that day we trace it."
            )
            % days
        )
    return (
        _("At the latest %(latest)s, %(count)s working days after the application; after that day we trace it.") % days
    )


# What becomes of the plan --------------------------------------------------------------------------------------------


def _lender_agrees(quote: QuoteView) -> bool:
    """Whoever lends knows the plan better than our copy of it, which is as of the last daily file."""
    part = quote.partner
    return part is None or part.cancelled_minor + part.dropped_fees_minor == sum(row.change for row in quote.rows)


def _rows(quote: QuoteView, reader: Reader) -> Iterator[ChangedRow]:
    """Neighbours to which the same happens are told as one, each by its amount."""
    for alike, found in groupby(quote.rows, key=lambda row: _fate(row, quote.currency)):
        rows = list(found)
        if len(rows) >= LEAST_JOINED and rows[0].number is not None:
            yield _row(alike, rows[0], rows[-1], reader)
        else:
            yield from (_row(alike, row, row, reader) for row in rows)


def _fate(row: RowChange, currency: str) -> Fate:
    word, tone = _outcome(row, currency)
    return Fate(
        before_minor=row.open_before or row.paid_before.total,
        after_minor=row.open_after,
        word=word,
        tone=tone,
        is_struck=row.open_before != row.open_after,
        is_numbered=row.number is not None,
    )


def _row(fate: Fate, first: RowChange, last: RowChange, reader: Reader) -> ChangedRow:
    is_joined = first is not last
    days = (first.due_on, last.due_on)
    return ChangedRow(
        name=_("No. %(first)s–%(last)s") % {"first": first.number, "last": last.number}
        if is_joined
        else installment_name(first.number),
        caption=formats.day_range(*days, reader.language, today=reader.today)
        if is_joined
        else formats.plain_day(first.due_on, reader.language, today=reader.today),
        tone=fate.tone,
        before_minor=fate.before_minor,
        after_minor=fate.after_minor,
        word=fate.word,
        is_struck=fate.is_struck,
        is_each=is_joined,
    )


def _outcome(row: RowChange, currency: str) -> tuple[str, str]:
    """What becomes of a row in a word, and its tone; no word where the new amount says it."""
    if row.open_after:
        return ("", "future") if row.change else (_("unchanged"), "future")
    if row.open_before:
        return _("cancelled"), "cancelled"
    given = row.paid_before.total - row.paid_after.total
    if given > 0:
        return _("%(amount)s back") % {"amount": formats.money(given, currency)}, "refund"
    return _("paid"), "paid"


def _rows_told(quote: QuoteView, reader: Reader) -> str:
    """The new plan in one sentence."""
    after = quote.after
    if after is None or not quote.rows:
        return ""
    if not after.outstanding_minor or after.next_due_on is None:
        return _("Afterwards nothing is left to pay.")
    return ngettext(
        "Afterwards %(count)s installment, %(left)s in all; next %(amount)s on %(day)s.",
        "Afterwards %(count)s installments, %(left)s in all; next %(amount)s on %(day)s.",
        after.open_count,
    ) % {
        "count": after.open_count,
        "left": formats.money(after.outstanding_minor, quote.currency),
        "amount": formats.money(after.next_amount_minor, quote.currency),
        "day": formats.plain_day(after.next_due_on, reader.language, today=reader.today),
    }


def _goods(line: QuotedLine) -> Goods:
    named = (
        (_("Price of the pieces"), line.goods_minor),
        (_("Their share of coupons and discounts"), -line.discount_minor),
        (_("Price differences refunded before"), -line.difference_minor),
        (_("Delivery given back"), line.freight_minor),
        (_("Taken off at the inspection"), -line.deduction_minor),
    )
    parts = tuple((name, minor) for name, minor in named if minor)
    return Goods(name=line.name, pieces=line.pieces, total_minor=line.value_minor, parts=parts)


def _reserves(quote: QuoteView) -> Iterator[tuple[str, str]]:
    for one in quote.reserve or ():
        amount = formats.money(one.amount_minor, one.currency)
        name = _("%(amount)s held with %(channel)s") % {"amount": amount, "channel": channel_name(one.channel)}
        if one.amount_minor:
            yield (
                name,
                _(
                    "Released when the refund is final, back to where it came from. It was always yours, so it is not "
                    "counted above."
                ),
            )
        else:
            held = formats.money(one.held_minor, one.currency)
            name = _("%(amount)s held with %(channel)s") % {"amount": held, "channel": channel_name(one.channel)}
            yield name, _("It stays held while something of the plan is open, and is released by itself after that.")


def _at_lender(quote: QuoteView) -> Iterator[NamedAmount]:
    """What the return does at whoever lent the money, by its own word (R050-R053)."""
    part = quote.partner
    if part is None:
        return
    named = (
        (_("Open installments cancelled there"), part.cancelled_minor),
        (_("Fees dropped there"), part.dropped_fees_minor),
        (
            _("Set off on the next statement") if quote.funding is Funding.CARD else _("Your balance there"),
            part.surplus_minor,
        ),
    )
    yield from ((name, minor) for name, minor in named if minor)


def _lender_told(quote: QuoteView, reader: Reader) -> str:
    """By when it is there, and what may be done with the balance (R054, R055)."""
    lender = provider_view(quote.provider) if quote.partner else None
    if quote.partner is None or lender is None:
        return ""
    latest = formats.full_day(quote.partner.expected_by, reader.language, today=reader.today)
    rules = lender.balance_rules(get_language() or "zh-hans") if quote.partner.surplus_minor else ""
    return " ".join(part for part in (_("There by %(day)s at the latest.") % {"day": latest}, rules) if part)


def _validity(quote: QuoteView, reader: Reader) -> str:
    last_on = clock.business_date(quote.valid_until - timedelta(microseconds=1))
    day = formats.full_day(last_on, reader.language, today=reader.today)
    return _("Valid until the end of %(day)s; the amounts stay as they are till then") % {"day": day}
