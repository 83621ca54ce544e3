"""Everything that happened to a customer as one story: what is still to come first, then newest to oldest."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fenqi.domain.entries import Entry
from fenqi.interfaces.console.words import (
    CALL_WAYS,
    CASE_KINDS,
    CASE_STATES,
    CASE_TONES,
    CHANGE_KINDS,
    CHANGE_STATES,
    CHANGE_TONES,
    CHANNELS,
    CONTACT_OUTCOMES,
    CONTACT_WAYS,
    DELIVERY_STATES,
    FAILURES,
    HELPED,
    MARK_STATES,
    MARK_TONES,
    MESSAGES,
    NOTICE_REASONS,
    NOTICE_STATES,
    NOTICE_WAYS,
    PROMISE_STATES,
    PROMISE_TONES,
    REFUND_CAUSES,
    TICKET_EVENTS,
    TOPICS,
)
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.entry_words import ENTRIES
from fenqi.usecases import clock
from fenqi.usecases.aftersales.views import CaseSummary
from fenqi.usecases.audit import Action, AuditView
from fenqi.usecases.entries.history import ClosingMoment
from fenqi.usecases.hardship.history import HelpKind, HelpMoment
from fenqi.usecases.notices.history import NoticeMoment
from fenqi.usecases.notices.templates import title_of
from fenqi.usecases.refunds.queries import RefundView
from fenqi.usecases.reserves.queries import ReserveView
from fenqi.usecases.support.customer_file import CustomerFile, PlanFact
from fenqi.usecases.support.talks import TalkMoment
from fenqi.usecases.views import AttemptView, OrderSummary, PaymentView

SEPARATOR = " · "
LONGEST_QUOTE = 80
LONGEST_SUBJECT = 120
"""Of an act on record."""


class Show(StrEnum):
    """What of the story is shown."""

    ALL = "all"
    REPAYMENTS = "repayments"
    ORDERS = "orders"
    AFTER_SALES = "after_sales"
    MESSAGES = "messages"
    ENTRIES = "entries"
    HELP = "help"
    TICKETS = "tickets"

    @classmethod
    def of(cls, text: str | None) -> "Show":
        return next((one for one in cls if one.value == text), cls.ALL)

    @property
    def label(self) -> Any:
        return _SHOW_LABELS[self]


_SHOW_LABELS = {
    Show.ALL: gettext_lazy("All"),
    Show.REPAYMENTS: gettext_lazy("Repayments"),
    Show.ORDERS: gettext_lazy("Orders"),
    Show.AFTER_SALES: gettext_lazy("After-sales"),
    Show.MESSAGES: gettext_lazy("Messages"),
    Show.ENTRIES: gettext_lazy("Repayment entries"),
    Show.HELP: gettext_lazy("Overdue help"),
    Show.TICKETS: gettext_lazy("Tickets"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the story. `tone` is paid for what simply happened; ahead of us is future."""

    at: datetime
    kind: Show
    tone: str
    title: str
    detail: str
    amount_minor: int | None = None
    currency: str = "CNY"
    when: str = ""
    address: str = ""

    @property
    def is_ahead(self) -> bool:
        return self.tone == "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Besides:
    """What the story tells beside the customer's file."""

    cases: Iterable[CaseSummary] = ()
    refunds: Iterable[RefundView] = ()
    reserves: Iterable[ReserveView] = ()
    talks: Iterable[TalkMoment] = ()
    help: Iterable[HelpMoment] = ()
    notices: Sequence[NoticeMoment] = ()
    closings: Iterable[ClosingMoment] = ()


def moments_of(file: CustomerFile, reader: Reader, *, show: Show, besides: Besides = Besides()) -> tuple[Moment, ...]:
    """The story, with the time of each line written for the reader."""
    customer_id = file.customer.customer_id
    every = (
        *_all(file, besides.notices),
        *_cases(besides.cases),
        *_refunds(besides.refunds),
        *_reserves(besides.reserves),
        *(_talk(customer_id, moment) for moment in besides.talks),
        *(_help(customer_id, moment) for moment in besides.help),
        *(_notice(customer_id, notice) for notice in besides.notices),
        *(moment for closing in besides.closings for moment in _closing(closing, reader)),
    )
    told = [moment for moment in every if show in (Show.ALL, moment.kind)]
    ahead = sorted((moment for moment in told if moment.is_ahead), key=lambda moment: moment.at, reverse=True)
    past = sorted((moment for moment in told if not moment.is_ahead), key=lambda moment: moment.at, reverse=True)
    return tuple(_timed(moment, reader) for moment in (*ahead, *past))


