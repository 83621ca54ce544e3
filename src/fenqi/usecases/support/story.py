"""What the system already knows when a customer asks for help, so that nobody has to tell it again (R134)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import FailureCategory
from fenqi.records.models import AftersalesCase, Order, OrderLine, PaymentState, Refund, ReserveHold
from fenqi.usecases import clock
from fenqi.usecases.repayment.queries import payment_view, plan_view
from fenqi.usecases.views import AttemptView, PaymentView, PlanView


class Place(StrEnum):
    """Where somebody was when they asked for help."""

    REPAYMENT = "repayment"
    BILLS = "bills"
    ORDER = "order"
    PLAN = "plan"
    CASE = "case"
    REFUND = "refund"
    RESERVE = "reserve"
    PRICE = "price"
    ENTRY = "entry"
    CARDS = "cards"
    ACCOUNT = "account"
    HELP = "help"
    TELEPHONE = "telephone"
    OTHER = "other"

    @classmethod
    def of(cls, text: str) -> "Place":
        return next((one for one in cls if one.value == text), cls.OTHER)


_CATEGORIES = {category.value: category for category in FailureCategory}


def story_of(
    customer_id: UUID,
    *,
    payment_id: UUID | None,
    plan_id: UUID | None,
    order_id: UUID | None = None,
    case_id: UUID | None = None,
    refund_id: UUID | None = None,
    hold_id: UUID | None = None,
    place: Place = Place.OTHER,
    language: str,
    now: datetime,
) -> dict[str, Any]:
    """Order, case, refund, reserve, plan, payment and attempts with codes and times, and what the customer was shown.

    Raises NotFound.
    """
    payment = payment_view(customer_id, payment_id) if payment_id else None
    case = _found_case(customer_id, case_id) if case_id else None
    plan_id = payment.plan_id if payment else case.plan_id if case else plan_id
    plan = plan_view(customer_id, plan_id, today=clock.business_date(now)) if plan_id else None
    return {
        "at": now.isoformat(),
        "place": place.value,
        "order": _order(customer_id, order_id) if order_id else None,
        "refund": _refund(customer_id, refund_id) if refund_id else None,
        "reserve": _reserve(customer_id, hold_id) if hold_id else None,
        "case": _case(case) if case else None,
        "plan": _plan(plan) if plan else None,
        "payment": _payment(payment) if payment else None,
        "attempts": [_attempt(attempt, language) for attempt in payment.attempts] if payment else [],
    }


def topic_of(
    payment: PaymentView | None,
    *,
    case_id: UUID | None = None,
    refund_id: UUID | None = None,
    hold_id: UUID | None = None,
    place: Place = Place.OTHER,
) -> str:
    """What the conversation is about: by what it names, by how the payment stands, else by the page."""
    if case_id is not None:
        return "after_sales"
    if refund_id is not None:
        return "refund"
    if hold_id is not None:
        return "reserve"
    attempt = payment.latest_attempt if payment else None
    if payment is None or attempt is None or payment.state == PaymentState.SUCCEEDED:
        return {Place.ENTRY: "entry", Place.PRICE: "price", Place.ORDER: "order"}.get(place, "other")
    return {"failed": "repayment_failed", "closed": "repayment_failed", "unknown": "outcome_unknown"}.get(
        attempt.state, "other"
    )


def _found_case(customer_id: UUID, case_id: UUID) -> AftersalesCase:
    case = AftersalesCase.objects.filter(customer_id=customer_id, id=case_id).first()
    if case is None:
        raise NotFound
    return case


def _order(customer_id: UUID, order_id: UUID) -> dict[str, Any]:
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no")
    return {
        "order_id": str(order.id),
        "order_no": order.order_no,
        "title": next(iter(lines.values_list("name", flat=True)), ""),
        "status": order.status,
        "total_minor": order.total_minor,
        "currency": order.currency,
        "placed_at": order.placed_at.isoformat(),
    }


def _refund(customer_id: UUID, refund_id: UUID) -> dict[str, Any]:
    refund = Refund.objects.filter(customer_id=customer_id, id=refund_id).first()
    if refund is None:
        raise NotFound
    return {
        "refund_id": str(refund.id),
        "cause": refund.cause,
        "status": refund.status,
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
    }


def _reserve(customer_id: UUID, hold_id: UUID) -> dict[str, Any]:
    hold = ReserveHold.objects.filter(customer_id=customer_id, id=hold_id).first()
    if hold is None:
        raise NotFound
    return {
        "hold_id": str(hold.id),
        "state": hold.state,
        "amount_minor": hold.amount_minor,
        "currency": hold.currency,
    }


def _case(case: AftersalesCase) -> dict[str, Any]:
    return {
        "case_id": str(case.id),
        "case_no": case.case_no,
        "order_id": str(case.order_id),
        "kind": case.kind,
        "was_exchange": case.was_exchange,
        "reason": case.reason,
        "state": case.state,
        "value_minor": case.value_minor,
        "currency": case.currency,
        "created_at": case.created_at.isoformat(),
    }


def _plan(plan: PlanView) -> dict[str, Any]:
    return {
        "plan_id": str(plan.plan_id),
        "order_no": plan.order_no,
        "title": plan.title,
        "outstanding_minor": plan.state.totals.outstanding.total,
        "currency": plan.terms.currency,
    }


def _payment(payment: PaymentView) -> dict[str, Any]:
    return {
        "payment_id": str(payment.payment_id),
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "installments": list(payment.installments),
        "state": payment.state,
        "duplicate_minor": payment.duplicate_minor,
        "created_at": payment.created_at.isoformat(),
    }


def _attempt(attempt: AttemptView, language: str) -> dict[str, Any]:
    category = _CATEGORIES.get(attempt.category)
    return {
        "channel": attempt.channel,
        "out_trade_no": attempt.out_trade_no,
        "trade_no": attempt.trade_no,
        "state": attempt.state,
        "code": attempt.code,
        "category": attempt.category,
        "shown": category.customer_line(language) if category else "",
        "asked": attempt.asked,
        "created_at": attempt.created_at.isoformat(),
        "resolved_at": attempt.resolved_at.isoformat() if attempt.resolved_at else None,
    }
