"""A card that its bank will never let pay again is not offered again; its holder sees why."""

from fenqi.channels.interface import CardChannel, ChannelReply, UnknownChannel
from fenqi.records.models import BoundCard, CardState, PaymentAttempt
from fenqi.usecases.rails import rail


def note(attempt: PaymentAttempt, reply: ChannelReply) -> None:
    """Called with the customer's lock held, in the transaction that settles the attempt."""
    if attempt.card_id is None:
        return
    try:
        channel = rail(attempt.channel)
    except UnknownChannel:
        return
    if isinstance(channel, CardChannel) and channel.ends_card(reply):
        BoundCard.objects.filter(customer_id=attempt.customer_id, id=attempt.card_id, state=CardState.ACTIVE).update(
            state=CardState.UNUSABLE
        )