def _timed(moment: Moment, reader: Reader) -> Moment:
    """The hour for today, otherwise the day; the hour of another day is in the records below."""
    local = moment.at.astimezone(clock.mall_zone())
    is_today = local.date() == reader.today
    when = formats.clock(local) if is_today else formats.plain_day(local.date(), reader.language, today=reader.today)
    return replace(moment, when=when)


def _all(file: CustomerFile, notices: Collection[NoticeMoment]) -> Iterator[Moment]:
    for order in file.orders:
        yield _order(order)
    for payment in file.payments:
        yield from _payment(payment)
    for fact in file.facts:
        yield _plan_fact(fact)
    known = {(notice.message, notice.subject[:LONGEST_SUBJECT]) for notice in notices}
    for act in file.told:
        if (act.details.get("message", ""), act.subject) not in known:
            yield _told(act)


def _order(order: OrderSummary) -> Moment:
    return Moment(
        at=order.placed_at,
        kind=Show.ORDERS,
        tone="paid",
        title=_("Order placed"),
        detail=SEPARATOR.join((order.title, order.order_no)),
        amount_minor=order.total_minor,
        currency=order.currency,
    )


def _cases(cases: Iterable[CaseSummary]) -> Iterator[Moment]:
    for case in cases:
        about = SEPARATOR.join((case.case_no, str(CASE_KINDS.get(case.told_kind, case.kind)), case.title))
        yield Moment(
            at=case.created_at,
            kind=Show.AFTER_SALES,
            tone="paid",
            title=_("Applied for after-sales"),
            detail=about,
            amount_minor=case.value_minor,
            currency=case.currency,
        )
        if case.closed_at is not None:
            yield Moment(
                at=case.closed_at,
                kind=Show.AFTER_SALES,
                tone=str(CASE_TONES.get(case.state, "neutral")),
                title=_("Case closed: %(state)s") % {"state": CASE_STATES.get(case.state, case.state)},
                detail=about,
            )


def _refunds(refunds: Iterable[RefundView]) -> Iterator[Moment]:
    for refund in refunds:
        about = SEPARATOR.join(filter(None, (str(REFUND_CAUSES.get(refund.cause, refund.cause)), refund.title)))
        yield Moment(
            at=refund.created_at,
            kind=Show.AFTER_SALES,
            tone="refund",
            title=_("Refund begun"),
            detail=about,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
        )
        if refund.completed_at is not None:
            yield Moment(
                at=refund.completed_at,
                kind=Show.AFTER_SALES,
                tone="paid",
                title=_("Refund has left in full"),
                detail=about,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
            )


def _reserves(reserves: Iterable[ReserveView]) -> Iterator[Moment]:
    for hold in reserves:
        about = SEPARATOR.join((hold.title, hold.reserve_no))
        if hold.held_at is not None:
            yield _of_reserve(hold, hold.held_at, _("A reserve was put on hold"), about, hold.frozen_minor)
        if hold.ended_at is not None:
            yield _of_reserve(hold, hold.ended_at, _("A reserve was released"), about, hold.released_minor)


def _of_reserve(hold: ReserveView, at: datetime, title: str, about: str, minor: int) -> Moment:
    return Moment(
        at=at,
        kind=Show.AFTER_SALES,
        tone="paid",
        title=title,
        detail=about,
        amount_minor=minor,
        currency=hold.currency,
    )


_TALK_TONES = {"late": "overdue", "note": "due", "call": "paid", "rated": "paid"}


