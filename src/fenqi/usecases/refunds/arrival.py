"""How long the money is on its way, by where it goes (P203)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fenqi.channels.interface import RefundDestination, RefundReply
from fenqi.domain.payments.arrival import ArrivalRoute, arrival_window
from fenqi.records.models import BoundCard, PaymentAttempt, RefundLeg, RefundRoute
from fenqi.usecases import clock

_BY_CHANNEL: Mapping[tuple[str, str], ArrivalRoute] = {
    ("alipay", "balance"): ArrivalRoute.ALIPAY_BALANCE,
    ("alipay", "original"): ArrivalRoute.ALIPAY,
    ("wechat_pay", "balance"): ArrivalRoute.WECHAT_BALANCE,
    ("wechat_pay", "original"): ArrivalRoute.WECHAT,
    ("bank_card", "original"): ArrivalRoute.DEBIT_CARD,
}


def arrival_columns(leg: RefundLeg, told: RefundReply, *, now: datetime) -> dict[str, Any]:
    """The columns that say when money that has left arrives; a wallet at the channel has it at once."""
    refunded_at = told.refunded_at or leg.refunded_at or now
    sent_on = clock.business_date(refunded_at)
    destination = told.destination.value if told.destination else leg.destination
    expected_on = clock.business_date(told.expected_at) if told.expected_at else None
    window = arrival_window(route_of(leg, destination), sent_on, expected_on=expected_on)
    return {
        "refunded_at": refunded_at,
        "expected_from": window.from_on,
        "expected_by": window.by_on,
        "arrived_on": sent_on if destination == RefundDestination.BALANCE else leg.arrived_on,
    }


def route_of(leg: RefundLeg, destination: str) -> ArrivalRoute:
    """What receives it; without the channel's word it is what paid."""
    if leg.route == RefundRoute.TRANSFER:
        return ArrivalRoute.TRANSFER
    route = route_back(leg.channel, destination)
    if route is ArrivalRoute.DEBIT_CARD and _was_paid_by_credit_card(leg):
        return ArrivalRoute.CREDIT_CARD
    return route


def route_back(channel: str, destination: str = "", *, by_credit_card: bool = False) -> ArrivalRoute:
    """What receives money that goes back over a channel, as far as is known before it leaves."""
    route = _BY_CHANNEL.get((channel, destination or "original"), ArrivalRoute.OTHER)
    return ArrivalRoute.CREDIT_CARD if by_credit_card and route is ArrivalRoute.DEBIT_CARD else route


def _was_paid_by_credit_card(leg: RefundLeg) -> bool:
    attempts = PaymentAttempt.objects.filter(customer_id=leg.customer_id, id__in=[leg.attempt_id])
    cards = BoundCard.objects.filter(
        customer_id=leg.customer_id, id__in=list(attempts.values_list("card_id", flat=True)), kind="credit"
    )
    return cards.exists()
