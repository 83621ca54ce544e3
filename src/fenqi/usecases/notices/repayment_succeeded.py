"""Tell a customer that a repayment was taken (R117)."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.records.models import OrderLine, Payment, PaymentState, Plan
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message

NEWS_FOR = timedelta(days=1)
"""After this a repayment is history, not news: what is left may have changed since, and the pages tell it."""


def tell_repayment_succeeded(customer_id: UUID, payment_id: UUID, *, now: datetime) -> bool:
    """Send the message in the customer's language, once; whether one was sent by this call.

    Nothing is sent to a customer without a phone, nor of a repayment that is no news. Raises NotFound,
    NoticeUnanswered, ChannelMisconfigured.
    """
    payment = Payment.objects.filter(customer_id=customer_id, id=payment_id, state=PaymentState.SUCCEEDED).first()
    if payment is None:
        raise NotFound
    if _is_history(payment, now):
        return False
    return send_once(
        customer_id,
        Message.REPAYMENT_SUCCEEDED,
        subject=f"payment:{payment_id}",
        params=partial(_params, payment),
        now=now,
    )


def _is_history(payment: Payment, now: datetime) -> bool:
    return payment.succeeded_at is not None and now - payment.succeeded_at > NEWS_FOR


def _params(payment: Payment, language: str) -> dict[str, str]:
    plan = Plan.objects.get(customer_id=payment.customer_id, id=payment.plan_id)
    line = OrderLine.objects.filter(customer_id=payment.customer_id, order_id=plan.order_id).order_by("line_no").first()
    return {
        "amount": written_amount(payment.amount_minor, payment.currency, language),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
        "left": written_amount(plan.outstanding_minor, payment.currency, language),
    }
