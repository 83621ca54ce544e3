"""Bills while a return is open: no late fee, no credit mark, and auto-debit leaves what is disputed (P809).

The pause begins with the application, ends with the case, and needs nobody to end it.
"""

from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from fenqi.domain.aftersales.cases import MONEY_MOVED
from fenqi.domain.plans import parse_event
from fenqi.records.identifiers import derived_id
from fenqi.records.models import (
    AftersalesCase,
    AgreementStatus,
    CaseKind,
    DebitAgreement,
    NoFaultCause,
    QuoteRecord,
)
from fenqi.records.posting import Decision
from fenqi.usecases import outbox
from fenqi.usecases.closing.correct import after_no_fault
from fenqi.usecases.plan_file import PlanFile


def follow(decision: Decision, case: AftersalesCase, *, now: datetime) -> None:
    """Pause the plan's bills while the case is open, resume them when it has ended, and plan the next debit anew.

    A price difference pauses nothing: the goods stay, and so does what is owed for them.
    """
    if case.plan_id is None:
        return
    if case.kind != CaseKind.PRICE_DIFFERENCE:
        _pause(decision, case, now=now)
    active = DebitAgreement.objects.filter(
        customer_id=case.customer_id, plan_id=case.plan_id, status=AgreementStatus.ACTIVE
    ).first()
    if active is not None:
        outbox.about_agreement(decision, outbox.PLAN_DEBIT, active.id, at=now, now=now)


def _pause(decision: Decision, case: AftersalesCase, *, now: datetime) -> None:
    assert case.plan_id is not None
    decision.add(
        "no_fault_period",
        {
            "id": derived_id("no_fault", case.id, NoFaultCause.RETURN_OPEN.value),
            "plan_id": case.plan_id,
            "attempt_id": None,
            "cause": NoFaultCause.RETURN_OPEN.value,
            "starts_at": case.created_at,
            "ends_at": case.closed_at,
            "evidence": {"case_no": case.case_no},
            "recorded_at": now,
        },
    )
    after_no_fault(decision, case.plan_id, now=now)


def undisputed(file: PlanFile) -> PlanFile:
    """The plan as it would be if every open return were granted as quoted: what auto-debit may ask for.

    A row that a return would cancel is thereby left alone, one that it would lower is debited by the rest.
    """
    open_cases = AftersalesCase.objects.filter(
        customer_id=file.customer_id, plan_id=file.plan_id, closed_at=None, quote_id__isnull=False
    ).exclude(Q(state__in=[state.value for state in MONEY_MOVED]) | Q(kind=CaseKind.EXCHANGE))
    quotes = QuoteRecord.objects.filter(
        customer_id=file.customer_id, id__in=list(open_cases.values_list("quote_id", flat=True))
    )
    disputed = [
        replace(parse_event(event), id=f"{quote.id}.{event['id']}")
        for quote in quotes.order_by("created_at", "id")
        for event in quote.body["events"]
    ]
    return replace(file, events=(*file.events, *disputed))
