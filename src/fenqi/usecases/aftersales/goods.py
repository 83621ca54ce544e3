"""The goods come back: the customer says how they were sent, the warehouse says what came (P107, P108)."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.errors import InvalidInput
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseKind, CaseLine
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.errors import DeductionAboveWorth
from fenqi.usecases.aftersales.review import checked_note
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.staff.permissions import Permission, Staff

Deductions = Mapping[int, tuple[int, str]]
"""Line number to minor units taken off and the finding that the customer reads."""

_TRACKING_NO = re.compile(r"[0-9A-Za-z-]{6,40}")
_LONGEST_CARRIER = 40


def note_sent(customer_id: UUID, case_id: UUID, *, carrier: str, tracking_no: str, actor: str, now: datetime) -> None:
    """The customer has sent the goods; said again, it corrects the number. Raises NotFound, InvalidInput,
    CaseMoveUnlisted.
    """
    carrier, tracking_no = carrier.strip(), tracking_no.strip()
    if not 0 < len(carrier) <= _LONGEST_CARRIER:
        raise InvalidInput(where="carrier", problem="who carries the parcel", problem_zh="请填写快递公司")
    if _TRACKING_NO.fullmatch(tracking_no) is None:
        raise InvalidInput(
            where="tracking_no",
            problem="6 to 40 letters, digits and hyphens",
            problem_zh="应为 6 至 40 位字母、数字或短横",
        )
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        move(
            decision,
            case,
            CaseSignal.SENT,
            actor=actor,
            details={"carrier": carrier, "tracking_no": tracking_no},
            now=now,
            carrier=carrier,
            tracking_no=tracking_no,
        )
        write(decision)


def receive(
    staff: Staff,
    customer_id: UUID,
    case_id: UUID,
    *,
    deductions: Deductions | None = None,
    note: str = "",
    now: datetime,
) -> CaseState:
    """The goods are here and were looked at: the money moves by itself now, or the replacement is due.

    A deduction makes another quote, which the customer must confirm. Raises NotPermitted, NotFound, InvalidInput,
    DeductionAboveWorth, CaseMoveUnlisted.
    """
    staff.require(Permission.RECEIVE_GOODS)
    note = checked_note(note)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        found = dict(deductions or {})
        move(
            decision,
            case,
            CaseSignal.RECEIVED,
            actor=staff.actor,
            note=note,
            details={"deductions": {str(line_no): minor for line_no, (minor, _) in found.items()}},
            now=now,
            goods_received_at=now,
            law_by=_law_by(case, now=now),
        )
        _deduct(case, found)
        if case.kind == CaseKind.EXCHANGE:
            move(decision, case, CaseSignal.REPLACEMENT_DUE, actor=audit.SYSTEM, now=now)
        else:
            outbox.about_case(decision, outbox.EXECUTE_CASE, case.id, now=now)
        audit.record(
            staff.actor,
            audit.Action.GOODS_RECEIVED,
            customer_id=customer_id,
            subject=f"case:{case.case_no}",
            details={"deducted_minor": sum(minor for minor, _ in found.values())},
            now=now,
        )
        write(decision)
    return CaseState(case.state)


def _law_by(case: AftersalesCase, *, now: datetime) -> object:
    return deadlines.law_by(
        rules_of_case.terms(case),
        applied_on=clock.business_date(case.created_at),
        received_on=clock.business_date(now),
    )


def _deduct(case: AftersalesCase, deductions: Deductions) -> None:
    """Raises InvalidInput, DeductionAboveWorth."""
    lines = {line.line_no: line for line in CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id)}
    for line_no, (minor, note) in deductions.items():
        line = lines.get(line_no)
        if line is None or case.kind == CaseKind.EXCHANGE:
            raise InvalidInput(where="deductions", problem="nothing is refunded for it", problem_zh="该行没有退款可扣")
        worth = int(line.worth.get("value", 0))
        if minor < 0 or minor > worth:
            raise DeductionAboveWorth(line_no=line_no, worth_minor=worth)
        CaseLine.objects.filter(customer_id=case.customer_id, id=line.id).update(
            deduction_minor=minor, deduction_note=checked_note(note, is_needed=minor > 0)
        )
