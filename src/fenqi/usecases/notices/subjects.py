"""The page that a notice leads to, by the kind of what it tells of."""

from collections.abc import Callable, Mapping
from uuid import UUID

from fenqi.records.models import (
    DebitAgreement,
    Notice,
    PaymentAttempt,
    Plan,
    PriceOffer,
    ReserveMove,
    RetryReminder,
)


def path_of(notice: Notice) -> str:
    """The path of a page of the portal; empty where a message leads nowhere."""
    kind, _, rest = notice.subject.partition(":")
    if notice.bills or kind == "due":
        return _of_bills(notice)
    found = _uuid(rest.partition(":")[0])
    if found is None:
        return ""
    return _PATHS[kind](notice.customer_id, found) if kind in _PATHS else ""


def _of_bills(notice: Notice) -> str:
    plans = {bill.partition(":")[0] for bill in notice.bills}
    return f"/plans/{plans.pop()}/repay" if len(plans) == 1 else "/bills"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _of_plan(customer_id: UUID, plan_id: UUID) -> str:
    order_id = Plan.objects.filter(customer_id=customer_id, id=plan_id).values_list("order_id", flat=True).first()
    return f"/orders/{order_id}" if order_id else "/bills"


def _of_debit(customer_id: UUID, attempt_id: UUID) -> str:
    attempts = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id)
    payment_id = attempts.values_list("payment_id", flat=True).first()
    return f"/repayments/{payment_id}" if payment_id else "/bills"


def _of_retry(customer_id: UUID, reminder_id: UUID) -> str:
    reminders = RetryReminder.objects.filter(customer_id=customer_id, id=reminder_id)
    payment_id = reminders.values_list("payment_id", flat=True).first()
    return f"/repayments/{payment_id}" if payment_id else "/bills"


def _of_agreement(customer_id: UUID, agreement_id: UUID) -> str:
    agreements = DebitAgreement.objects.filter(customer_id=customer_id, id=agreement_id)
    plan_id = agreements.values_list("plan_id", flat=True).first()
    return f"/plans/{plan_id}/auto-debit" if plan_id else "/bills"


def _of_offer(customer_id: UUID, offer_id: UUID) -> str:
    offers = PriceOffer.objects.filter(customer_id=customer_id, id=offer_id)
    order_id = offers.values_list("order_id", flat=True).first()
    return f"/orders/{order_id}/price-difference" if order_id else "/orders"


def _of_move(customer_id: UUID, move_id: UUID) -> str:
    moves = ReserveMove.objects.filter(customer_id=customer_id, id=move_id)
    hold_id = moves.values_list("hold_id", flat=True).first()
    return f"/reserves/{hold_id}" if hold_id else "/orders"


_PATHS: Mapping[str, Callable[[UUID, UUID], str]] = {
    "payment": lambda _customer, found: f"/repayments/{found}",
    "plan": _of_plan,
    "promise": lambda _customer, _found: "/bills",
    "change": lambda _customer, _found: "/bills",
    "migration": lambda _customer, _found: "/bills",
    "entry": lambda _customer, _found: "/bills",
    "case": lambda _customer, found: f"/after-sales/{found}",
    "refund": lambda _customer, found: f"/refunds/{found}",
    "reserve": lambda _customer, found: f"/reserves/{found}",
    "agreement": _of_agreement,
    "debit": _of_debit,
    "reminder": _of_retry,
    "offer": _of_offer,
    "price_offer": _of_offer,
    "capture_announced": _of_move,
    "capture_done": _of_move,
    "move": _of_move,
    "order": lambda _customer, found: f"/orders/{found}",
    "thread": lambda _customer, found: f"/support/{found}",
    "account": lambda _customer, _found: "/me",
}
