"""Everything on record about one order. A fixed number of statements, however much has happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from fenqi.domain.errors import NotFound
from fenqi.domain.plans import EventKind
from fenqi.records.models import (
    AftersalesCase,
    BoundCard,
    CaseStep,
    JournalEntry,
    Order,
    OrderLine,
    PartnerRefund,
    Payment,
    PaymentAttempt,
    Plan,
    PlanEvent,
    Refund,
    RefundLeg,
    ReserveHold,
    ReserveMove,
)
from fenqi.usecases.cards import queries as cards
from fenqi.usecases.cards.queries import CardView

_TAKES_BACK = (EventKind.REVERSAL, EventKind.CHARGEBACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecords:
    """One order's rows by table; entries oldest first."""

    order: Order
    plan: Plan | None
    lines: tuple[OrderLine, ...]
    payments: Mapping[UUID, Payment]
    attempts: tuple[PaymentAttempt, ...]
    refunds: Mapping[UUID, Refund]
    legs: tuple[RefundLeg, ...]
    lender_refunds: tuple[PartnerRefund, ...]
    holds: Mapping[UUID, ReserveHold]
    moves: tuple[ReserveMove, ...]
    cases: Mapping[UUID, AftersalesCase]
    steps: tuple[CaseStep, ...]  # of all cases, oldest first
    entries: tuple[JournalEntry, ...]
    cards: Mapping[UUID, CardView]
    undone: Mapping[UUID, int]  # event to the entry that took it back, in part or in full


def read_records(customer_id: UUID, order_id: UUID) -> OrderRecords:
    """Raises NotFound, of another customer's order too."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    plan = Plan.objects.filter(customer_id=customer_id, order_id=order_id).first()
    holds = {hold.id: hold for hold in ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id)}
    moves = tuple(ReserveMove.objects.filter(customer_id=customer_id, hold_id__in=list(holds)).order_by("created_at"))
    prepaid = [hold.payment_id for hold in holds.values() if hold.payment_id]
    of_this = Q(order_id=order_id) | Q(plan_id=plan.id) if plan else Q(order_id=order_id)
    payments = Payment.objects.filter(
        Q(id__in=prepaid) | (Q(plan_id=plan.id) if plan else Q(id__in=())), customer_id=customer_id
    )
    by_payment = {payment.id: payment for payment in payments.order_by("created_at", "id")}
    attempts = PaymentAttempt.objects.filter(customer_id=customer_id, payment_id__in=list(by_payment))
    cases = AftersalesCase.objects.filter(customer_id=customer_id, order_id=order_id).order_by("created_at", "id")
    by_case = {case.id: case for case in cases}
    steps = CaseStep.objects.filter(customer_id=customer_id, case_id__in=list(by_case)).order_by("at", "seq")
    given_back = [move.refund_id for move in moves if move.refund_id]
    refunds = Refund.objects.filter(of_this | Q(id__in=given_back), customer_id=customer_id)
    by_refund = {refund.id: refund for refund in refunds.order_by("created_at", "id")}
    legs = RefundLeg.objects.filter(customer_id=customer_id, refund_id__in=list(by_refund))
    found_attempts, found_legs = tuple(attempts.order_by("created_at", "id")), tuple(legs.order_by("created_at", "id"))
    return OrderRecords(
        order=order,
        plan=plan,
        lines=tuple(OrderLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no")),
        payments=by_payment,
        attempts=found_attempts,
        refunds=by_refund,
        legs=found_legs,
        lender_refunds=tuple(
            PartnerRefund.objects.filter(customer_id=customer_id, order_id=order_id).order_by("created_at", "id")
        ),
        holds=holds,
        moves=moves,
        cases=by_case,
        steps=tuple(steps),
        entries=tuple(JournalEntry.objects.filter(of_this, customer_id=customer_id).order_by("seq")),
        cards=_cards(customer_id, *found_attempts, *found_legs, *holds.values()),
        undone=_undone(customer_id, plan.id) if plan else {},
    )


def _undone(customer_id: UUID, plan_id: UUID) -> Mapping[UUID, int]:
    events = PlanEvent.objects.filter(customer_id=customer_id, plan_id=plan_id, kind__in=_TAKES_BACK)
    taken_back = {event.id: UUID(event.body["of"]) for event in events.order_by("seq")}
    entries = JournalEntry.objects.filter(customer_id=customer_id, event_id__in=list(taken_back))
    return {taken_back[event_id]: seq for event_id, seq in entries.values_list("event_id", "seq") if event_id}


def _cards(customer_id: UUID, *used_by: PaymentAttempt | RefundLeg | ReserveHold) -> Mapping[UUID, CardView]:
    wanted = {one.card_id for one in used_by if one.card_id}
    rows = BoundCard.objects.filter(customer_id=customer_id, id__in=wanted)
    return {card.id: cards.view(card) for card in rows}