def _talk(customer_id: UUID, moment: TalkMoment) -> Moment:
    titles = {
        "opened": _("Asked for help: %(topic)s") % {"topic": TOPICS.get(moment.topic, moment.topic)},
        "said": _("Agent answered") if moment.by else _("Customer wrote"),
    }
    title = titles.get(moment.kind) or str(TICKET_EVENTS.get(moment.kind, moment.kind))
    if way := moment.details.get("way"):
        title = f"{title}, {CALL_WAYS.get(way, way)}"
    if helped := moment.details.get("helped"):
        title = f"{title}: {HELPED.get(helped, helped)}"
    by = moment.by if moment.by not in ("", "customer", "system") else ""
    words = " ".join(moment.text.split())[:LONGEST_QUOTE]
    return Moment(
        at=moment.at,
        kind=Show.TICKETS,
        tone=_TALK_TONES.get(moment.kind, "paid"),
        title=title,
        detail=SEPARATOR.join(filter(None, (moment.ticket_no, by, words))),
        address=reverse("console:support_thread", args=[customer_id, moment.thread_id]),
    )


def _help(customer_id: UUID, moment: HelpMoment) -> Moment:
    said = {
        HelpKind.PROMISE: (_("Promise to pay"), PROMISE_STATES, PROMISE_TONES),
        HelpKind.CHANGE: (str(CHANGE_KINDS.get(moment.what, moment.what)), CHANGE_STATES, CHANGE_TONES),
        HelpKind.MARK: (_("Credit record"), MARK_STATES, MARK_TONES),
        HelpKind.CONTACT: (str(CONTACT_WAYS.get(moment.what, moment.what)), CONTACT_OUTCOMES, {}),
    }
    title, states, tones = said[moment.kind]
    return Moment(
        at=moment.at,
        kind=Show.HELP,
        tone=str(tones.get(moment.state, "paid")),
        title=title,
        detail=str(states.get(moment.state, moment.state)),
        amount_minor=moment.amount_minor,
        currency=moment.currency,
        address=reverse("console:overdue_plan", args=[customer_id, moment.plan_id]),
    )


_NOT_ARRIVED = frozenset({"undelivered", "refused"})


def _notice(customer_id: UUID, notice: NoticeMoment) -> Moment:
    """What it was about and what became of it on each way; its words are on the page of notices."""
    language = "zh" if (get_language() or "zh-hans").startswith("zh") else "en"
    ways = [f"{_way(way)} {DELIVERY_STATES.get(state, state)}" for way, state in notice.ways]
    steps = {
        "told": [_("Inbox, read") if notice.is_read else _("Inbox"), *ways],
        "held": [str(NOTICE_STATES["held"]), str(NOTICE_REASONS.get(notice.reason, notice.reason))],
    }
    trouble = bool(notice.ways) and all(state in _NOT_ARRIVED for _, state in notice.ways)
    tones = {"waiting": "future", "held": "neutral"}
    return Moment(
        at=notice.at,
        kind=Show.MESSAGES,
        tone=tones.get(notice.state, "overdue" if trouble else "paid"),
        title=_("Message: %(what)s") % {"what": title_of(notice.message, language)},
        detail=SEPARATOR.join(steps.get(notice.state, [str(NOTICE_STATES["waiting"])])),
        address=reverse("console:customer_notices", args=[customer_id]),
    )


def _closing(moment: ClosingMoment, reader: Reader) -> Iterator[Moment]:
    """When the entry was, or will be, closed for the customer, and when it was open again."""
    closing = moment.closing
    chinese = reader.language == "zh"

    def name(entry: Entry) -> str:
        return entry.name_zh if chinese else entry.name_en

    now = clock.now()
    period = f"{formats.short_moment(closing.starts_at)}{formats.TO}{formats.short_moment(closing.ends_at)}"
    instead = _("instead: %(entry)s") % {"entry": name(moment.successor)} if moment.successor else ""
    notice = closing.notice_zh if chinese else closing.notice_en
    tone = "future" if closing.starts_at > now else "due" if closing.ends_at > now else "neutral"
    address = reverse("console:closing", args=[closing.id])
    yield Moment(
        at=closing.starts_at,
        kind=Show.ENTRIES,
        tone=tone,
        title=_("%(entry)s closed") % {"entry": name(moment.entry)},
        detail=SEPARATOR.join(filter(None, (period, instead, notice))),
        address=address,
    )
    if closing.ends_at <= now:
        yield Moment(
            at=closing.ends_at,
            kind=Show.ENTRIES,
            tone="paid",
            title=_("%(entry)s open again") % {"entry": name(moment.entry)},
            detail=instead,
            address=address,
        )


