"""Reserves as documents. Amounts are `*_minor` of the `currency` beside them, dates ISO, instants UTC."""

from datetime import date, datetime
from uuid import UUID

from fenqi.interfaces.api.documents import Outgoing
from fenqi.usecases.reserves.queries import MoveView, ReserveView


class ReserveMove(Outgoing):
    """One release, capture or expiry. `state`: proposed, announced, created, sent, unknown, done, failed, withdrawn."""

    move_id: UUID
    move_no: int
    kind: str
    number: str
    amount_minor: int
    currency: str
    state: str
    why: str
    refund_id: UUID | None
    created_at: datetime
    submitted_at: datetime | None
    done_at: datetime | None
    expected_by: date | None
    confirmed_at: datetime | None


class Reserve(Outgoing):
    """A sum held as security. Always: frozen = released + captured + held.

    `state`: wanted (the customer has not agreed), offered, unknown, held, ended (nothing is left) or closed (nothing
    was ever held). `waits_for`: why it does not go back yet. `card_last4`: of the bound card that it is held on; such a
    reserve is given back whole, or captured once.
    """

    hold_id: UUID
    order_no: str
    plan_id: UUID | None
    kind: str
    reserve_no: str
    auth_no: str
    channel: str
    card_last4: str
    currency: str
    amount_minor: int
    state: str
    release_rule: str
    may_advance: bool
    is_credit: bool
    frozen_minor: int
    released_minor: int
    captured_minor: int
    held_minor: int
    consented_at: datetime | None
    held_at: datetime | None
    holds_until: date | None
    ended_at: datetime | None
    waits_for: str
    moves: list[ReserveMove]


class Reserves(Outgoing):
    items: list[Reserve]


def reserve(view: ReserveView) -> Reserve:
    return Reserve(
        hold_id=view.hold_id,
        order_no=view.order_no,
        plan_id=view.plan_id,
        kind=view.kind.value,
        reserve_no=view.reserve_no,
        auth_no=view.auth_no,
        channel=view.channel,
        card_last4=view.card.last4 if view.card else "",
        currency=view.currency,
        amount_minor=view.amount_minor,
        state=view.state.value,
        release_rule=view.release_rule.value,
        may_advance=view.may_advance,
        is_credit=view.is_credit,
        frozen_minor=view.frozen_minor,
        released_minor=view.released_minor,
        captured_minor=view.captured_minor,
        held_minor=view.held_minor,
        consented_at=view.consented_at,
        held_at=view.held_at,
        holds_until=view.holds_until,
        ended_at=view.ended_at,
        waits_for=view.waits_for.value if view.waits_for else "",
        moves=[_move(move) for move in view.moves],
    )


def _move(view: MoveView) -> ReserveMove:
    return ReserveMove(
        move_id=view.move_id,
        move_no=view.move_no,
        kind=view.kind.value,
        number=view.number,
        amount_minor=view.amount_minor,
        currency=view.currency,
        state=view.state.value,
        why=view.why.value if view.why else "",
        refund_id=view.refund.refund_id if view.refund else None,
        created_at=view.created_at,
        submitted_at=view.submitted_at,
        done_at=view.done_at,
        expected_by=view.expected_by,
        confirmed_at=view.confirmed_at,
    )
