"""Ways to be debited automatically for one plan, each with its limit and the words that would be agreed to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fenqi.channels.interface import AgreementChannel, DebitChannel, PaymentChannel
from fenqi.domain.money import Money
from fenqi.domain.payments.auto_debit import DebitRules, beijing_day
from fenqi.domain.plans import Row, Terms, projected_late_fee
from fenqi.records.models import BoundCard, CardState, Order
from fenqi.usecases import plan_file
from fenqi.usecases.agreements.consent import ConsentText, consent_text
from fenqi.usecases.agreements.errors import AutoDebitNotOffered, PlanNotOpen
from fenqi.usecases.agreements.planning import open_due_days, rules_of
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.rails import rails

HEAD_ROOM_DAYS = timedelta(days=30)
"""The limit of a debit holds the late fee of so many days, so that a late installment can still be debited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the money is to come from: an account at a channel, or a bound card."""

    channel: str
    card_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way, what it may take at most, and why it cannot be had when it cannot: currency, due_day."""

    way: Way
    rules: DebitRules
    limit: Money
    reason: str = ""
    bank: str = ""
    last4: str = ""

    @property
    def available(self) -> bool:
        return not self.reason


def offers(customer_id: UUID, plan_id: UUID, *, now: datetime) -> tuple[Offer, ...]:
    """All ways, in the order in which the rails are offered. Raises NotFound, PlanNotOpen."""
    return offers_on_file(plan_file.read(customer_id, plan_id), now=now)


def offers_on_file(file: PlanFile, *, now: datetime) -> tuple[Offer, ...]:
    """The same for a plan that was read already."""
    cards = list(
        BoundCard.objects.filter(customer_id=file.customer_id, state=CardState.ACTIVE).order_by("-bound_at", "id")
    )
    return tuple(offer for rail in rails() for offer in _offers_of(rail, file, cards, now=now))


def find_offer(file: PlanFile, way: Way, *, now: datetime) -> Offer:
    """The offer for one way. Raises AutoDebitNotOffered, PlanNotOpen."""
    for offer in offers_on_file(file, now=now):
        if offer.way == way and offer.available:
            return offer
    raise AutoDebitNotOffered


def words_of(offer: Offer, file: PlanFile, *, language: str) -> ConsentText:
    """What would be agreed to."""
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=file.customer_id, id=file.order_id)
    return consent_text(limit=offer.limit, order_no=order_no, rules=offer.rules, language=language)


def _offers_of(rail: PaymentChannel, file: PlanFile, cards: list[BoundCard], *, now: datetime) -> Iterator[Offer]:
    rules = rules_of(rail)
    limit = Money(largest_debit(file, rules, now=now), file.terms.currency)
    reason = _reason_against(rail, rules, file)
    if isinstance(rail, AgreementChannel):
        yield Offer(way=Way(channel=rail.name), rules=rules, limit=limit, reason=reason)
    elif isinstance(rail, DebitChannel):
        for card in cards:
            if card.channel == rail.name:
                way = Way(channel=rail.name, card_id=card.id)
                yield Offer(way=way, rules=rules, limit=limit, reason=reason, bank=card.bank, last4=card.last4)


def _reason_against(rail: PaymentChannel, rules: DebitRules, file: PlanFile) -> str:
    if file.terms.currency not in rail.currencies:
        return "currency"
    if any(row.due_on.day > rules.latest_due_day for row in file.state().rows if row.outstanding.total):
        return "due_day"
    return ""


def largest_debit(file: PlanFile, rules: DebitRules, *, now: datetime) -> int:
    """Minor units of the largest installment still to be debited, with its late fee. Raises PlanNotOpen."""
    if not open_due_days(file, rules, today=beijing_day(now)):
        raise PlanNotOpen
    return max(_with_late_fee(file.terms, row) for row in file.state().rows if row.outstanding.total)


def _with_late_fee(terms: Terms, row: Row) -> int:
    late_fee = projected_late_fee(terms, row, row.due_on + HEAD_ROOM_DAYS)
    return row.outstanding.total + max(0, late_fee - row.due.late_fee)
