"""The case is taken back, at any time before money moves."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.records import locks
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.aftersales.review import checked_note
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.staff.permissions import Permission, Staff


def withdraw(customer_id: UUID, case_id: UUID, *, actor: str, note: str = "", now: datetime) -> None:
    """By the customer. Goods that are here already are sent back. Raises NotFound, InvalidInput, CaseMoveUnlisted."""
    note = checked_note(note)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        move(decision, case, CaseSignal.WITHDRAWN, actor=actor, note=note, now=now)
        write(decision)


def withdraw_for(staff: Staff, customer_id: UUID, case_id: UUID, *, note: str, now: datetime) -> None:
    """By an agent, at the customer's word; `note` says how that came. Raises as `withdraw`, and NotPermitted."""
    staff.require(Permission.REVIEW_CASES)
    note = checked_note(note, is_needed=True)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        move(decision, case, CaseSignal.WITHDRAWN, actor=staff.actor, note=note, now=now)
        audit.record(
            staff.actor, audit.Action.CASE_WITHDRAWN, customer_id=customer_id, subject=f"case:{case.case_no}", now=now
        )
        write(decision)
