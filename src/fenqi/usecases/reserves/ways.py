"""Where a sum can be frozen: at a channel whose code the customer scans, or on a card that the customer has bound."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from fenqi.channels.interface import CardReserveChannel, ReserveChannel
from fenqi.domain.reserves import HoldKind, HoldState, ReleaseRule
from fenqi.domain.reserves.expiry import LONGEST
from fenqi.records.models import ReserveHold
from fenqi.usecases.cards.queries import CardView, list_cards
from fenqi.usecases.rails import rail, rails
from fenqi.usecases.repayment.methods import MethodKey, MethodUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveWay:
    channel: str
    card: CardView | None = None

    @property
    def key(self) -> MethodKey:
        return MethodKey(self.channel, self.card.card_id if self.card else None)


def ways_of(hold: ReserveHold) -> tuple[ReserveWay, ...]:
    """All that the customer may choose from, in the order in which the rails are offered; empty once one was chosen.

    A share of the goods cannot be given back of a hold on a card: where the customer was promised one, none is offered.
    """
    if hold.kind != HoldKind.FROZEN or hold.state != HoldState.WANTED:
        return ()
    return tuple(_ways_of(hold))


def offers_cards(hold: ReserveHold) -> bool:
    """Whether a card could hold it, if the customer binds one."""
    return any(isinstance(one, CardReserveChannel) and _carries(one, hold) for one in rails())


def chosen_way(hold: ReserveHold, key: MethodKey | None) -> ReserveWay | None:
    """The way of that key; without one, the channel that the mall asked for. None while it takes a card to be chosen.

    Raises MethodUnavailable for a key that cannot be chosen.
    """
    ways = ways_of(hold)
    if key is not None:
        found = next((way for way in ways if way.key == key), None)
        if found is None:
            raise MethodUnavailable(reason="unknown")
        return found
    return next((way for way in ways if way.channel == hold.channel), None)


def term_of(hold: ReserveHold) -> timedelta:
    """For how long its channel keeps it at most."""
    channel = rail(hold.channel)
    return timedelta(days=channel.hold_days) if isinstance(channel, CardReserveChannel) else LONGEST


def _ways_of(hold: ReserveHold) -> Iterator[ReserveWay]:
    cards = [card for card in list_cards(hold.customer_id) if card.is_usable]
    for one in rails():
        if not (isinstance(one, ReserveChannel) and _carries(one, hold)):
            continue
        if isinstance(one, CardReserveChannel):
            yield from (ReserveWay(channel=one.name, card=card) for card in cards if card.channel == one.name)
        else:
            yield ReserveWay(channel=one.name)


def _carries(channel: ReserveChannel, hold: ReserveHold) -> bool:
    in_parts = hold.release_rule == ReleaseRule.IN_PROPORTION
    return hold.currency in channel.currencies and not (in_parts and isinstance(channel, CardReserveChannel))
