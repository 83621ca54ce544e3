"""The money map of an order, from what is on record. A fixed number of statements, however much has happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.money_map import (
    BANK,
    CUSTOMER,
    MALL,
    RESERVE,
    Holder,
    Movement,
    Party,
    Position,
    Why,
    positions,
    through,
)
from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.refunds import SPENT, RefundState
from fenqi.domain.plans import EventKind
from fenqi.domain.reserves import MoveKind, MoveState
from fenqi.records.models import (
    AttemptMethod,
    ChannelBill,
    Order,
    OrderPayment,
    PartnerPlan,
    PartnerRefund,
    PassedRepayment,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    Plan,
    PlanEvent,
    Refund,
    RefundLeg,
    RefundRoute,
    ReserveHold,
    ReserveMove,
)
from fenqi.usecases import clock

_AT_THE_CHANNEL = frozenset({RefundState.PROCESSING, RefundState.ABNORMAL})
_NOT_KNOWN = frozenset({AttemptState.UNKNOWN.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMap:
    """`positions` sum to zero. `movements` the newest first.

    `owed_minor`: what the customer still owes on the plan, to `owed_to`; `owed_back_minor`: what the mall owes the
    customer and has not sent yet; `unknown_minor`: payments whose outcome nobody knows; `yours_at_lender_minor`: what
    of the lender's money is the customer's balance there.
    """

    order_id: UUID
    order_no: str
    currency: str
    positions: tuple[Position, ...]
    movements: tuple[Movement, ...]
    owed_minor: int
    owed_to: Party
    owed_back_minor: int
    unknown_minor: int
    yours_at_lender_minor: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What is on record about one order."""

    order: Order
    plan: Plan | None
    attempts: Sequence[PaymentAttempt]
    legs: Sequence[tuple[Refund, RefundLeg]]
    holds: Sequence[ReserveHold]
    moves: Sequence[ReserveMove]
    lenders: Sequence[PartnerPlan]
    lender_refunds: Sequence[PartnerRefund]


