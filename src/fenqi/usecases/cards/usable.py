"""A card that its bank will never let pay again is not offered again; its holder sees why."""

from uuid import UUID

from fenqi.channels.interface import CardChannel, ChannelReply, Reply, ReserveReply, UnknownChannel
from fenqi.records.models import BoundCard, CardState, PaymentAttempt, ReserveHold
from fenqi.usecases.rails import rail


def note(attempt: PaymentAttempt, reply: ChannelReply) -> None:
    """Called with the customer's lock held, in the transaction that settles the attempt."""
    if attempt.card_id is not None:
        _note(attempt.customer_id, attempt.card_id, attempt.channel, reply)


def note_freeze(hold: ReserveHold, reply: ReserveReply) -> None:
    """The same where a reserve was to be held on the card."""
    if hold.card_id is not None:
        _note(hold.customer_id, hold.card_id, hold.channel, reply)


def _note(customer_id: UUID, card_id: UUID, channel_name: str, reply: Reply) -> None:
    try:
        channel = rail(channel_name)
    except UnknownChannel:
        return
    if isinstance(channel, CardChannel) and channel.ends_card(reply):
        cards = BoundCard.objects.filter(customer_id=customer_id, id=card_id, state=CardState.ACTIVE)
        cards.update(state=CardState.UNUSABLE)
