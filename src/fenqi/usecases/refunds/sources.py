"""The payments that money may go back over, with what is left of each."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from fenqi.channels.interface import UnknownChannel
from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.splitting import Source
from fenqi.records.models import Payment, PaymentAttempt, PaymentPurpose
from fenqi.usecases import clock
from fenqi.usecases.rails import rail
from fenqi.usecases.refunds.rows import gone_back


def sources_of(
    customer_id: UUID,
    *,
    plan_id: UUID | None,
    payment_id: UUID | None,
    currency: str,
    except_for: Collection[UUID] = (),
    without_leg: UUID | None = None,
) -> list[Source[PaymentAttempt]]:
    """What succeeded for the payment, else for the plan; a prepaid reserve goes back as itself only.

    `without_leg` is spent, but not yet on record as such.
    """
    which: dict[str, Any] = {"id": payment_id} if payment_id else {"plan_id": plan_id}
    payments = Payment.objects.filter(customer_id=customer_id, **which)
    if payment_id is None:
        payments = payments.exclude(purpose=PaymentPurpose.RESERVE)
    attempts = list(
        PaymentAttempt.objects.filter(
            customer_id=customer_id,
            payment_id__in=list(payments.values_list("id", flat=True)),
            state=AttemptState.SUCCEEDED.value,
            currency=currency,
        ).exclude(id__in=list(except_for))
    )
    gone = gone_back(customer_id, [attempt.id for attempt in attempts], without=without_leg)
    return [
        source(
            attempt, paid_on=clock.business_date(attempt.paid_at or attempt.created_at), gone=gone.get(attempt.id, 0)
        )
        for attempt in attempts
    ]


def source(attempt: PaymentAttempt, *, paid_on: date, gone: int = 0) -> Source[PaymentAttempt]:
    """One payment; over a rail that is not set up any more nothing goes back."""
    try:
        refund_days = rail(attempt.channel).refund_days
    except UnknownChannel:
        refund_days = -1
    return Source(
        key=attempt,
        order=(paid_on, attempt.created_at, attempt.id),
        paid_on=paid_on,
        left=attempt.amount_minor - gone,
        refund_days=refund_days,
    )
