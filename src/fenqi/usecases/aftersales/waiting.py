"""Cases that wait for their customer: reminded before the day, closed after it, and open to be applied for again."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseStep
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.steps import find_case, move

REMINDED_BEFORE = timedelta(days=2)
CLOSE = frozenset({CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED})
"""A changed quote is reminded of and never closed: the goods are here, and the money is the customer's."""
_WAITING = CLOSE | {CaseState.QUOTE_CHANGED}


def mind_waiting(customer_id: UUID, case_id: UUID, *, now: datetime) -> CaseState:
    """Remind the customer, or close the case, if it is time; where it stands then. Raises NotFound."""
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        due_on = closes_on(case)
        if due_on is not None and not _is_sent(case):
            today = clock.business_date(now)
            if due_on < today and CaseState(case.state) in CLOSE:
                move(decision, case, CaseSignal.EXPIRED, actor=audit.SYSTEM, now=now)
            elif due_on - REMINDED_BEFORE <= today and not _is_reminded(case):
                details = {"due_on": due_on.isoformat()}
                move(decision, case, CaseSignal.REMINDED, actor=audit.SYSTEM, details=details, now=now)
        write(decision)
    return CaseState(case.state)


def closes_on(case: AftersalesCase) -> date | None:
    """The last day for what the customer has to do; None where it is not the customer's turn."""
    state = CaseState(case.state)
    if state not in _WAITING:
        return None
    if state is CaseState.GOODS_AWAITED:
        return case.goods_due_on
    return deadlines.customers_due_day(rules_of_case.terms(case), asked_on=clock.business_date(_since(case)))


def _since(case: AftersalesCase) -> datetime:
    """When the case last came to where it stands."""
    steps = CaseStep.objects.filter(customer_id=case.customer_id, case_id=case.id, after=case.state)
    found: datetime = steps.exclude(before=case.state).order_by("-seq").values_list("at", flat=True)[0]
    return found


def _is_sent(case: AftersalesCase) -> bool:
    """The parcel is under way: it is the carrier's turn."""
    return case.state == CaseState.GOODS_AWAITED and bool(case.tracking_no)


def _is_reminded(case: AftersalesCase) -> bool:
    steps = CaseStep.objects.filter(
        customer_id=case.customer_id, case_id=case.id, signal=CaseSignal.REMINDED.value, at__gte=_since(case)
    )
    return steps.exists()