def money_map(customer_id: UUID, order_id: UUID) -> MoneyMap:
    """Raises NotFound, of another customer's order too."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    found = _find(customer_id, order)
    movements = sorted(_movements(customer_id, found), key=lambda one: one.at)
    holds_now = next((lender for lender in found.lenders if lender.released_at is None), None)
    owed_to = Party(Holder.LENDER, holds_now.provider) if holds_now else MALL
    return MoneyMap(
        order_id=order.id,
        order_no=order.order_no,
        currency=order.currency,
        positions=positions(movements),
        movements=tuple(reversed(movements)),
        owed_minor=found.plan.outstanding_minor if found.plan else 0,
        owed_to=owed_to,
        owed_back_minor=_owed_back(found),
        unknown_minor=sum(attempt.amount_minor for attempt in found.attempts if attempt.state in _NOT_KNOWN),
        yours_at_lender_minor=sum(
            refund.surplus_minor for refund in found.lender_refunds if refund.state == RefundState.SUCCEEDED
        ),
    )


def _find(customer_id: UUID, order: Order) -> _Found:
    plan = Plan.objects.filter(customer_id=customer_id, order_id=order.id).first()
    holds = list(ReserveHold.objects.filter(customer_id=customer_id, order_id=order.id))
    moves = list(ReserveMove.objects.filter(customer_id=customer_id, hold_id__in=[hold.id for hold in holds]))
    payments = set(
        Payment.objects.filter(customer_id=customer_id, plan_id=plan.id).values_list("id", flat=True) if plan else ()
    )
    payments |= {hold.payment_id for hold in holds if hold.payment_id}
    refunds = {refund.id: refund for refund in _refunds(customer_id, order.id, plan)}
    refunds |= {
        refund.id: refund
        for refund in Refund.objects.filter(
            customer_id=customer_id, id__in=[move.refund_id for move in moves if move.refund_id]
        )
    }
    legs = RefundLeg.objects.filter(customer_id=customer_id, refund_id__in=list(refunds))
    return _Found(
        order=order,
        plan=plan,
        attempts=list(PaymentAttempt.objects.filter(customer_id=customer_id, payment_id__in=list(payments))),
        legs=[(refunds[leg.refund_id], leg) for leg in legs],
        holds=holds,
        moves=moves,
        lenders=list(PartnerPlan.objects.filter(customer_id=customer_id, plan_id=plan.id).order_by("created_at", "id"))
        if plan
        else (),
        lender_refunds=list(PartnerRefund.objects.filter(customer_id=customer_id, order_id=order.id)),
    )


def _refunds(customer_id: UUID, order_id: UUID, plan: Plan | None) -> Iterator[Refund]:
    yield from Refund.objects.filter(customer_id=customer_id, order_id=order_id)
    if plan is not None:
        yield from Refund.objects.filter(customer_id=customer_id, plan_id=plan.id)


def _movements(customer_id: UUID, found: _Found) -> Iterator[Movement]:
    yield from _at_ordering(customer_id, found.order)
    yield from _over_channels(found)
    if found.plan is not None:
        yield from _received(customer_id, found.plan)
    yield from _back(found)
    yield from _frozen(found)
    for lender in found.lenders:
        yield from _lent(found, lender)
    if found.lenders:
        yield from _at_lenders(customer_id, found)


def _at_ordering(customer_id: UUID, order: Order) -> Iterator[Movement]:
    for payment in OrderPayment.objects.filter(customer_id=customer_id, order_id=order.id, financed=False):
        if payment.amount_minor:
            yield Movement(
                source=CUSTOMER,
                target=MALL,
                amount=payment.amount_minor,
                why=Why.ORDERING,
                at=order.placed_at,
                number=order.order_no,
            )


def _over_channels(found: _Found) -> Iterator[Movement]:
    """What succeeded: with the channel until its day is paid out. A prepaid reserve stays one."""
    prepaid = {hold.payment_id for hold in found.holds if hold.payment_id}
    paid = [
        attempt
        for attempt in found.attempts
        if attempt.state == AttemptState.SUCCEEDED and attempt.method != AttemptMethod.RESERVE
    ]
    settled = _paid_out({(attempt.channel, _day(attempt)) for attempt in paid})
    for attempt in paid:
        channel, at = Party(Holder.CHANNEL, attempt.channel), attempt.paid_at or attempt.created_at
        end = RESERVE if attempt.payment_id in prepaid else MALL
        is_settled = (attempt.channel, _day(attempt)) in settled
        way = (CUSTOMER, channel, end) if is_settled or end is RESERVE else (CUSTOMER, channel)
        why = (Why.HELD if end is RESERVE else Why.REPAYMENT, Why.SETTLED)
        yield from through(way, amount=attempt.amount_minor, why=why, at=at, number=attempt.out_trade_no)


def _paid_out(days: set[tuple[str, date]]) -> set[tuple[str, date]]:
    """Which of these days their channels have paid out."""
    if not days:
        return set()
    bills = ChannelBill.objects.filter(
        channel__in={channel for channel, _ in days}, bill_date__in={day for _, day in days}, matched_at__isnull=False
    )
    return set(bills.values_list("channel", "bill_date")) & days


def _day(attempt: PaymentAttempt) -> date:
    return clock.business_date(attempt.paid_at or attempt.created_at)


def _received(customer_id: UUID, plan: Plan) -> Iterator[Movement]:
    """What the mall received outside the rails."""
    recorded = Payment.objects.filter(
        customer_id=customer_id,
        plan_id=plan.id,
        state=PaymentState.SUCCEEDED,
        purpose=PaymentPurpose.RECORDED,
    )
    for payment in recorded:
        at = payment.succeeded_at or payment.created_at
        yield Movement(source=CUSTOMER, target=MALL, amount=payment.amount_minor, why=Why.REPAYMENT, at=at)


def _back(found: _Found) -> Iterator[Movement]:
    """Money on its way back, leg by leg: what was only asked for is still with whoever had it."""
    from_reserve = {move.refund_id for move in found.moves if move.refund_id}
    for refund, leg in found.legs:
        state = RefundState(leg.state)
        if state is not RefundState.SUCCEEDED and state not in _AT_THE_CHANNEL:
            continue
        by = BANK if leg.route == RefundRoute.TRANSFER else Party(Holder.CHANNEL, leg.channel)
        start = RESERVE if refund.id in from_reserve else MALL
        number = leg.refund_no or leg.transfer_reference or leg.out_refund_no
        at = leg.refunded_at or leg.submitted_at or leg.updated_at
        yield Movement(source=start, target=by, amount=leg.amount_minor, why=Why.REFUND, at=at, number=number)
        if leg.arrived_on is not None:
            yield Movement(
                source=by,
                target=CUSTOMER,
                amount=leg.amount_minor,
                why=Why.ARRIVED,
                at=max(at, _noon(leg.arrived_on)),
                number=number,
            )


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=clock.mall_zone())


def _frozen(found: _Found) -> Iterator[Movement]:
    """A frozen reserve: held at the customer's own account, released, or captured for the mall."""
    for hold in found.holds:
        if hold.frozen_minor and hold.payment_id is None and hold.held_at is not None:
            yield Movement(
                source=CUSTOMER,
                target=RESERVE,
                amount=hold.frozen_minor,
                why=Why.HELD,
                at=hold.held_at,
                number=hold.auth_no or hold.reserve_no,
            )
    frozen = {hold.id: hold for hold in found.holds if hold.payment_id is None}
    for move in found.moves:
        if move.hold_id in frozen and move.state == MoveState.DONE:
            is_capture = move.kind == MoveKind.CAPTURE
            yield Movement(
                source=RESERVE,
                target=MALL if is_capture else CUSTOMER,
                amount=move.amount_minor,
                why=Why.CAPTURED if is_capture else Why.RELEASED,
                at=move.done_at or move.updated_at,
                number=move.number,
            )


