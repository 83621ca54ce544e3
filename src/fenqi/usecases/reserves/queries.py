"""Reading reserves: for the customer whose money is held, for staff, and for whoever works out what comes back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from fenqi.domain.errors import NotFound
from fenqi.domain.reserves import (
    LIVE,
    RECALLABLE,
    UNDER_WAY,
    HoldKind,
    HoldState,
    MoveKind,
    MoveState,
    Obligations,
    ReleaseRule,
    Sums,
    Why,
    due_release,
    is_expiring,
)
from fenqi.domain.reserves.expiry import WARNED_BEFORE
from fenqi.records.models import Customer, Order, OrderLine, ReserveHold, ReserveMove
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.cards.queries import CardView, cards_by_id
from fenqi.usecases.refunds.queries import RefundView, refunds_by_id
from fenqi.usecases.reserves.release import due_now, obligations_of
from fenqi.usecases.reserves.rows import sums_of

LATE_AFTER = timedelta(days=1)
"""A channel unfreezes at once; after a day without its word a person looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """One release, capture or expiry. `refund` is what gives a prepaid reserve back, and says where it is."""

    move_id: UUID
    move_no: int
    kind: MoveKind
    number: str
    amount_minor: int
    currency: str
    state: MoveState
    why: Why | None
    note: str
    attempt_id: UUID | None
    refund: RefundView | None
    settled_at: datetime | None
    code: str
    asked: int
    next_query_at: datetime | None
    not_before: datetime | None
    created_at: datetime
    submitted_at: datetime | None
    done_at: datetime | None
    expected_by: date | None
    confirmed_at: datetime | None
    proposed_by: str
    approved_by: str
    is_late: bool

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def is_recallable(self) -> bool:
        """A capture that can still be called off."""
        return self.kind is MoveKind.CAPTURE and self.state in RECALLABLE

    @property
    def waits_for_approval(self) -> bool:
        return self.state is MoveState.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveView:
    """All a page shows of a reserve. Always: frozen = released + captured + held (P303)."""

    hold_id: UUID
    customer_id: UUID
    order_id: UUID
    order_no: str
    plan_id: UUID | None
    title: str
    kind: HoldKind
    reserve_no: str
    auth_no: str
    channel: str
    card: CardView | None
    """The bound card that it is held on, or was."""
    currency: str
    amount_minor: int
    state: HoldState
    release_rule: ReleaseRule
    may_advance: bool
    is_credit: bool
    consented_at: datetime | None
    agreed_version: str
    agreed_words: tuple[str, ...]
    """What the customer agreed to, as it was read; empty before."""
    payment_id: UUID | None
    frozen_minor: int
    released_minor: int
    captured_minor: int
    free_minor: int
    alert: str
    code: str
    category: str
    scan_code: str
    expires_at: datetime | None
    held_at: datetime | None
    holds_until: date | None
    is_expiring: bool
    ended_at: datetime | None
    created_at: datetime
    updated_at: datetime
    waits_for: Why | None
    """Why it does not go back yet; None when it does, or holds nothing."""
    moves: tuple[MoveView, ...]

    @property
    def held_minor(self) -> int:
        return self.frozen_minor - self.released_minor - self.captured_minor

    @property
    def is_prepaid(self) -> bool:
        return self.kind is HoldKind.PREPAID

    @property
    def is_whole(self) -> bool:
        """On a card: it is given back whole, or taken once."""
        return self.card is not None

    @property
    def is_releasable(self) -> bool:
        """Something of it can be given back now."""
        return self.free_minor > 0 and (not self.is_whole or self.free_minor == self.held_minor)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def needs_a_look(self) -> bool:
        """Its channel contradicts us, or it expires soon."""
        return bool(self.alert) or self.is_expiring

    @property
    def number(self) -> str:
        """What to quote when asking about it."""
        return self.auth_no or self.reserve_no


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRelease:
    """What a refund of an order means for its reserve: `amount_minor` comes back after it, zero with the reason."""

    hold_id: UUID
    reserve_no: str
    kind: HoldKind
    channel: str
    amount_minor: int
    held_minor: int
    currency: str
    why: Why
    rule: ReleaseRule


def reserve_view(customer_id: UUID, hold_id: UUID, *, now: datetime) -> ReserveView:
    """Raises NotFound."""
    found = _views(customer_id, ReserveHold.objects.filter(customer_id=customer_id, id=hold_id), now=now)
    if not found:
        raise NotFound
    return found[0]