def _payment(payment: PaymentView) -> Iterator[Moment]:
    if not payment.attempts:
        yield Moment(
            at=payment.created_at,
            kind=Show.REPAYMENTS,
            tone="paid",
            title=_("Repayment received outside our channels"),
            detail=SEPARATOR.join((payment.title, _channel(payment.channel))),
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    booked = _booked(payment)
    for attempt in payment.attempts:
        yield from _attempt(payment, attempt, is_duplicate=bool(payment.duplicate_minor) and attempt is not booked)


def _booked(payment: PaymentView) -> AttemptView | None:
    """The attempt whose money the payment is; any other that succeeded was money too much."""
    paid = sorted(
        (attempt for attempt in payment.attempts if attempt.state == "succeeded"),
        key=lambda attempt: attempt.resolved_at or attempt.created_at,
    )
    return paid[0] if paid and payment.state == "succeeded" else None


def _attempt(payment: PaymentView, attempt: AttemptView, *, is_duplicate: bool) -> Iterator[Moment]:
    about = SEPARATOR.join((_channel(attempt.channel), payment.title, attempt.out_trade_no))

    def moment(at: datetime, tone: str, title: str, *, detail: str = about, amount_minor: int | None = None) -> Moment:
        return Moment(
            at=at,
            kind=Show.REPAYMENTS,
            tone=tone,
            title=title,
            detail=detail,
            amount_minor=amount_minor,
            currency=attempt.currency,
        )

    ended_at = attempt.resolved_at or attempt.created_at
    match attempt.state:
        case "succeeded" if is_duplicate:
            yield moment(ended_at, "refund", _("Paid a second time: owed back"), amount_minor=attempt.amount_minor)
        case "succeeded":
            yield moment(ended_at, "paid", _("Repayment succeeded"), amount_minor=attempt.amount_minor)
        case "failed":
            reason = str(FAILURES.get(attempt.category, attempt.category)) or _("no reason given")
            detail = SEPARATOR.join(filter(None, (about, attempt.code)))
            yield moment(
                ended_at,
                "overdue",
                _("Did not go through: %(reason)s") % {"reason": reason},
                detail=detail,
                amount_minor=0,
            )
        case "closed":
            yield moment(ended_at, "cancelled", _("Repayment ended unpaid"), amount_minor=0)
        case "unknown":
            asked = _("asked %(count)s times") % {"count": attempt.asked}
            yield moment(
                attempt.created_at,
                "unknown",
                _("Repayment outcome unknown"),
                detail=SEPARATOR.join((about, asked)),
                amount_minor=attempt.amount_minor,
            )
        case _:
            yield moment(
                attempt.created_at, "due", _("Customer sent to the cashier"), amount_minor=attempt.amount_minor
            )
    if attempt.next_query_at and attempt.resolved_at is None:
        yield moment(attempt.next_query_at, "future", _("We ask the channel again"))


def _plan_fact(fact: PlanFact) -> Moment:
    return Moment(
        at=fact.event.recorded_at,
        kind=Show.REPAYMENTS,
        tone="paid",
        title=str(ENTRIES.get(fact.event.kind, fact.event.kind)),
        detail=fact.title,
        amount_minor=fact.event.amount_minor,
        currency=fact.currency,
    )


def _told(act: AuditView) -> Moment:
    if act.action == Action.CHANNEL_ASKED:
        return Moment(
            at=act.at, kind=Show.REPAYMENTS, tone="paid", title=_("Staff asked the channel"), detail=act.actor_name
        )
    accepted = act.details.get("outcome") == "accepted"
    return Moment(
        at=act.at,
        kind=Show.MESSAGES,
        tone="paid" if accepted else "overdue",
        title=_message(act.details.get("message", "")) if accepted else _("Message was refused by the service"),
        detail=SEPARATOR.join(
            filter(None, (_way(act.details.get("by", "sms")), act.details.get("message_id") or act.details.get("code")))
        ),
    )


def _way(way: str) -> str:
    return str(NOTICE_WAYS.get(way, way))


def _message(name: str) -> str:
    """What the customer was told of, where that is known."""
    if name in ("", "repayment_succeeded"):
        return _("Message: repayment succeeded")
    return _("Message: %(what)s") % {"what": MESSAGES.get(name, name)}


def _channel(name: str) -> str:
    return str(CHANNELS.get(name, name))
