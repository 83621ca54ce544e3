"""What follows a payment that has ended: the next try of the plan's agreement, and word to the customer."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.records import locks
from fenqi.records.models import AgreementStatus, DebitAgreement, Payment, PaymentAttempt
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox, plan_file
from fenqi.usecases.agreements.settle import find_agreement, replan
from fenqi.usecases.notices.quiet_hours import polite_time

_WITHOUT_MONEY = frozenset({AttemptState.FAILED, AttemptState.CLOSED})


def after_attempt(
    decision: Decision, attempt: PaymentAttempt, after: AttemptState, category: FailureCategory | None, *, now: datetime
) -> None:
    """Called under the lock where an attempt ends: its plan's agreement is planned anew once that is committed.

    A debit that took no money is told of; one that the channel refuses as such has the channel asked about the
    agreement, for it may have been ended there.
    """
    payment = Payment.objects.get(customer_id=attempt.customer_id, id=attempt.payment_id)
    active = DebitAgreement.objects.filter(
        customer_id=attempt.customer_id, plan_id=payment.plan_id, status=AgreementStatus.ACTIVE
    ).first()
    if active is not None:
        outbox.about_agreement(decision, outbox.PLAN_DEBIT, active.id, at=now, now=now)
    if attempt.agreement_id is None or after not in _WITHOUT_MONEY:
        return
    outbox.tell_debit_failed(decision, attempt.id, at=polite_time(now), now=now)
    if category is FailureCategory.METHOD_UNAVAILABLE and attempt.card_id is None:
        outbox.about_agreement(decision, outbox.ASK_AGREEMENT, attempt.agreement_id, at=now, now=now)


def plan_debit(customer_id: UUID, agreement_id: UUID, *, now: datetime) -> datetime | None:
    """Work out and keep the next try; when it is. Raises NotFound."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        agreement = find_agreement(customer_id, agreement_id)
        if agreement.status != AgreementStatus.ACTIVE:
            return None
        decision = Decision(customer_id)
        replan(decision, agreement, plan_file.read(customer_id, agreement.plan_id), now=now)
        write(decision)
    return agreement.next_try_at
