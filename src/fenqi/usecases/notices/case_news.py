"""Tell a customer how an after-sales case stands: with the route, the sum and the days (R043-R045, P205, P1001)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.aftersales.rules import NEXT_STEPS, NextStep
from fenqi.domain.errors import NotFound
from fenqi.records.models import AftersalesCase, CaseStep, Plan
from fenqi.usecases import clock
from fenqi.usecases.aftersales.queries import refunds_of
from fenqi.usecases.aftersales.quoting import QuoteView, quote_view
from fenqi.usecases.aftersales.returning import newest_quote
from fenqi.usecases.aftersales.steps import find_case, is_approved_offer, title_of
from fenqi.usecases.aftersales.wishes import applied_kind
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import TEXTS, Message
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.refunds.queries import LegView

NEWS_FOR = timedelta(days=2)
"""Afterwards the pages tell it."""
NOTE_CHARACTERS = 60

_MESSAGES: Mapping[CaseSignal, Message] = {
    CaseSignal.APPLIED: Message.CASE_RECEIVED,
    CaseSignal.MORE_ASKED: Message.CASE_EVIDENCE_ASKED,
    CaseSignal.GOODS_CALLED: Message.CASE_SEND_GOODS,
    CaseSignal.REJECTED: Message.CASE_REJECTED,
    CaseSignal.QUOTE_CHANGED: Message.CASE_QUOTE_CHANGED,
    CaseSignal.REMINDED: Message.CASE_REMINDED,
    CaseSignal.EXPIRED: Message.CASE_EXPIRED,
    CaseSignal.EXECUTED: Message.CASE_REFUNDING,
    CaseSignal.CONFIRMED: Message.CASE_REFUNDING,
    CaseSignal.REPLACEMENT_SENT: Message.CASE_REPLACEMENT_SENT,
    CaseSignal.CANNOT_REPLACE: Message.CASE_REFUND_INSTEAD,
    CaseSignal.ARRIVED: Message.CASE_ARRIVED,
    CaseSignal.TRACED: Message.CASE_LATE,
    CaseSignal.CAME_BACK: Message.CASE_CAME_BACK,
}
_MONEY_MOVES = frozenset({CaseSignal.EXECUTED, CaseSignal.CONFIRMED})

_WAYS = {
    "alipay": ("退回支付宝", "back to Alipay"),
    "wechat_pay": ("退回微信支付", "back to WeChat Pay"),
    "bank_card": ("退回原银行卡", "back to the card you paid with"),
    "": ("转账到您的银行卡", "by transfer to your bank card"),
}
_OFF_PLAN = ("从分期中减去", "off your plan")


def tell_of_case(customer_id: UUID, case_id: UUID, seq: int, *, now: datetime) -> bool:
    """Send the message of that step, once, in the customer's language; whether this call sent one.

    Nothing is sent of a step that is no news any more, nor of an arrival where no money was to arrive.
    Raises NotFound, NoticeUnanswered, ChannelMisconfigured.
    """
    case = find_case(customer_id, case_id)
    step = CaseStep.objects.filter(customer_id=customer_id, case_id=case_id, seq=seq).first()
    if step is None:
        raise NotFound
    facts = _Facts(case, step, tuple(leg for refund in refunds_of(case) for leg in refund.ways))
    message = _message(facts)
    if message is None or now - step.at > NEWS_FOR:
        return False
    params = partial(facts.params, message)
    return send_once(customer_id, message, subject=f"case:{case_id}:{seq}", params=params, now=now)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the variables of the messages stand for; `legs` carry what goes back."""

    case: AftersalesCase
    step: CaseStep
    legs: tuple[LegView, ...]

    def params(self, message: Message, language: str) -> dict[str, str]:
        """The variables that the message has, and no others."""
        text = TEXTS[message, language]
        return {name: said(language) for name, said in self._variables().items() if f"${{{name}}}" in text}

    def _variables(self) -> Mapping[str, Callable[[str], str]]:
        return {
            "title": self._title,
            "number": self._number,
            "by": self._by,
            "note": self._note,
            "next": self._next,
            "amount": self._amount,
            "before": self._before,
            "left": self._left,
            "route": self._route,
            "latest": self._latest,
            "lender": self.lender,
            "tracking": self._tracking,
        }

    def _title(self, _language: str) -> str:
        return title_of(self.case)[:TITLE_CHARACTERS].strip()

    def _number(self, _language: str) -> str:
        return self.case.case_no

    def _tracking(self, _language: str) -> str:
        return self.case.replacement_tracking_no

    def _by(self, _language: str) -> str:
        """The last day for whose turn it was: the customer's, or ours to have reviewed it."""
        return str(self.step.details.get("due_on") or clock.business_date(self.case.review_due_at))

    def _note(self, language: str) -> str:
        note = " ".join(self.step.note.split())
        if len(note) > NOTE_CHARACTERS:
            note = note[: NOTE_CHARACTERS - 1] + "…"
        return note if not note or note[-1] in "。.!！?？…" else note + ("。" if language == "zh" else ".")

    def _next(self, language: str) -> str:
        words = NEXT_STEPS[NextStep(self.case.next_step)]
        return words.zh if language == "zh" else words.en

    def _amount(self, language: str) -> str:
        """What goes back as money, where some does or would; else what comes off the plan."""
        going = sum(leg.amount_minor for leg in self.legs)
        return written_amount(going or self._quoted_minor(), self.case.currency, language)

    def _quoted_minor(self) -> int:
        quote = self._quote()
        if quote is None:
            return self.case.value_minor
        if self.case.state == CaseState.QUOTE_CHANGED:
            return quote.value_minor
        return quote.cash_minor or quote.partner_minor or quote.off_plan_minor

    def _quote(self) -> QuoteView | None:
        """The one that the step is about, else the one that waits to be confirmed, else the one in force."""
        quote_id = self.step.details.get("quote_id") or self._offered() or self.case.quote_id
        return quote_view(self.case.customer_id, UUID(str(quote_id))) if quote_id else None

    def _offered(self) -> UUID | None:
        """What the customer is reminded to confirm."""
        offered = newest_quote(self.case) if self.step.after == CaseState.QUOTE_CHANGED else None
        return offered.id if offered else None

    def is_refund_instead(self) -> bool:
        """Whether what waits to be confirmed is the refund of an exchange, and no later quote."""
        return self.case.was_exchange and self._offered() == self.case.quote_id

    def _before(self, language: str) -> str:
        return written_amount(self.case.value_minor, self.case.currency, language)

    def _left(self, language: str) -> str:
        plans = Plan.objects.filter(customer_id=self.case.customer_id, id__in=[self.case.plan_id])
        return written_amount(sum(plans.values_list("outstanding_minor", flat=True)), self.case.currency, language)

    def lender(self, language: str) -> str:
        """Who has lent the money and gets it back; nobody where the mall keeps the plan."""
        quote = self._quote()
        lender = provider_of(quote.provider) if quote and quote.partner_minor else None
        if lender is None:
            return ""
        return lender.name_zh if language == "zh" else lender.name_en

    def _route(self, language: str) -> str:
        """Each way that money goes, once; without money it goes to who has lent it, or comes off the plan."""
        if self.legs:
            return _in_words([leg.channel for leg in self.legs], language)
        lender = self.lender(language)
        if lender:
            return f"退给{lender}" if language == "zh" else f"to {lender}"
        quote = self._quote()
        return _in_words([way.channel for way in quote.ways] if quote else [], language)

    def _latest(self, _language: str) -> str:
        """The last day of the windows that run, else what was promised with the application."""
        known = [leg.expected_by for leg in self.legs]
        days: list[date] = [day for day in known if day is not None]
        return (max(days) if days and len(days) == len(known) else self.case.promise_by).isoformat()


def _message(facts: "_Facts") -> Message | None:
    case, signal = facts.case, CaseSignal(facts.step.signal)
    if signal is CaseSignal.ARRIVED and not facts.legs:
        return None
    if signal is CaseSignal.APPLIED and is_approved_offer(case):
        return None  # nobody reviews it, and the refund is told of in a moment
    if signal in _MONEY_MOVES and not facts.legs:
        return Message.CASE_TO_LENDER if facts.lender("en") else Message.CASE_OFF_PLAN
    if signal is CaseSignal.GOODS_CALLED and applied_kind(case) is WishKind.EXCHANGE:
        return Message.CASE_SEND_GOODS_TO_EXCHANGE
    if signal is CaseSignal.REMINDED and facts.step.after == CaseState.QUOTE_CHANGED:
        return Message.CASE_REFUND_INSTEAD if facts.is_refund_instead() else Message.CASE_QUOTE_CHANGED
    return _MESSAGES.get(signal)


def _in_words(channels: Iterable[str], language: str) -> str:
    which = 0 if language == "zh" else 1
    words = list(dict.fromkeys(_WAYS.get(channel, _WAYS[""])[which] for channel in channels))
    return ("、" if language == "zh" else ", ").join(words) or _OFF_PLAN[which]
