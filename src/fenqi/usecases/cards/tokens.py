"""The token of a card: read only where the card is debited or unbound."""

from fenqi.records import personal
from fenqi.records.models import BoundCard


def token_of(card: BoundCard) -> str:
    return personal.decrypt(card.token_encrypted.encode())
