"""Tell a customer that a repayment did not go through, if they did not see it and go on by themselves (R117)."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.payments import AttemptState
from fenqi.records.models import OrderLine, Payment, PaymentAttempt, PaymentState, Plan
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message

NEWS_FOR = timedelta(days=1)


def tell_repayment_failed(customer_id: UUID, attempt_id: UUID, *, now: datetime) -> bool:
    """Nothing is said of a repayment that was tried again, or that is no news. Raises NotFound, NoticeUnanswered."""
    attempt = PaymentAttempt.objects.filter(customer_id=customer_id, id=attempt_id).first()
    if attempt is None:
        raise NotFound
    payment = Payment.objects.get(customer_id=customer_id, id=attempt.payment_id)
    is_old = attempt.resolved_at is not None and now - attempt.resolved_at > NEWS_FOR
    if attempt.state != AttemptState.FAILED or is_old or _went_on(payment):
        return False
    return send_once(
        customer_id,
        Message.REPAYMENT_FAILED,
        subject=f"payment:{payment.id}:failed",
        params=partial(_params, payment),
        now=now,
    )


def _went_on(payment: Payment) -> bool:
    """It went through after all, or another one of the plan was begun after it."""
    later = Payment.objects.filter(
        customer_id=payment.customer_id, plan_id=payment.plan_id, created_at__gt=payment.created_at
    )
    return payment.state == PaymentState.SUCCEEDED or later.exists()


def _params(payment: Payment, language: str) -> dict[str, str]:
    order_ids = Plan.objects.filter(customer_id=payment.customer_id, id=payment.plan_id).values_list(
        "order_id", flat=True
    )
    line = (
        OrderLine.objects.filter(customer_id=payment.customer_id, order_id__in=list(order_ids))
        .order_by("line_no")
        .first()
    )
    return {
        "amount": written_amount(payment.amount_minor, payment.currency, language),
        "title": line.name[:TITLE_CHARACTERS].strip() if line else "",
    }