def _lent(found: _Found, lender: PartnerPlan) -> Iterator[Movement]:
    """What a holder of the plan paid for it, and was paid when it gave it up."""
    party = Party(Holder.LENDER, lender.provider)
    yield Movement(
        source=party,
        target=MALL,
        amount=lender.amount_minor - lender.commission_minor - lender.subsidy_minor,
        why=Why.PLAN_MOVED if lender.taken_over_at else Why.LENDER_PAID,
        at=lender.taken_over_at or found.order.placed_at,
        number=lender.plan_no,
    )
    if lender.paid_back_minor:
        yield Movement(
            source=MALL,
            target=party,
            amount=lender.paid_back_minor,
            why=Why.PLAN_MOVED,
            at=lender.released_at or lender.created_at,
            number=lender.plan_no,
        )


def _at_lenders(customer_id: UUID, found: _Found) -> Iterator[Movement]:
    """What the customer repaid at lenders, what was passed on to them, and what they took back."""
    numbers = {lender.provider: lender.plan_no for lender in found.lenders}
    events = PlanEvent.objects.filter(
        customer_id=customer_id,
        plan_id=found.lenders[0].plan_id,
        kind=EventKind.REPAYMENT.value,
        payment_id__isnull=True,
    )
    for event in events:
        provider = event.actor.removeprefix("partner:")
        provider = provider if provider in numbers else found.lenders[0].provider
        yield Movement(
            source=CUSTOMER,
            target=Party(Holder.LENDER, provider),
            amount=event.amount_minor or 0,
            why=Why.REPAYMENT,
            at=_noon(event.effective_on),
            number=numbers[provider],
        )
    passed = PassedRepayment.objects.filter(customer_id=customer_id, plan_id=found.lenders[0].plan_id, state="passed")
    for one in passed:
        yield Movement(
            source=MALL,
            target=Party(Holder.LENDER, one.provider),
            amount=one.amount_minor,
            why=Why.PLAN_MOVED,
            at=one.settled_at or one.created_at,
            number=one.number,
        )
    for refund in found.lender_refunds:
        if refund.state == RefundState.SUCCEEDED:
            yield Movement(
                source=MALL,
                target=Party(Holder.LENDER, refund.provider),
                amount=refund.amount_minor - refund.commission_back_minor - refund.subsidy_back_minor,
                why=Why.LENDER_REFUND,
                at=refund.accepted_at or refund.updated_at,
                number=refund.number,
            )


def _owed_back(found: _Found) -> int:
    """What is owed to the customer, and has not left."""
    waiting = frozenset(RefundState) - SPENT - _AT_THE_CHANNEL - {RefundState.SUCCEEDED}
    return sum(leg.amount_minor for _, leg in found.legs if RefundState(leg.state) in waiting)
