"""The collections desk: who is overdue by how long, which promises end today, and what comes next for each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, DateField, ExpressionWrapper, F, IntegerField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from fenqi.domain.hardship.changes import ChangeState
from fenqi.domain.hardship.promises import PromiseState
from fenqi.records.models import CreditMark, Customer, Installment, OrderLine, PaymentPromise, Plan, PlanChange
from fenqi.records.scope import across_customers
from fenqi.usecases.customers import view
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.hardship.promises import LOOKED_BACK
from fenqi.usecases.staff.permissions import Permission, Staff
from fenqi.usecases.views import CustomerView

MOST_WAITING: Final = 10_000
"""Plans with something waiting that are looked at."""


class Pile(StrEnum):
    """Which plans are looked at: by days past due, or by what waits on them."""

    ALL = "all"
    GRACE = "grace"
    TO_30 = "to_30"
    TO_60 = "to_60"
    TO_90 = "to_90"
    OVER_90 = "over_90"
    PROMISED_TODAY = "promised_today"
    BROKEN = "broken"
    TO_APPROVE = "to_approve"
    OFFERED = "offered"
    OBJECTIONS = "objections"

    @classmethod
    def of(cls, text: str | None) -> "Pile":
        return next((one for one in cls if one.value == text), cls.ALL)


BUCKETS: Final = (Pile.GRACE, Pile.TO_30, Pile.TO_60, Pile.TO_90, Pile.OVER_90)


class NextStep(StrEnum):
    """What an agent does next."""

    ANSWER_OBJECTION = "answer_objection"
    APPROVE = "approve"
    WAIT_FOR_WORD = "wait_for_word"
    WAIT_FOR_PROMISE = "wait_for_promise"
    REMIND_ONLY = "remind_only"
    CALL = "call"
    OFFER_SCHEDULE = "offer_schedule"
    DECIDE_CHARGE_OFF = "decide_charge_off"
    KEEP_COLLECTING = "keep_collecting"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRow:
    """One plan that is past due, or has something waiting. Amounts in minor units; `days` past due."""

    customer: CustomerView
    plan_id: UUID
    title: str
    currency: str
    days: int
    overdue_minor: int
    outstanding_minor: int
    is_charged_off: bool
    promised_by: date | None
    promise_broken: bool
    next_step: NextStep


@dataclass(frozen=True, slots=True, kw_only=True)
class PileSum:
    """How many plans lie in a pile, and what is left to pay on them by currency."""

    pile: Pile
    plans: int
    sums: Mapping[str, int]


def desk_rows(staff: Staff, pile: Pile, *, limit: int, today: date) -> tuple[list[DeskRow], bool]:
    """The longest past due first; whether the pile has more than `limit`. Raises NotPermitted."""
    staff.require(Permission.SEE_COLLECTIONS)
    with across_customers():
        plans = list(_in_pile(pile, today).order_by("next_due_on", "id")[: limit + 1])
        rows = list(_rows(plans[:limit], today))
    return rows, len(plans) > limit


def pile_sums(staff: Staff, *, today: date) -> tuple[PileSum, ...]:
    """Every pile with its count. Raises NotPermitted."""
    staff.require(Permission.SEE_COLLECTIONS)
    with across_customers():
        return tuple(_sum_of(pile, today) for pile in Pile)


def _sum_of(pile: Pile, today: date) -> PileSum:
    found = _in_pile(pile, today).order_by().values("currency")
    counted = list(found.annotate(n=Count("id"), owed=Sum("outstanding_minor")))
    return PileSum(
        pile=pile, plans=sum(one["n"] for one in counted), sums={one["currency"]: one["owed"] for one in counted}
    )


def _in_pile(pile: Pile, today: date) -> QuerySet[Plan]:
    late = Plan.objects.filter(outstanding_minor__gt=0, next_due_on__lt=today)
    if pile is Pile.ALL:
        return late
    if pile in BUCKETS:
        return _in_bucket(late, pile, today)
    waiting: Mapping[Pile, QuerySet[Any]] = {
        Pile.PROMISED_TODAY: PaymentPromise.objects.filter(state=PromiseState.OPEN.value, pay_by=today),
        Pile.BROKEN: PaymentPromise.objects.filter(state=PromiseState.BROKEN.value, pay_by__gte=today - LOOKED_BACK),
        Pile.TO_APPROVE: PlanChange.objects.filter(state=ChangeState.PROPOSED.value),
        Pile.OFFERED: PlanChange.objects.filter(state=ChangeState.OFFERED.value),
        Pile.OBJECTIONS: CreditMark.objects.filter(objected_at__isnull=False, answered_at=None),
    }
    keys = set(waiting[pile].values_list("plan_id", flat=True)[:MOST_WAITING])
    return Plan.objects.filter(id__in=keys, outstanding_minor__gt=0)


def _in_bucket(late: QuerySet[Plan], pile: Pile, today: date) -> QuerySet[Plan]:
    """In grace by the plan's own terms; beyond it by days past due."""
    grace = Coalesce(Cast(KeyTextTransform("grace_days", "terms"), IntegerField()), 0)
    counted = late.annotate(free_until=ExpressionWrapper(F("next_due_on") + grace, output_field=DateField()))
    is_in_grace = Q(free_until__gte=today)
    if pile is Pile.GRACE:
        return counted.filter(is_in_grace)
    least, most = {Pile.TO_30: (1, 30), Pile.TO_60: (31, 60), Pile.TO_90: (61, 90), Pile.OVER_90: (91, None)}[pile]
    counted = counted.exclude(is_in_grace).filter(next_due_on__lte=today - timedelta(days=least))
    return counted if most is None else counted.filter(next_due_on__gte=today - timedelta(days=most))


