"""A case begins: its row, its lines, its number, its clocks and its first step, and the pause of the plan's bills."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.records import directory
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, AppliedVia, CaseKind, CaseLine, DirectoryKind
from fenqi.records.posting import Decision
from fenqi.usecases import clock
from fenqi.usecases.aftersales import pauses
from fenqi.usecases.aftersales.steps import keep_step
from fenqi.usecases.numbers import dated_number


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningLine:
    """Pieces of an order line, and what they are worth in minor units, part by part."""

    line_no: int
    pieces: int
    worth: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """All that a new case holds. `case_id` derives from what it is about, so that twice the same is one case."""

    case_id: UUID
    customer_id: UUID
    order_id: UUID
    plan_id: UUID | None
    kind: CaseKind
    reason: str
    lines: Sequence[OpeningLine]
    currency: str
    value_minor: int
    quote_id: UUID | None
    policy_code: str
    policy_version: int
    terms: deadlines.Terms
    rule: str = ""


def open_case(
    decision: Decision, opening: Opening, *, description: str = "", via: AppliedVia, actor: str, now: datetime
) -> AftersalesCase:
    """Make the case; the caller holds the customer's lock, has checked what is asked, and writes the decision."""
    promised = deadlines.promised(opening.terms, applied_at=now, applied_on=clock.business_date(now))
    case = AftersalesCase.objects.create(
        customer_id=opening.customer_id,
        id=opening.case_id,
        case_no=_numbered(opening, now=now),
        order_id=opening.order_id,
        plan_id=opening.plan_id,
        kind=opening.kind.value,
        reason=opening.reason,
        description=description,
        via=via.value,
        applied_by=actor,
        state=CaseState.SUBMITTED.value,
        policy_code=opening.policy_code,
        policy_version=opening.policy_version,
        rule=opening.rule,
        currency=opening.currency,
        value_minor=opening.value_minor,
        quote_id=opening.quote_id,
        review_due_at=promised.review_due_at,
        promise_by=promised.promise_by,
        law_by=promised.law_by,
        created_at=now,
        updated_at=now,
    )
    CaseLine.objects.bulk_create(
        CaseLine(
            customer_id=case.customer_id,
            id=new_id(),
            case_id=case.id,
            order_id=case.order_id,
            line_no=line.line_no,
            pieces=line.pieces,
            worth=dict(line.worth),
        )
        for line in opening.lines
    )
    details = {"quote_id": str(opening.quote_id)} if opening.quote_id else {}
    keep_step(decision, case, CaseSignal.APPLIED, before="", actor=actor, details=details, now=now)
    pauses.follow(decision, case, now=now)
    return case


def _numbered(opening: Opening, *, now: datetime) -> str:
    """A number that nobody has, taken for this case."""
    while True:
        number = dated_number("AS", clock.business_date(now))
        holder = directory.claim(
            DirectoryKind.CASE_NO, number, customer_id=opening.customer_id, target_id=opening.case_id
        )
        if holder.target_id == opening.case_id:
            return number
