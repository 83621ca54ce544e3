"""Binding a card: checked here first, then the bank sends a code, then the gateway gives a token.

The number, the holder's name and the phone live for one request. They are sent and forgotten: nothing here stores them,
logs them or puts them into an error. Kept are the token (encrypted), the last four digits, bank, kind and masks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import BindingReply, CardChannel, CardDetails
from fenqi.domain.cards import Card, CardKind, read_card, read_code, read_holder, read_phone
from fenqi.domain.errors import FenqiError
from fenqi.domain.payments import FailureCategory, Outcome
from fenqi.records import locks, personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import BoundCard, CardState
from fenqi.usecases import audit, rate_limits
from fenqi.usecases.cards.errors import (
    BindingUnavailable,
    BindingUnknown,
    CardNotBound,
    CreditCardRefused,
    NoCodeAskedFor,
)
from fenqi.usecases.cards.queries import CardView, view
from fenqi.usecases.numbers import new_number
from fenqi.usecases.rails import rails
from fenqi.usecases.rate_limits import Rate

CODE_VALIDITY: Final = timedelta(minutes=10)
CONSENT_VERSION: Final = "2026-11"

_log = structlog.get_logger(__name__)
_NOBODY_KNOWS = frozenset({Outcome.UNKNOWN, Outcome.WAITING, Outcome.NOT_FOUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedCard:
    """What was typed into the form, as it was typed."""

    number: str = field(repr=False)
    holder: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A binding under way, in its holder's session: our number of it and when its code was asked for."""

    number: str
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the holder agreed to, and from where."""

    text: str
    language: str
    remote_address: str

    def evidence(self, now: datetime) -> Mapping[str, Any]:
        return {
            "text": self.text,
            "version": CONSENT_VERSION,
            "language": self.language,
            "from": self.remote_address,
            "at": now.isoformat(),
        }


def card_rail() -> CardChannel:
    """The first rail that binds cards. Raises BindingUnavailable."""
    for found in rails():
        if isinstance(found, CardChannel):
            return found
    raise BindingUnavailable


def faults(typed: TypedCard) -> tuple[FenqiError, ...]:
    """Everything that is wrong with what was typed, each naming its field in `where` (R125-R128)."""
    found = []
    for read, text in ((_usable_card, typed.number), (read_holder, typed.holder), (read_phone, typed.phone)):
        try:
            read(text)
        except FenqiError as fault:
            found.append(fault)
    return tuple(found)


def ask_code(customer_id: UUID, typed: TypedCard, *, now: datetime) -> Binding:
    """Have the bank send a code to the phone that it knows.

    Raises a CardRefused of `fenqi.domain.cards`, CreditCardRefused, TooManyRequests, CardNotBound, BindingUnknown,
    BindingUnavailable, ChannelRefuses.
    """
    details = _details(typed)
    rate_limits.count(Rate.CARD_CODE, str(customer_id))
    rate_limits.count(Rate.CARD_CODE_TO_PHONE, personal.phone_index(details.phone))
    number = new_number("B")
    reply = card_rail().ask_code(details, number=number, submitted_at=now)
    _require_done(reply)
    return Binding(number=number, asked_at=now)


def bind(
    customer_id: UUID, typed: TypedCard, code: str, *, binding: Binding | None, consent: Consent, now: datetime
) -> CardView:
    """Bind the card; the same binding twice is one card.

    Raises as `ask_code`, and CodeInvalid, NoCodeAskedFor.
    """
    details, card = _details(typed), _usable_card(typed.number)
    code = read_code(code)
    if binding is None or now - binding.asked_at > CODE_VALIDITY:
        raise NoCodeAskedFor(where="code")
    bound = BoundCard.objects.filter(customer_id=customer_id, number=binding.number).first()
    if bound is not None:
        return view(bound)
    rate_limits.count(Rate.CARD_TRY, binding.number)
    rail = card_rail()
    reply = rail.bind(details, code, number=binding.number, submitted_at=now)
    _require_done(reply)
    if reply.token is None:
        raise BindingUnknown
    return _store(customer_id, rail.name, card, details, reply.token, binding=binding, consent=consent, now=now)


def _usable_card(text: str) -> Card:
    card = read_card(text)
    if card.kind is CardKind.CREDIT:
        raise CreditCardRefused(where="number")
    return card


def _details(typed: TypedCard) -> CardDetails:
    return CardDetails(
        number=_usable_card(typed.number).number, holder=read_holder(typed.holder), phone=read_phone(typed.phone)
    )


def _require_done(reply: BindingReply) -> None:
    if reply.alert:
        _log.error("card_binding_alert", binding=reply.number, code=reply.code)
    if reply.outcome is Outcome.SUCCEEDED:
        return
    if reply.outcome in _NOBODY_KNOWS:
        raise BindingUnknown
    category = reply.failure or FailureCategory.CONTACT_SUPPORT
    raise CardNotBound(
        where="number" if category is FailureCategory.METHOD_UNAVAILABLE else "code",
        reason=_REASONS[category][1],
        reason_zh=_REASONS[category][0],
    )


_SUPPORT = (
    "银行没有说明原因，请换一张卡，或联系客服。",
    "the bank gave no reason. Try another card, or ask us.",
)
_REASONS: Mapping[FailureCategory, tuple[str, str]] = {
    FailureCategory.INSUFFICIENT_BALANCE: _SUPPORT,
    FailureCategory.WRONG_ACCOUNT_INFO: (
        "卡号、姓名、预留手机号或验证码与银行记录不符，请逐项核对。",
        "card, name, phone or code is not what the bank has on record. Check each of them.",
    ),
    FailureCategory.METHOD_UNAVAILABLE: (
        "银行不允许这张卡用于网上支付，请换一张卡，或请银行开通。",
        "the bank does not let this card pay on line. Use another one, or ask the bank to allow it.",
    ),
    FailureCategory.LIMIT_EXCEEDED: (
        "试的次数超过银行限制，请稍后再试或换一张卡。",
        "too many tries for the bank. Try later or use another card.",
    ),
    FailureCategory.CHANNEL_MAINTENANCE: ("银行正在维护，请稍后再试。", "the bank is under maintenance. Try later."),
    FailureCategory.OUTCOME_UNKNOWN: _SUPPORT,
    FailureCategory.CONTACT_SUPPORT: _SUPPORT,
    FailureCategory.MERCHANT_CONFIG: _SUPPORT,
}


def _store(
    customer_id: UUID,
    channel: str,
    card: Card,
    details: CardDetails,
    token: str,
    *,
    binding: Binding,
    consent: Consent,
    now: datetime,
) -> CardView:
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        bound = BoundCard.objects.filter(customer_id=customer_id, number=binding.number).first()
        if bound is not None:
            return view(bound)
        bound = BoundCard.objects.create(
            customer_id=customer_id,
            id=new_id(),
            channel=channel,
            number=binding.number,
            token_encrypted=personal.encrypt(token).decode(),
            bank=card.bank.code,
            kind=card.kind.value,
            last4=card.last4,
            holder_masked=personal.mask_name(details.holder),
            phone_masked=personal.mask_phone(details.phone),
            state=CardState.ACTIVE,
            consent=dict(consent.evidence(now)),
            bound_at=now,
        )
        audit.record(
            f"customer:{customer_id}",
            audit.Action.CARD_BOUND,
            customer_id=customer_id,
            subject=str(bound.id),
            details={"bank": card.bank.code, "last4": card.last4},
            now=now,
        )
    return view(bound)
