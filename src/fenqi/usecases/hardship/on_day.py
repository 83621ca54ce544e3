"""What a day brings to customers who cannot pay: promises kept or broken, offers that lapse, warnings and marks.

A step of the daily close: called for ranges of customers, in any order, any number of times for one day.
"""

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from fenqi.domain.hardship.changes import OPEN, ChangeSignal
from fenqi.domain.hardship.credit import MarkState
from fenqi.domain.hardship.promises import PromiseState
from fenqi.records import locks
from fenqi.records.models import CreditMark, PaymentPromise, Plan, PlanChange
from fenqi.records.scope import across_customers
from fenqi.usecases import audit
from fenqi.usecases.hardship.credit_day import look_at_marks
from fenqi.usecases.hardship.credit_marks import LIVE
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.hardship.promises import LOOKED_BACK, decide_promises
from fenqi.usecases.hardship.rows import find_change, keep, move


def on_day(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Do what the day asks for the customers from `first` to `last`; how many rows were changed or queued."""
    return (
        _promises(day, first=first, last=last, now=now)
        + _offers(day, first=first, last=last, now=now)
        + _marks(day, first=first, last=last, now=now)
    )


def _promises(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Those whose day is over, and those broken lately, of which a payment in time may have become known."""
    due = Q(state=PromiseState.OPEN.value) | Q(state=PromiseState.BROKEN.value, pay_by__gte=day - LOOKED_BACK)
    with across_customers():
        found = PaymentPromise.objects.filter(due, customer_id__gte=first, customer_id__lte=last, made_on__lt=day)
        by_customer: dict[UUID, list[UUID]] = defaultdict(list)
        for customer_id, promise_id in found.order_by("customer_id", "id").values_list("customer_id", "id"):
            by_customer[customer_id].append(promise_id)
    return sum(decide_promises(customer_id, ids, day=day, now=now) for customer_id, ids in by_customer.items())


def _offers(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Schedules that nobody agreed to in time are taken back."""
    with across_customers():
        lapsed = PlanChange.objects.filter(
            customer_id__gte=first,
            customer_id__lte=last,
            offered_until__lt=day,
            state__in=[state.value for state in OPEN],
        )
        found = list(lapsed.values_list("customer_id", "id"))
    for customer_id, change_id in found:
        with transaction.atomic():
            locks.customer(customer_id)
            change = find_change(customer_id, change_id)
            if change.state in OPEN:
                move(change, ChangeSignal.TAKEN_BACK)
                change.ended_by, change.ended_at = audit.SYSTEM, now
                keep(change)
    return len(found)


def _marks(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Plans late enough for a warning, and those with a mark that may change."""
    rules = policy_on(day).rules
    late = day - timedelta(days=max(1, rules.credit_after_days - rules.credit_warning_days))
    with across_customers():
        plans = Plan.objects.filter(customer_id__gte=first, customer_id__lte=last, next_due_on__lte=late)
        found = set(plans.filter(outstanding_minor__gt=0).values_list("customer_id", "id"))
        marks = CreditMark.objects.filter(customer_id__gte=first, customer_id__lte=last, state__in=LIVE)
        open_marks = marks.filter(Q(state=MarkState.WARNED.value) | Q(cleared_on=None))
        found |= set(open_marks.values_list("customer_id", F("plan_id")))
    return sum(look_at_marks(customer_id, plan_id, day=day, now=now) for customer_id, plan_id in sorted(found))
