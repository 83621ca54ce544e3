"""Late fees put right as soon as a fact turns up that changes what was right: not only at the next close."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import LateFeeAccrual
from fenqi.records.posting import Decision, write
from fenqi.usecases import outbox
from fenqi.usecases.closing.charging import charge_plan, charged_through, is_being_paid
from fenqi.usecases.closing.set_based import Charged

LOOK_AGAIN: Final = timedelta(minutes=10)


def correct_late_fees(customer_id: UUID, plan_id: UUID, *, now: datetime) -> Charged:
    """Take back what was charged too much and charge what is right, through the last day that was closed.

    While a payment of the plan is under way nothing is touched, and it is looked at again. Raises NotFound.
    """
    through = charged_through(customer_id, plan_id)
    if through is None:
        return Charged()
    if is_being_paid(customer_id, plan_id):
        with transaction.atomic():
            decision = Decision(locks.customer(customer_id).customer_id)
            outbox.correct_late_fees(decision, plan_id, at=now + LOOK_AGAIN, now=now)
            write(decision)
        return Charged()
    return charge_plan(customer_id, plan_id, through, batch=new_id(), now=now)


def after_no_fault(decision: Decision, plan_id: UUID, *, now: datetime) -> None:
    """Days were found to be nobody's fault: what was charged for them goes back, if anything was."""
    if LateFeeAccrual.objects.filter(customer_id=decision.customer_id, plan_id=plan_id).exists():
        outbox.correct_late_fees(decision, plan_id, at=now, now=now)
