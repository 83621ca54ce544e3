"""The one way a case moves: its row, the step that is kept for ever, and what is told and done because of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from fenqi.domain.aftersales.cases import CLOSED, CaseSignal, CaseState, next_state
from fenqi.domain.errors import NotFound
from fenqi.records.models import AftersalesCase, CaseLine, CaseStep, OrderLine
from fenqi.records.posting import Decision
from fenqi.usecases import audit, outbox
from fenqi.usecases.aftersales import pauses
from fenqi.usecases.notices.quiet_hours import polite_time

_TOLD_OF = frozenset(
    {
        CaseSignal.APPLIED,
        CaseSignal.MORE_ASKED,
        CaseSignal.GOODS_CALLED,
        CaseSignal.REJECTED,
        CaseSignal.REMINDED,
        CaseSignal.EXPIRED,
        CaseSignal.QUOTE_CHANGED,
        CaseSignal.EXECUTED,
        CaseSignal.CONFIRMED,
        CaseSignal.REPLACEMENT_SENT,
        CaseSignal.CANNOT_REPLACE,
        CaseSignal.TRACED,
        CaseSignal.ARRIVED,
        CaseSignal.CAME_BACK,
    }
)
"""What the customer is told of by text message."""

_AT_ONCE = frozenset({CaseSignal.APPLIED, CaseSignal.CONFIRMED})
"""The answer to what the customer has just done; all else waits for a polite hour (P1103)."""


def find_case(customer_id: UUID, case_id: UUID) -> AftersalesCase:
    """Raises NotFound, of another customer's case too."""
    case = AftersalesCase.objects.filter(customer_id=customer_id, id=case_id).first()
    if case is None:
        raise NotFound
    return case


def is_formal(step: CaseStep) -> bool:
    """A review that only the table of moves asks for: an offer of ours is approved by being made, by nobody."""
    return step.signal == CaseSignal.TAKEN and step.actor == audit.SYSTEM


def is_approved_offer(case: AftersalesCase) -> bool:
    """Whether the customer took an offer of ours that nobody reviews."""
    steps = CaseStep.objects.filter(customer_id=case.customer_id, case_id=case.id, signal=CaseSignal.TAKEN.value)
    return any(is_formal(step) for step in steps)


def title_of(case: AftersalesCase) -> str:
    """What the goods are called: the first line that the case is about."""
    lines = CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("line_no")
    bought = OrderLine.objects.filter(
        customer_id=case.customer_id,
        order_id=case.order_id,
        line_no__in=list(lines.values_list("line_no", flat=True)[:1]),
    )
    return bought.values_list("name", flat=True).first() or ""


def move(
    decision: Decision,
    case: AftersalesCase,
    signal: CaseSignal,
    *,
    actor: str,
    note: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime,
    **changes: Any,
) -> CaseState:
    """Move the case, which the caller has read under the customer's lock, and keep the step; `changes` are columns.

    A case that ends resumes the bills of its plan. Raises CaseMoveUnlisted.
    """
    before = CaseState(case.state)
    after = next_state(before, signal)
    closed_at = (case.closed_at or now) if after in CLOSED else None
    changes |= {"state": after.value, "updated_at": now, "closed_at": closed_at}
    AftersalesCase.objects.filter(customer_id=case.customer_id, id=case.id).update(**changes)
    for name, value in changes.items():
        setattr(case, name, value)
    keep_step(decision, case, signal, before=before.value, actor=actor, note=note, details=details, now=now)
    if (before in CLOSED) is not (after in CLOSED):
        pauses.follow(decision, case, now=now)
    return after


def keep_step(
    decision: Decision,
    case: AftersalesCase,
    signal: CaseSignal,
    *,
    before: str,
    actor: str,
    note: str = "",
    details: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write the step down, and have the customer told where that is due."""
    steps = CaseStep.objects.filter(customer_id=case.customer_id, case_id=case.id)
    seq = (steps.aggregate(last=Max("seq"))["last"] or 0) + 1
    CaseStep.objects.create(
        customer_id=case.customer_id,
        case_id=case.id,
        seq=seq,
        signal=signal.value,
        before=before,
        after=case.state,
        actor=actor,
        note=note,
        details=dict(details or {}),
        at=now,
    )
    if signal in _TOLD_OF:
        outbox.tell_of_case(decision, case.id, seq=seq, at=now if signal in _AT_ONCE else polite_time(now), now=now)
