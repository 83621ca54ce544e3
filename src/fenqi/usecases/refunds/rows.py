"""The rows of refunds and their legs, as the money write takes them, and what they come to together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from fenqi.domain.payments import AmountMismatch, RetryMark, UnlistedMove
from fenqi.domain.payments.refund_schedule import A_WEEK_OF_QUESTIONS
from fenqi.domain.payments.refunds import ASKED_ABOUT, SPENT, RefundState
from fenqi.domain.payments.splitting import Split
from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import new_id
from fenqi.records.models import DirectoryKind, PaymentAttempt, RefundLeg, RefundRoute, RefundStatus
from fenqi.records.posting import Decision, Row
from fenqi.usecases import outbox
from fenqi.usecases.numbers import new_number

CONTRADICTIONS = frozenset({UnlistedMove.code, AmountMismatch.code})
BY_HAND = "by_hand"
"""Under this name a leg's reply keeps how staff say that it ended, and how they know."""

SPENT_STATES = tuple(state.value for state in SPENT)


def columns_of(row: SpreadModel, **changes: Any) -> Row:
    """All columns of a stored or a new row but its customer, with the changes."""
    kept = {name: value for name, value in vars(row).items() if name != "customer_id" and not name.startswith("_")}
    return {**kept, **changes}


def add_legs(
    decision: Decision,
    refund_id: UUID,
    parts: Split[PaymentAttempt],
    *,
    currency: str,
    first_no: int,
    now: datetime,
    send_at: datetime,
) -> list[RefundLeg]:
    """A leg for each part, on its way at `send_at`, and one that waits for staff for what must be transferred."""
    legs = [
        _leg(decision.customer_id, refund_id, part.amount, currency, attempt=part.key, now=now) for part in parts.parts
    ]
    if parts.remainder:
        legs.append(_leg(decision.customer_id, refund_id, parts.remainder, currency, attempt=None, now=now))
    for leg_no, leg in enumerate(legs, first_no):
        leg.leg_no = leg_no
        decision.add("refund_leg", columns_of(leg))
        decision.add(
            "directory", {"kind": DirectoryKind.OUT_REFUND_NO.value, "key": leg.out_refund_no, "target_id": leg.id}
        )
        if leg.route == RefundRoute.ORIGINAL:
            outbox.send_refund(decision, leg.id, at=send_at, now=now)
    return legs


def _leg(
    customer_id: UUID, refund_id: UUID, amount: int, currency: str, *, attempt: PaymentAttempt | None, now: datetime
) -> RefundLeg:
    return RefundLeg(
        customer_id=customer_id,
        id=new_id(),
        refund_id=refund_id,
        route=(RefundRoute.ORIGINAL if attempt else RefundRoute.TRANSFER).value,
        attempt_id=attempt.id if attempt else None,
        channel=attempt.channel if attempt else "",
        out_refund_no=new_number("R"),
        amount_minor=amount,
        currency=currency,
        state=RefundState.CREATED.value,
        created_at=now,
        updated_at=now,
    )


def status_of(amount_minor: int, legs: Iterable[RefundLeg]) -> RefundStatus:
    """Done when all of it has left; a person's when one leg cannot go on by itself, or its channel contradicts us."""
    found = list(legs)
    if any(map(is_contradicted, found)):
        return RefundStatus.NEEDS_PERSON
    if sum(leg.amount_minor for leg in found if leg.state == RefundState.SUCCEEDED) == amount_minor:
        return RefundStatus.COMPLETED
    return RefundStatus.NEEDS_PERSON if any(map(needs_person, found)) else RefundStatus.OPEN


def is_contradicted(leg: RefundLeg) -> bool:
    """Its channel told what cannot be, a success of what had failed or another sum: nothing of the refund moves on
    until a person has looked.
    """
    return leg.code in CONTRADICTIONS


def needs_person(leg: RefundLeg) -> bool:
    if is_contradicted(leg):
        return True
    state = RefundState(leg.state)
    if leg.route == RefundRoute.TRANSFER:
        return state in (RefundState.CREATED, RefundState.SUBMITTED)
    return state is RefundState.ABNORMAL or (
        state in ASKED_ABOUT and (leg.retry == RetryMark.NEVER or leg.asked >= A_WEEK_OF_QUESTIONS)
    )


def may_be_settled_by_hand(leg: RefundLeg) -> bool:
    """It waits for a person at its channel, and the channel may never say how it ended."""
    is_open = RefundState(leg.state) in ASKED_ABOUT | {RefundState.ABNORMAL}
    return leg.route == RefundRoute.ORIGINAL and needs_person(leg) and (is_open or is_contradicted(leg))


def gone_back(customer_id: UUID, attempt_ids: Sequence[UUID], *, without: UUID | None = None) -> Mapping[UUID, int]:
    """Attempt to the sum that went back over it or may yet; `without` leaves one leg out."""
    legs = RefundLeg.objects.filter(customer_id=customer_id, attempt_id__in=list(attempt_ids))
    counted = legs.exclude(state__in=SPENT_STATES).exclude(id__in=[without] if without else [])
    return dict(counted.values_list("attempt_id").annotate(total=Sum("amount_minor")))
