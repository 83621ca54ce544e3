"""All that is known of one customer, read at once for the page of a member of staff."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import ChannelNotification, PlanEvent
from fenqi.usecases import audit
from fenqi.usecases.audit import Action, AuditView
from fenqi.usecases.customers import customer_view
from fenqi.usecases.orders.queries import list_orders
from fenqi.usecases.repayment.queries import events_of, list_payments, plan_view
from fenqi.usecases.support.books import CustomerBooks, customer_books
from fenqi.usecases.views import AttemptView, CustomerView, EventView, OrderSummary, PaymentView, PlanSummary, PlanView

MOST_ROWS = 500
"""Of each kind, the newest."""

_TOLD = frozenset({Action.NOTICE_SENT, Action.CHANNEL_ASKED})
_OPEN = frozenset({"created", "submitted", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFact:
    """Something that happened to a plan without a payment: a fee, a waiver, a refund."""

    event: EventView
    title: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """A callback about an attempt that was believed, as the channel sent it."""

    attempt_id: UUID
    notify_id: str
    outcome: str
    body: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFile:
    """`plan` is the one looked at in full, with its raw `events`; `books` only for those who may see them.

    `left_out` names the fields that have only the newest: there are older rows.
    """

    customer: CustomerView
    orders: tuple[OrderSummary, ...]
    payments: tuple[PaymentView, ...]
    notifications: tuple[NotificationView, ...]
    facts: tuple[PlanFact, ...]
    told: tuple[AuditView, ...]
    plan: PlanView | None
    events: tuple[EventView, ...]
    books: CustomerBooks | None
    left_out: frozenset[str]

    @property
    def plans(self) -> tuple[PlanSummary, ...]:
        return tuple(order.plan for order in self.orders if order.plan)

    @property
    def other_plans(self) -> tuple[PlanSummary, ...]:
        shown = self.plan.plan_id if self.plan else None
        return tuple(plan for plan in self.plans if plan.plan_id != shown)

    @property
    def duplicates(self) -> tuple[PaymentView, ...]:
        """Payments that were paid more than once: the surplus is the customer's."""
        return tuple(payment for payment in self.payments if payment.duplicate_minor)

    @property
    def open_attempts(self) -> tuple[tuple[PaymentView, AttemptView], ...]:
        """Payments that may still become money."""
        return tuple(
            (payment, attempt) for payment in self.payments for attempt in payment.attempts if attempt.state in _OPEN
        )


def read_customer_file(customer_id: UUID, *, plan_id: UUID | None, today: date, with_books: bool) -> CustomerFile:
    """The customer's file with one plan in full: the one asked for, else the one that needs looking at first.

    A fixed number of statements. Raises NotFound, also for a plan of somebody else and for the house.
    """
    if customer_id == HOUSE_ID:
        raise NotFound
    customer = customer_view(customer_id)
    page = list_orders(customer_id, limit=MOST_ROWS)
    orders = page.items
    paid = list_payments(customer_id, limit=MOST_ROWS + 1)
    payments = paid[:MOST_ROWS]
    shown = plan_id or _first_to_look_at(orders, payments)
    notifications = _notifications(customer_id)
    facts = _plan_facts(customer_id, orders)
    told, is_told_cut = audit.list_acts(customer_id, actions=_TOLD, limit=MOST_ROWS)
    are_cut = {
        "orders": page.next_cursor is not None,
        "payments": len(paid) > MOST_ROWS,
        "notifications": len(notifications) > MOST_ROWS,
        "facts": len(facts) > MOST_ROWS,
        "told": is_told_cut,
    }
    return CustomerFile(
        customer=customer,
        orders=orders,
        payments=payments,
        notifications=notifications[:MOST_ROWS],
        facts=facts[:MOST_ROWS],
        told=tuple(told),
        plan=plan_view(customer_id, shown, today=today) if shown else None,
        events=events_of(customer_id, shown) if shown else (),
        books=customer_books(customer_id) if with_books else None,
        left_out=frozenset(name for name, is_cut in are_cut.items() if is_cut),
    )


def _first_to_look_at(orders: tuple[OrderSummary, ...], payments: tuple[PaymentView, ...]) -> UUID | None:
    """A plan with a payment under way, else the one with the nearest bill, else the newest."""
    for payment in payments:
        if any(attempt.state in _OPEN for attempt in payment.attempts):
            return payment.plan_id
    plans = [order.plan for order in orders if order.plan]
    owing = [plan for plan in plans if plan.next_due_on]
    if owing:
        return min(owing, key=lambda plan: (plan.next_due_on, plan.plan_id)).plan_id
    return plans[0].plan_id if plans else None


def _notifications(customer_id: UUID) -> tuple[NotificationView, ...]:
    """One more than is shown, where there are more."""
    found = ChannelNotification.objects.filter(customer_id=customer_id).order_by("-received_at", "id")
    return tuple(
        NotificationView(
            attempt_id=row.attempt_id,
            notify_id=row.notify_id,
            outcome=row.outcome,
            body=row.body,
            received_at=row.received_at,
        )
        for row in found[: MOST_ROWS + 1]
    )


def _plan_facts(customer_id: UUID, orders: tuple[OrderSummary, ...]) -> tuple[PlanFact, ...]:
    """One more than is shown, where there are more."""
    plans = {order.plan.plan_id: order.plan for order in orders if order.plan}
    events = PlanEvent.objects.filter(customer_id=customer_id, plan_id__in=list(plans), payment_id__isnull=True)
    return tuple(
        PlanFact(
            event=EventView(
                event_id=event.id,
                seq=event.seq,
                kind=event.kind,
                effective_on=event.effective_on,
                amount_minor=event.amount_minor,
                body=event.body,
                payment_id=None,
                actor=event.actor,
                recorded_at=event.recorded_at,
            ),
            title=plans[event.plan_id].title,
            currency=plans[event.plan_id].currency,
        )
        for event in events.order_by("-recorded_at", "-seq")[: MOST_ROWS + 1]
    )
