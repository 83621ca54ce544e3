"""Why a plan may not move now: asked at the rehearsal, at the freeze, and once more under the lock of the move."""

from typing import Any

from django.db import connection
from django.db.models import Q

from fenqi.domain.migration import Reason
from fenqi.domain.payments import AttemptState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.plans import PlanState, PlanStatus
from fenqi.domain.reserves import HoldState
from fenqi.records.models import (
    AftersalesCase,
    PartnerRefund,
    PassedRepayment,
    Payment,
    PaymentAttempt,
    PaymentPurpose,
    PaymentState,
    Refund,
    RefundStatus,
    ReserveHold,
)
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.plan_file import PlanFile

CURRENCY = "CNY"
Problem = dict[str, Any]
"""`reason`, and of a sum `ours` and `theirs` in minor units."""

_OPEN_ATTEMPTS = (AttemptState.CREATED.value, AttemptState.SUBMITTED.value, AttemptState.UNKNOWN.value)
_OVER = (HoldState.ENDED.value, HoldState.CLOSED.value)
_STANDING = """
SELECT coalesce(sum(credit_minor - debit_minor), 0) FROM journal_line
WHERE customer_id = %s AND plan_id = %s AND account = 'payable.partner'
"""


def obstacles(file: PlanFile, state: PlanState, *, from_provider: str) -> list[Problem]:
    """All of them, each with its reason. Payments that are merely under way are no obstacle (`open_attempts`)."""
    found = [
        (Reason.NOT_THEIRS, file.provider != from_provider),
        (Reason.CURRENCY, file.terms.currency != CURRENCY),
        (Reason.SETTLED, state.status is not PlanStatus.ACTIVE or not state.totals.outstanding.total),
        (Reason.CREDIT, state.balance > 0),
        (Reason.RETURN_OPEN, _has_open_return(file)),
        (Reason.REFUND_OPEN, _has_open_refund(file)),
        (Reason.RESERVE, _has_reserve(file)),
        (Reason.NOT_PASSED_ON, from_provider != MALL and _standing(file) != state.totals.outstanding.total),
        (Reason.NOT_PASSED_ON, _has_unpassed(file)),
    ]
    return [{"reason": reason.value} for reason, stands in found if stands]


def open_attempts(file: PlanFile) -> list[PaymentAttempt]:
    """Attempts at payments of the plan that may still become money."""
    payments = Payment.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id, state=PaymentState.OPEN)
    payments = payments.exclude(purpose=PaymentPurpose.RESERVE)
    return list(
        PaymentAttempt.objects.filter(
            customer_id=file.customer_id,
            payment_id__in=list(payments.values_list("id", flat=True)),
            state__in=_OPEN_ATTEMPTS,
        )
    )


def _has_open_return(file: PlanFile) -> bool:
    cases = AftersalesCase.objects.filter(customer_id=file.customer_id, order_id=file.order_id, closed_at=None)
    return cases.exists()


def _has_open_refund(file: PlanFile) -> bool:
    mine = Q(plan_id=file.plan_id) | Q(order_id=file.order_id)
    refunds = Refund.objects.filter(mine, customer_id=file.customer_id).exclude(status=RefundStatus.COMPLETED)
    over = [RefundState.SUCCEEDED.value, RefundState.FAILED.value, RefundState.RETURNED.value]
    there = PartnerRefund.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id).exclude(state__in=over)
    return refunds.exists() or there.exists()


def _has_reserve(file: PlanFile) -> bool:
    holds = ReserveHold.objects.filter(customer_id=file.customer_id, order_id=file.order_id).exclude(state__in=_OVER)
    return holds.exists()


def _has_unpassed(file: PlanFile) -> bool:
    passed = PassedRepayment.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id, state="waiting")
    return passed.exists()


def _standing(file: PlanFile) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [file.customer_id, file.plan_id])
        return int(cursor.fetchone()[0])
