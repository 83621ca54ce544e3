"""The cards of one customer, as they may be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fenqi.domain.cards import BANKS, OTHER_BANK, Bank, CardKind
from fenqi.domain.errors import NotFound
from fenqi.records.models import BoundCard, CardState


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A bound card without anything that could be used to pay."""

    card_id: UUID
    channel: str
    bank: Bank
    kind: CardKind
    last4: str
    holder_masked: str
    phone_masked: str
    state: CardState
    bound_at: datetime

    @property
    def is_usable(self) -> bool:
        return self.state is CardState.ACTIVE


def list_cards(customer_id: UUID) -> tuple[CardView, ...]:
    """Those that are not removed, the newest first; a card that its bank refuses stays in sight."""
    cards = BoundCard.objects.filter(customer_id=customer_id).exclude(state=CardState.ENDED)
    return tuple(map(view, cards.order_by("-bound_at", "id")))


def card_view(customer_id: UUID, card_id: UUID) -> CardView:
    """Removed ones, too: what was paid with them is still told by their name. Raises NotFound."""
    card = BoundCard.objects.filter(customer_id=customer_id, id=card_id).first()
    if card is None:
        raise NotFound
    return view(card)


def cards_by_id(customer_id: UUID, card_ids: Iterable[UUID]) -> Mapping[UUID, CardView]:
    """Those that the customer has, removed ones, too."""
    ids = list(card_ids)
    found = BoundCard.objects.filter(customer_id=customer_id, id__in=ids) if ids else ()
    return {card.id: view(card) for card in found}


def view(card: BoundCard) -> CardView:
    return CardView(
        card_id=card.id,
        channel=card.channel,
        bank=BANKS.get(card.bank, OTHER_BANK),
        kind=CardKind(card.kind),
        last4=card.last4,
        holder_masked=card.holder_masked,
        phone_masked=card.phone_masked,
        state=CardState(card.state),
        bound_at=card.bound_at,
    )
