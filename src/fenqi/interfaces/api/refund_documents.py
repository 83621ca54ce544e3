"""Refunds as documents. Amounts are `*_minor` of the `currency` beside them, dates ISO, instants UTC."""

from datetime import date, datetime
from uuid import UUID

from fenqi.interfaces.api.documents import Outgoing
from fenqi.usecases.refunds.queries import LegView, RefundView


class RefundLeg(Outgoing):
    """One part of a refund on one route (original or transfer), under one number that every retry keeps.

    `state`: created, submitted, processing, succeeded, failed, abnormal, unknown, or returned when it had succeeded and
    came back. `holder`: who has the money: mall, channel, receiver, customer or not_known.
    """

    leg_id: UUID
    leg_no: int
    route: str
    channel: str
    out_trade_no: str
    out_refund_no: str
    refund_no: str
    amount_minor: int
    currency: str
    state: str
    holder: str
    code: str
    category: str
    destination: str
    account: str
    submitted_at: datetime | None
    refunded_at: datetime | None
    expected_from: date | None
    expected_by: date | None
    is_estimated: bool
    arrived_on: date | None
    transfer_reference: str
    next_query_at: datetime | None


class Refund(Outgoing):
    """`status`: open, needs_person or completed. `left_minor` has left for the customer, `arrived_minor` is there."""

    refund_id: UUID
    cause: str
    status: str
    amount_minor: int
    currency: str
    left_minor: int
    arrived_minor: int
    latest_on: date | None
    plan_id: UUID | None
    order_id: UUID | None
    payment_id: UUID | None
    title: str
    created_at: datetime
    completed_at: datetime | None
    legs: list[RefundLeg]


class RefundsPage(Outgoing):
    items: list[Refund]
    next_cursor: str | None


def refund(view: RefundView) -> Refund:
    return Refund.of(view, legs=[_leg(leg) for leg in view.legs])


def _leg(view: LegView) -> RefundLeg:
    return RefundLeg.of(view, state=view.state.value, holder=view.holder.value)
