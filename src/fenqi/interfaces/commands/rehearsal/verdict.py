"""Whether everybody was charged what their plan says: our books, beside what the town itself knows of every payment."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from fenqi.domain.plans import EventKind
from fenqi.interfaces.commands.rehearsal.house import House
from fenqi.records.models import PaymentAttempt, Plan, Refund, RefundLeg, RefundStatus
from fenqi.records.scope import across_customers
from fenqi.usecases import plan_file
from fenqi.usecases.reconciliation.check import check_books

MONEY_IN: Final = frozenset({EventKind.REPAYMENT, EventKind.SETTLEMENT})
ENDED: Final = frozenset({"succeeded", "failed", "closed"})
MUST_BE_ZERO: Final = ("clearing.", "suspense", "payable.refund")


@dataclass(frozen=True, slots=True)
class Moved:
    """What the town says of one payment, in fen."""

    paid: int
    refunded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    figures: dict[str, int]
    complaints: tuple[str, ...]


def verdict(house: House) -> Verdict:
    """Every complaint there is; with none, every consumer was charged exactly what their plan says."""
    with across_customers():
        attempts = list(PaymentAttempt.objects.all())
        legs = list(RefundLeg.objects.all())
        refunds = list(Refund.objects.all())
        plans = dict(Plan.objects.values_list("id", "customer_id"))
    moved = _town_truth(house, [attempt.out_trade_no for attempt in attempts])
    complaints = [
        *_attempts_agree(attempts, legs, moved),
        *_plans_agree(attempts, plans, moved),
        *(f"refund {one.id} of {one.cause} is {one.status}" for one in refunds if one.status != RefundStatus.COMPLETED),
        *_accounts_are_zero(),
        *_check_is_clean(),
    ]
    return Verdict(
        figures={
            "payments_taken": sum(1 for one in moved.values() if one.paid),
            "never_paid": sum(1 for one in moved.values() if not one.paid),
            "returned_by_themselves": sum(1 for one in refunds if one.status == RefundStatus.COMPLETED),
            "attempts": len(attempts),
        },
        complaints=tuple(complaints),
    )


def _town_truth(house: House, numbers: list[str]) -> dict[str, Moved]:
    told = house.ask_town("moved") or {}
    return {number: Moved(*told.get(number, (0, 0))) for number in numbers}


def _attempts_agree(attempts: list[PaymentAttempt], legs: list[RefundLeg], moved: dict[str, Moved]) -> Iterator[str]:
    """Each attempt is ended, as the town ended it, and what went back is what the town gave back."""
    back: Counter[UUID | None] = Counter()
    for leg in legs:
        if leg.state == "succeeded":
            back[leg.attempt_id] += leg.amount_minor
    for one in attempts:
        truth = moved[one.out_trade_no]
        name = f"{one.channel} {one.out_trade_no}"
        if one.state not in ENDED:
            yield f"{name} is still {one.state}"
        if (one.state == "succeeded") != bool(truth.paid):
            yield f"{name} is {one.state} here, and the town took {truth.paid}"
        if truth.paid not in {0, one.amount_minor}:
            yield f"{name} asked for {one.amount_minor}, and the town took {truth.paid}"
        if back[one.id] != truth.refunded:
            yield f"{name} gave back {back[one.id]} here, and {truth.refunded} in the town"


def _plans_agree(attempts: list[PaymentAttempt], plans: dict[UUID, UUID], moved: dict[str, Moved]) -> Iterator[str]:
    """What a consumer is out of pocket is what the plan has taken in, to the fen."""
    kept: Counter[UUID] = Counter()
    for one in attempts:
        truth = moved[one.out_trade_no]
        kept[one.customer_id] += truth.paid - truth.refunded
    for plan_id, customer_id in plans.items():
        state = plan_file.read(customer_id, plan_id).state()
        taken = sum(done.amount for done in state.allocations if done.kind in MONEY_IN)
        if taken != kept[customer_id]:
            yield f"plan {plan_id} took in {taken}, and its consumer paid {kept[customer_id]}"
        if state.balance:
            yield f"plan {plan_id} keeps {state.balance} too much"


def _accounts_are_zero() -> Iterator[str]:
    with across_customers(), connection.cursor() as cursor:
        cursor.execute("SELECT account, sum(debit_minor - credit_minor) FROM journal_line GROUP BY account")
        standing: dict[str, Any] = dict(cursor.fetchall())
    return (f"{name} stands at {sum_}" for name, sum_ in standing.items() if sum_ and name.startswith(MUST_BE_ZERO))


def _check_is_clean() -> Iterator[str]:
    return (f"check: {finding}" for finding in check_books())