def reserves_of(customer_id: UUID, *, order_id: UUID | None = None, now: datetime) -> tuple[ReserveView, ...]:
    """Newest first; those of one order, or all."""
    holds = ReserveHold.objects.filter(customer_id=customer_id)
    if order_id is not None:
        holds = holds.filter(order_id=order_id)
    return _views(customer_id, holds.order_by("-created_at", "id"), now=now)


def reserve_of_payment(customer_id: UUID, payment_id: UUID) -> UUID | None:
    """The reserve that a payment is for; None for a repayment."""
    holds = ReserveHold.objects.filter(customer_id=customer_id, payment_id=payment_id)
    return holds.values_list("id", flat=True).first()


def would_be_released(
    customer_id: UUID, order_id: UUID, *, settles_plan: bool = True, returned_minor: int = 0
) -> tuple[ReserveRelease, ...]:
    """What of the order's reserve would come back once a refund of it is final; empty without a reserve (R070).

    `settles_plan`: nothing of the plan is outstanding after the refund. `returned_minor`: what the refund takes off the
    plan, for a reserve that is released in proportion.
    """
    holds = ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id, state=HoldState.HELD)
    return tuple(
        _after_refund(hold, settles_plan=settles_plan, returned=returned_minor)
        for hold in holds.order_by("created_at", "id")
    )


