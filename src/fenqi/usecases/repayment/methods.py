"""The ways to pay that a customer has, and why one of them cannot be used when it cannot (R107-R112)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from fenqi.channels.interface import CardChannel, CashierChannel, PaymentChannel
from fenqi.domain.cards import CardKind
from fenqi.domain.errors import FenqiError
from fenqi.records.models import Payment, PaymentAttempt, PaymentState
from fenqi.usecases.cards.queries import CardView, list_cards
from fenqi.usecases.conditions.queries import Standing, standing
from fenqi.usecases.rails import rail, rails
from fenqi.usecases.repayment.quote import RepaymentQuote


class MethodUnavailable(FenqiError):
    """The method cannot carry this payment now. Details: `reason`, a stable word."""

    code = "method_unavailable"
    status = 409
    zh = "这种还款方式暂时不能用，请换一种。"
    en = "This method cannot be used now: choose another."


class Reason(StrEnum):
    """Why a method cannot be used."""

    CURRENCY = "currency"
    CARD_UNUSABLE = "card_unusable"
    CREDIT_CARD = "credit_card"
    MAINTENANCE = "maintenance"
    CLOSED_HOURS = "closed_hours"
    LIMIT_PER_PAYMENT = "limit_per_payment"
    LIMIT_PER_DAY = "limit_per_day"


@dataclass(frozen=True, slots=True)
class MethodKey:
    """What the customer picks: `alipay`, `wechat_pay`, or `bank_card:<id of a bound card>`."""

    channel: str
    card_id: UUID | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises MethodUnavailable for what is no key."""
        channel, _, card = text.partition(":")
        try:
            return cls(channel, UUID(card) if card else None)
        except ValueError:
            raise MethodUnavailable(reason="unknown") from None

    def __str__(self) -> str:
        return f"{self.channel}:{self.card_id}" if self.card_id else self.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to pay. `until`: when one that is unavailable is expected back; None when that is not known.

    `left_minor` is what would still go where a limit is in the way. `announced` is maintenance
    that begins later: from when to when.
    """

    key: MethodKey
    card: CardView | None = None
    reason: Reason | None = None
    until: datetime | None = None
    left_minor: int | None = None
    note_zh: str = ""
    note_en: str = ""
    announced: tuple[datetime, datetime] | None = None
    used_last: bool = False

    @property
    def channel(self) -> str:
        return self.key.channel

    @property
    def available(self) -> bool:
        return self.reason is None


def methods(customer_id: UUID, quote: RepaymentQuote, *, now: datetime) -> tuple[Method, ...]:
    """All that the customer has, the one that was last paid with first; cards that cannot be used stay in sight."""
    cards = list_cards(customer_id)
    last = _last_used(customer_id)
    keys = (key for found in rails() for key in _keys_of(found, cards))
    stands = standing(customer_id, now=now)
    found = [_method(stands, key, card, quote, used_last=key == last) for key, card in keys]
    return tuple(sorted(found, key=lambda method: not method.used_last))


def usable_method(customer_id: UUID, key: MethodKey, quote: RepaymentQuote, *, now: datetime) -> Method:
    """The method of that key, which can be used. Raises MethodUnavailable, UnknownChannel."""
    channel = rail(key.channel)
    offered = dict(_keys_of(channel, list_cards(customer_id)))
    if key not in offered:
        raise MethodUnavailable(reason="unknown")
    method = _method(standing(customer_id, now=now), key, offered[key], quote)
    if method.reason is not None:
        raise MethodUnavailable(reason=method.reason.value)
    return method


def binds_cards() -> bool:
    """Whether a card can be added here."""
    return any(isinstance(found, CardChannel) for found in rails())


def _keys_of(channel: PaymentChannel, cards: tuple[CardView, ...]) -> Iterator[tuple[MethodKey, CardView | None]]:
    if isinstance(channel, CardChannel):
        yield from ((MethodKey(channel.name, card.card_id), card) for card in cards if card.channel == channel.name)
    if isinstance(channel, CashierChannel):
        yield MethodKey(channel.name), None


def _method(
    stands: Standing, key: MethodKey, card: CardView | None, quote: RepaymentQuote, *, used_last: bool = False
) -> Method:
    """A reason of the method itself comes before what staff know of its rail and bank."""
    bank = card.bank.code if card else ""
    reason = _reason_of_its_own(key, card, quote)
    against = None if reason else stands.unavailability(key.channel, bank, quote.amount_minor, quote.currency)
    ahead = stands.announced(key.channel, bank)
    return Method(
        key=key,
        card=card,
        reason=reason or (Reason(against.reason.value) if against else None),
        until=against.until if against else None,
        left_minor=against.left_minor if against else None,
        note_zh=against.note_zh if against else "",
        note_en=against.note_en if against else "",
        announced=(ahead.starts_at, ahead.ends_at) if ahead and ahead.starts_at and ahead.ends_at else None,
        used_last=used_last,
    )


def _reason_of_its_own(key: MethodKey, card: CardView | None, quote: RepaymentQuote) -> Reason | None:
    if quote.currency not in rail(key.channel).currencies:
        return Reason.CURRENCY
    if card is not None and not card.is_usable:
        return Reason.CARD_UNUSABLE
    if card is not None and card.kind is CardKind.CREDIT:
        return Reason.CREDIT_CARD
    return None


def _last_used(customer_id: UUID) -> MethodKey | None:
    paid = Payment.objects.filter(customer_id=customer_id, state=PaymentState.SUCCEEDED)
    payment = paid.order_by("-succeeded_at").first()
    if payment is None:
        return None
    attempt = PaymentAttempt.objects.filter(customer_id=customer_id, payment_id=payment.id, state="succeeded").first()
    return MethodKey(attempt.channel, attempt.card_id) if attempt else None
