"""Why a reminder is not sent after all, asked at the moment of sending (P1106).

Each question is a function of its own.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from fenqi.domain.payments import AttemptState
from fenqi.records.models import (
    Account,
    Customer,
    NoFaultCause,
    NoFaultPeriod,
    Payment,
    PaymentAttempt,
    PaymentState,
    SupportThread,
    ThreadState,
)
from fenqi.usecases.hardship.promises import held_until

ACCOUNT_CLOSED = "account_closed"
PAID = "paid"
OUTCOME_UNKNOWN = "outcome_unknown"
RETURN_OPEN = "return_open"
ENTRY_CLOSED = "entry_closed"
DISPUTED = "disputed"
PROMISED = "promised"
TOLD_ENOUGH = "told_enough"
TOO_LATE = "too_late"

_BY_CAUSE = {
    NoFaultCause.RETURN_OPEN.value: RETURN_OPEN,
    NoFaultCause.ENTRY_CLOSED.value: ENTRY_CLOSED,
    NoFaultCause.OUTCOME_UNKNOWN.value: OUTCOME_UNKNOWN,
}

_UNDER_WAY = [state.value for state in (AttemptState.CREATED, AttemptState.SUBMITTED, AttemptState.UNKNOWN)]


def is_closed(customer: Customer) -> bool:
    """Whether the account is closed: nothing is sent to it any more, nor put in its inbox."""
    return customer.erased_at is not None or Account.objects.filter(customer_id=customer.id, is_active=False).exists()


def reasons(customer_id: UUID, plan_ids: Iterable[UUID], *, now: datetime) -> dict[UUID, str]:
    """Plan to why it is not reminded of now; plans without a reason are left out. Four statements, and promises."""
    plans = list(plan_ids)
    found = {plan_id: PROMISED for plan_id in plans if held_until(customer_id, plan_id, now=now)}
    found |= dict.fromkeys(_disputed(customer_id, plans), DISPUTED)
    found |= _paused(customer_id, plans, now=now)
    return found | dict.fromkeys(_under_way(customer_id, plans), OUTCOME_UNKNOWN)


def _disputed(customer_id: UUID, plans: list[UUID]) -> list[UUID]:
    threads = SupportThread.objects.filter(customer_id=customer_id, plan_id__in=plans, topic="dispute")
    found = threads.exclude(state=ThreadState.CLOSED).values_list("plan_id", flat=True)
    return [plan_id for plan_id in found if plan_id is not None]


def _paused(customer_id: UUID, plans: list[UUID], *, now: datetime) -> dict[UUID, str]:
    periods = NoFaultPeriod.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=now),
        customer_id=customer_id,
        plan_id__in=plans,
        cause__in=_BY_CAUSE,
        starts_at__lte=now,
    )
    return {plan_id: _BY_CAUSE[cause] for plan_id, cause in periods.values_list("plan_id", "cause")}


def _under_way(customer_id: UUID, plans: list[UUID]) -> list[UUID]:
    """Plans of which a payment may still turn out to be money."""
    payments = dict(
        Payment.objects.filter(customer_id=customer_id, plan_id__in=plans, state=PaymentState.OPEN).values_list(
            "id", "plan_id"
        )
    )
    attempts = PaymentAttempt.objects.filter(customer_id=customer_id, payment_id__in=payments, state__in=_UNDER_WAY)
    return [payments[payment_id] for payment_id in attempts.values_list("payment_id", flat=True)]