def _after_refund(hold: ReserveHold, *, settles_plan: bool, returned: int) -> ReserveRelease:
    owed, sums, rule = obligations_of(hold), sums_of(hold), ReleaseRule(hold.release_rule)
    then = Obligations(
        has_plan=owed.has_plan,
        is_settled=owed.is_settled or settles_plan,
        financed=owed.financed,
        returned=owed.returned + returned,
        refund_was_final=True,
    )
    due = due_release(sums, rule, then, is_whole=hold.card_id is not None)
    return ReserveRelease(
        hold_id=hold.id,
        reserve_no=hold.reserve_no,
        kind=HoldKind(hold.kind),
        channel=hold.channel,
        amount_minor=due.amount,
        held_minor=sums.held,
        currency=hold.currency,
        why=due.why,
        rule=rule,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReserve:
    """A reserve that staff should look at, whose it is, and why."""

    reserve: ReserveView
    customer_ref: str
    is_late: bool
    needs_approval: bool


def reserves_to_look_at(*, now: datetime, limit: int = 100) -> tuple[WaitingReserve, ...]:
    """Over all customers: late releases, holds that expire soon, captures to approve, and what channels contradict."""
    today = clock.business_date(now)
    with across_customers():
        moves = ReserveMove.objects.filter(_late(now) | Q(state=MoveState.PROPOSED)).order_by("created_at", "id")
        holds = ReserveHold.objects.filter(
            ~Q(alert="") | Q(state=HoldState.HELD, holds_until__lte=today + WARNED_BEFORE)
        ).order_by("holds_until", "id")
        keys = dict.fromkeys([*moves.values_list("customer_id", "hold_id")[:limit]])
        keys |= dict.fromkeys([*holds.values_list("customer_id", "id")[:limit]])
    refs = dict(Customer.objects.filter(id__in=[key[0] for key in keys]).values_list("id", "ref"))
    waiting = (_waiting(reserve_view(*key, now=now), refs[key[0]]) for key in list(keys)[:limit])
    return tuple(one for one in waiting if one.is_late or one.needs_approval or one.reserve.needs_a_look)


def _waiting(view: ReserveView, ref: str) -> WaitingReserve:
    return WaitingReserve(
        reserve=view,
        customer_ref=ref,
        is_late=any(move.is_late for move in view.moves),
        needs_approval=any(move.waits_for_approval for move in view.moves),
    )


def _late(now: datetime) -> Q:
    """A release of a frozen reserve that the channel has not shown a day after it was due to."""
    return Q(
        kind=MoveKind.RELEASE,
        refund_id=None,
        confirmed_at=None,
        state__in=[MoveState.CREATED, MoveState.SENT, MoveState.UNKNOWN, MoveState.DONE],
        created_at__lt=now - LATE_AFTER,
    )


def _views(customer_id: UUID, holds: QuerySet[ReserveHold], *, now: datetime) -> tuple[ReserveView, ...]:
    found = list(holds)
    moves: dict[UUID, list[ReserveMove]] = defaultdict(list)
    rows = ReserveMove.objects.filter(customer_id=customer_id, hold_id__in=[hold.id for hold in found])
    for move in rows.order_by("hold_id", "move_no"):
        moves[move.hold_id].append(move)
    order_ids = [hold.order_id for hold in found]
    beside = _Beside(
        numbers=dict(Order.objects.filter(customer_id=customer_id, id__in=order_ids).values_list("id", "order_no")),
        titles=_titles(customer_id, order_ids),
        cards=cards_by_id(customer_id, {hold.card_id for hold in found if hold.card_id}),
        refunds=refunds_by_id(
            customer_id, {move.refund_id for of_hold in moves.values() for move in of_hold if move.refund_id}
        ),
    )
    return tuple(_view(hold, moves[hold.id], beside, now=now) for hold in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What is told of reserves beside their own rows: number and title by order, cards, refunds."""

    numbers: Mapping[UUID, str]
    titles: Mapping[UUID, str]
    cards: Mapping[UUID, CardView]
    refunds: Mapping[UUID, RefundView]


def _titles(customer_id: UUID, order_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id__in=list(order_ids), line_no=1)
    return dict(lines.values_list("order_id", "name"))


def _view(hold: ReserveHold, moves: list[ReserveMove], beside: _Beside, *, now: datetime) -> ReserveView:
    today = clock.business_date(now)
    is_held = hold.state == HoldState.HELD
    sums = _sums(hold, moves)
    due = due_now(hold, sums) if is_held else None
    return ReserveView(
        hold_id=hold.id,
        customer_id=hold.customer_id,
        order_id=hold.order_id,
        order_no=beside.numbers.get(hold.order_id, ""),
        plan_id=hold.plan_id,
        title=beside.titles.get(hold.order_id, ""),
        kind=HoldKind(hold.kind),
        reserve_no=hold.reserve_no,
        auth_no=hold.auth_no,
        channel=hold.channel,
        card=beside.cards[hold.card_id] if hold.card_id else None,
        currency=hold.currency,
        amount_minor=hold.amount_minor,
        state=HoldState(hold.state),
        release_rule=ReleaseRule(hold.release_rule),
        may_advance=hold.may_advance,
        is_credit=hold.is_credit,
        consented_at=hold.consented_at,
        agreed_version=hold.consent.get("version", ""),
        agreed_words=tuple(hold.consent.get("text", ())),
        payment_id=hold.payment_id,
        frozen_minor=hold.frozen_minor,
        released_minor=hold.released_minor,
        captured_minor=hold.captured_minor,
        free_minor=sums.free,
        alert=hold.alert,
        code=hold.code,
        category=hold.category,
        scan_code=hold.scan_code,
        expires_at=hold.expires_at,
        held_at=hold.held_at,
        holds_until=hold.holds_until,
        is_expiring=is_held and hold.holds_until is not None and is_expiring(hold.holds_until, today=today),
        ended_at=hold.ended_at,
        created_at=hold.created_at,
        updated_at=hold.updated_at,
        waits_for=due.why if due and not due.amount else None,
        moves=tuple(_move_view(move, beside, is_held=is_held, now=now) for move in moves),
    )


def _sums(hold: ReserveHold, moves: Iterable[ReserveMove]) -> Sums:
    return Sums(
        frozen=hold.frozen_minor,
        released=hold.released_minor,
        captured=hold.captured_minor,
        promised=sum(move.amount_minor for move in moves if MoveState(move.state) in UNDER_WAY),
    )


def _move_view(move: ReserveMove, beside: _Beside, *, is_held: bool, now: datetime) -> MoveView:
    return MoveView(
        move_id=move.id,
        move_no=move.move_no,
        kind=MoveKind(move.kind),
        number=move.number,
        amount_minor=move.amount_minor,
        currency=move.currency,
        state=MoveState(move.state),
        why=Why(move.why) if move.why else None,
        note=move.note,
        attempt_id=move.attempt_id,
        refund=beside.refunds[move.refund_id] if move.refund_id else None,
        settled_at=move.settled_at,
        code=move.code,
        asked=move.asked,
        next_query_at=move.next_query_at,
        not_before=move.not_before,
        created_at=move.created_at,
        submitted_at=move.submitted_at,
        done_at=move.done_at,
        expected_by=move.expected_by,
        confirmed_at=move.confirmed_at,
        proposed_by=move.proposed_by,
        approved_by=move.approved_by,
        is_late=_is_late(move, is_held=is_held, now=now),
    )


def _is_late(move: ReserveMove, *, is_held: bool, now: datetime) -> bool:
    if move.kind != MoveKind.RELEASE or move.refund_id:
        return False
    if move.state == MoveState.FAILED:
        return is_held
    return move.confirmed_at is None and move.created_at < now - LATE_AFTER
