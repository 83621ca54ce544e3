"""Removing a card: it is never used again from the moment its holder says so, whatever the gateway answers."""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.channels.interface import CardChannel, UnknownChannel
from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState, Outcome
from fenqi.domain.reserves import AWAITED, HoldState
from fenqi.records import locks
from fenqi.records.models import BoundCard, CardState, PaymentAttempt, ReserveHold
from fenqi.usecases import audit
from fenqi.usecases.agreements.end import end_with_card
from fenqi.usecases.cards.errors import CardHoldsReserve, CardUnderWay
from fenqi.usecases.cards.tokens import token_of
from fenqi.usecases.numbers import new_number
from fenqi.usecases.rails import rail

_log = structlog.get_logger(__name__)
_OPEN = [AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value]
_HOLDS = [state.value for state in (*AWAITED, HoldState.HELD)]


def unbind(customer_id: UUID, card_id: UUID, *, now: datetime) -> None:
    """Its auto-debits end with it. A card that is removed already stays removed.

    Raises NotFound, CardUnderWay, CardHoldsReserve.
    """
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        card = BoundCard.objects.filter(customer_id=customer_id, id=card_id).first()
        if card is None:
            raise NotFound
        if card.state == CardState.ENDED:
            return
        open_attempt = PaymentAttempt.objects.filter(customer_id=customer_id, card_id=card_id, state__in=_OPEN).first()
        if open_attempt is not None:
            raise CardUnderWay(payment_id=open_attempt.payment_id)
        hold = ReserveHold.objects.filter(customer_id=customer_id, card_id=card_id, state__in=_HOLDS).first()
        if hold is not None:
            raise CardHoldsReserve(hold_id=hold.id)
        BoundCard.objects.filter(customer_id=customer_id, id=card_id).update(state=CardState.ENDED, ended_at=now)
        end_with_card(customer_id, card_id, now=now)
        audit.record(
            f"customer:{customer_id}",
            audit.Action.CARD_REMOVED,
            customer_id=customer_id,
            subject=str(card_id),
            details={"bank": card.bank, "last4": card.last4},
            now=now,
        )
    if _forgotten_at_channel(card, now=now):
        BoundCard.objects.filter(customer_id=customer_id, id=card_id).update(token_encrypted="")


def _forgotten_at_channel(card: BoundCard, *, now: datetime) -> bool:
    """Whether the gateway forgot the token. If it did not, the token is of no use to anybody but us, who keep it."""
    try:
        channel = rail(card.channel)
    except UnknownChannel:
        return False
    assert isinstance(channel, CardChannel)
    reply = channel.unbind(token_of(card), number=new_number("B"), submitted_at=now)
    if reply.outcome is not Outcome.SUCCEEDED:
        _log.warning("card_not_unbound", channel=card.channel, card_id=str(card.id), code=reply.code)
    return reply.outcome is Outcome.SUCCEEDED
