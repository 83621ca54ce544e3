"""A refund is followed until it is there: by the channel's word, or when the last day of its window has passed.

What is late is traced: the channel is asked with the refund's number, staff see it, and the customer is told (P205).
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.payments.refunds import RefundState
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseStep, PartnerRefund
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales import endings
from fenqi.usecases.aftersales.queries import refunds_of
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.refunds.queries import LegView

_log = structlog.get_logger(__name__)


def follow_case(customer_id: UUID, case_id: UUID, *, now: datetime) -> CaseState:
    """See where the money of a case is, and move the case by it; where it stands then. Raises NotFound."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        if CaseState(case.state) not in (CaseState.REFUNDING, CaseState.COMPLETED):
            return CaseState(case.state)
        legs = [leg for refund in refunds_of(case) for leg in refund.ways]
        is_there = all(leg.arrived_on for leg in legs) and _is_with_the_lender(case)
        decision = Decision(customer_id)
        if case.state == CaseState.REFUNDING:
            _look_for_arrival(decision, case, legs, is_there=is_there, now=now)
        elif not is_there:
            move(decision, case, CaseSignal.CAME_BACK, actor=audit.SYSTEM, now=now)
        write(decision)
    return CaseState(case.state)


def _is_with_the_lender(case: AftersalesCase) -> bool:
    """Where a lender gets the value: that it has taken it; what it refuses goes to it again."""
    told = PartnerRefund.objects.filter(customer_id=case.customer_id, case_id=case.id)
    states = set(told.exclude(state=RefundState.FAILED.value).values_list("state", flat=True))
    return states <= {RefundState.SUCCEEDED.value} if states else not told.exists()


def _look_for_arrival(
    decision: Decision, case: AftersalesCase, legs: list[LegView], *, is_there: bool, now: datetime
) -> None:
    if is_there:
        move(decision, case, CaseSignal.ARRIVED, actor=audit.SYSTEM, now=now)
        endings.after_completion(decision, case, now)
        return
    late = [leg for leg in legs if _is_late(case, leg, now=now)]
    untraced = [leg for leg in late if leg.out_refund_no not in _traced(case)]
    if untraced:
        numbers = [leg.out_refund_no for leg in untraced]
        details = {"numbers": numbers, "channels": sorted({leg.channel for leg in untraced})}
        move(decision, case, CaseSignal.TRACED, actor=audit.SYSTEM, details=details, now=now)
        _log.error("refund_late", case_no=case.case_no, numbers=numbers)


def _is_late(case: AftersalesCase, leg: LegView, *, now: datetime) -> bool:
    """Past the last day of its own window, or of what was promised with the application."""
    if leg.arrived_on is not None:
        return False
    return min(leg.expected_by or case.promise_by, case.promise_by) < clock.business_date(now)


def _traced(case: AftersalesCase) -> frozenset[str]:
    """The numbers that were asked about before."""
    steps = CaseStep.objects.filter(
        customer_id=case.customer_id, case_id=case.id, signal=CaseSignal.TRACED.value
    ).values_list("details", flat=True)
    return frozenset(number for details in steps for number in details["numbers"])
