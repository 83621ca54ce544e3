"""Cases that wait for their customer: reminded before the day, closed after it, and open to be applied for again.

Two are never closed by themselves, since the goods may be ours already: a parcel under way and a changed quote. Once
they have waited long enough somebody of ours looks at them.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

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

_BEGAN_TO_WAIT = Q(signal=CaseSignal.SENT.value) | (
    Q(after=CaseState.QUOTE_CHANGED.value) & ~Q(before=CaseState.QUOTE_CHANGED.value)
)
"""The steps of which the first begins it: a number that is corrected and a quote that changes once more do not."""


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


def may_be_minded(*, today: date) -> Q:
    """For the database: the cases of which `mind_waiting` might remind the customer, or which it might close."""
    last_word = CaseStep.objects.filter(
        customer_id=OuterRef("customer_id"), case_id=OuterRef("id"), at=OuterRef("updated_at")
    )
    goods = Q(state=CaseState.GOODS_AWAITED.value, tracking_no="", goods_due_on__lte=today + REMINDED_BEFORE)
    asked = Q(state=CaseState.EVIDENCE_ASKED.value)
    # A changed quote is never closed: once reminded of, there is no more to do.
    offered = Q(~Exists(last_word.filter(signal=CaseSignal.REMINDED.value)), state=CaseState.QUOTE_CHANGED.value)
    return goods | asked | offered


def closes_on(case: AftersalesCase) -> date | None:
    """The last day for what the customer has to do; None where it is not the customer's turn."""
    state = CaseState(case.state)
    if state not in _WAITING:
        return None
    if state is CaseState.GOODS_AWAITED:
        return case.goods_due_on
    return deadlines.customers_due_day(rules_of_case.terms(case), asked_on=clock.business_date(_since(case)))


def our_turn_after(cases: Iterable[AftersalesCase]) -> dict[UUID, date]:
    """Of those that are never closed: the last day on which they wait for the customer, or for the carrier."""
    waiting = {case.id: case for case in cases if _is_sent(case) or case.state == CaseState.QUOTE_CHANGED}
    steps = CaseStep.objects.filter(
        _BEGAN_TO_WAIT, customer_id__in={case.customer_id for case in waiting.values()}, case_id__in=list(waiting)
    )
    began: dict[UUID, datetime] = {}
    for case_id, after, at in steps.order_by("seq").values_list("case_id", "after", "at"):
        if after == waiting[case_id].state:
            began.setdefault(case_id, at)
    return {case_id: _last_day(waiting[case_id], clock.business_date(at)) for case_id, at in began.items()}


def is_our_turn(*, today: date) -> Q:
    """`our_turn_after`, for the database: what has waited for longer. Read over all customers."""
    began = CaseStep.objects.filter(
        _BEGAN_TO_WAIT, customer_id=OuterRef("customer_id"), case_id=OuterRef("id"), after=OuterRef("state")
    )

    def before(days: int) -> Exists:
        return Exists(began.filter(at__lt=clock.end_of_business_day(today - timedelta(days=days + 1))))

    ours = Q(before(deadlines.PARCEL_DAYS), ~Q(tracking_no=""), state=CaseState.GOODS_AWAITED.value)
    changed = AftersalesCase.objects.filter(closed_at=None, state=CaseState.QUOTE_CHANGED.value)
    for code, version in changed.values_list("policy_code", "policy_version").distinct():
        terms = rules_of_case.terms_of(rules_of_case.policy_version(code, version))
        ours |= Q(
            before(terms.goods_due_days),
            state=CaseState.QUOTE_CHANGED.value,
            policy_code=code,
            policy_version=version,
        )
    return ours


def _last_day(case: AftersalesCase, began_on: date) -> date:
    if case.state == CaseState.GOODS_AWAITED:
        return deadlines.parcel_due_day(sent_on=began_on)
    return deadlines.customers_due_day(rules_of_case.terms(case), asked_on=began_on)


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