def _rows(plans: list[Plan], today: date) -> Iterable[DeskRow]:
    ids = [plan.id for plan in plans]
    customers = {one.id: one for one in Customer.objects.filter(id__in={plan.customer_id for plan in plans})}
    lines = OrderLine.objects.filter(order_id__in=[plan.order_id for plan in plans], line_no=1)
    titles = dict(lines.values_list("order_id", "name"))
    overdue: dict[UUID, int] = defaultdict(int)
    for row in Installment.objects.filter(plan_id__in=ids, due_on__lt=today):
        overdue[row.plan_id] += row.outstanding_minor
    promises: dict[UUID, PaymentPromise] = {}
    for promise in PaymentPromise.objects.filter(plan_id__in=ids).order_by("made_at"):
        promises[promise.plan_id] = promise
    changes = dict(
        PlanChange.objects.filter(
            plan_id__in=ids, state__in=[ChangeState.PROPOSED.value, ChangeState.OFFERED.value]
        ).values_list("plan_id", "state")
    )
    marks = CreditMark.objects.filter(plan_id__in=ids, objected_at__isnull=False, answered_at=None)
    objected = set(marks.values_list("plan_id", flat=True))
    charge_off_after = policy_on(today).rules.charge_off_after_days
    for plan in plans:
        days = max(0, (today - plan.next_due_on).days) if plan.next_due_on else 0
        found = promises.get(plan.id)
        is_promised = found is not None and found.state == PromiseState.OPEN
        yield DeskRow(
            customer=view(customers[plan.customer_id]),
            plan_id=plan.id,
            title=titles.get(plan.order_id, ""),
            currency=plan.currency,
            days=days,
            overdue_minor=overdue[plan.id],
            outstanding_minor=plan.outstanding_minor,
            is_charged_off=plan.status == "charged_off",
            promised_by=found.pay_by if found and is_promised else None,
            promise_broken=found is not None and found.state == PromiseState.BROKEN,
            next_step=_next_step(
                plan,
                days,
                charge_off_after=charge_off_after,
                is_promised=is_promised,
                change=changes.get(plan.id, ""),
                is_objected=plan.id in objected,
            ),
        )


def _next_step(
    plan: Plan, days: int, *, charge_off_after: int, is_promised: bool, change: str, is_objected: bool
) -> NextStep:
    """The first that fits, from what somebody waits for to what can be tried."""
    grace = int(plan.terms.get("grace_days", 0))
    steps = {
        NextStep.ANSWER_OBJECTION: is_objected,
        NextStep.APPROVE: change == ChangeState.PROPOSED,
        NextStep.WAIT_FOR_WORD: change == ChangeState.OFFERED,
        NextStep.WAIT_FOR_PROMISE: is_promised,
        NextStep.KEEP_COLLECTING: plan.status == "charged_off",
        NextStep.REMIND_ONLY: days <= grace,
        NextStep.DECIDE_CHARGE_OFF: days >= charge_off_after,
        NextStep.OFFER_SCHEDULE: days > 30,  # noqa: PLR2004  # a month: one call more will not do
    }
    return next((step for step, fits in steps.items() if fits), NextStep.CALL)
