"""The money of an approved case moves: plan, books, projection, refund and case in one transaction.

How it moves is a matter of the case's kind: one function for each, named in `EXECUTORS`.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.cases import MONEY_MOVED, CaseMoveUnlisted, CaseSignal, CaseState
from fenqi.records import locks
from fenqi.records.locks import LockedCustomer
from fenqi.records.models import AftersalesCase, CaseKind
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.aftersales import endings
from fenqi.usecases.aftersales.errors import RefundQuoteChanged
from fenqi.usecases.aftersales.moved import Moved
from fenqi.usecases.aftersales.quoting import WorkedOut
from fenqi.usecases.aftersales.returning import asked_anew, carry_out_return, newest_quote, take_quote
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.price_protection.execute import carry_out_difference

Executor = Callable[[Decision, LockedCustomer, AftersalesCase, datetime, WorkedOut | None], Moved | None]
"""Puts the money of a case into the decision; None when the case must wait for its customer instead. The last is what a
lender was asked about before the lock was taken.
"""

EXECUTORS: dict[CaseKind, Executor] = {
    CaseKind.RETURN: carry_out_return,
    CaseKind.REFUND_ONLY: carry_out_return,
    CaseKind.PRICE_DIFFERENCE: carry_out_difference,
}

_TO_EXECUTE = frozenset({CaseState.APPROVED, CaseState.GOODS_RECEIVED})


def execute_case(customer_id: UUID, case_id: UUID, *, now: datetime) -> CaseState:
    """Let the money of a case move, if it is time; where the case stands then. Any number of calls move it once.

    Raises NotFound.
    """
    case = find_case(customer_id, case_id)
    if CaseState(case.state) not in _TO_EXECUTE:
        return CaseState(case.state)
    asked = asked_anew(case, case.quote_id, now=now)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        if CaseState(case.state) in _TO_EXECUTE:
            _carry_out(locked, case, CaseSignal.EXECUTED, asked, actor=audit.SYSTEM, now=now)
    return CaseState(case.state)


def confirm_quote(customer_id: UUID, case_id: UUID, quote_id: UUID, *, actor: str, now: datetime) -> CaseState:
    """The customer takes the new quote, and its money moves; where the case stands then.

    When the facts have changed once more, yet another quote waits to be confirmed. Confirmed twice, it moves once.
    Raises NotFound, RefundQuoteChanged, CaseMoveUnlisted.
    """
    asked = asked_anew(find_case(customer_id, case_id), quote_id, now=now)
    with transaction.atomic(durable=True):
        locked = locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        if CaseState(case.state) in MONEY_MOVED and case.quote_id == quote_id:
            return CaseState(case.state)
        if case.state != CaseState.QUOTE_CHANGED:
            raise CaseMoveUnlisted(state=case.state, signal=CaseSignal.CONFIRMED.value)
        offered = newest_quote(case)
        if offered is None or offered.id != quote_id:
            raise RefundQuoteChanged
        take_quote(case, offered.id, offered.value_minor)
        _carry_out(locked, case, CaseSignal.CONFIRMED, asked, actor=actor, now=now)
    return CaseState(case.state)


def _carry_out(
    locked: LockedCustomer,
    case: AftersalesCase,
    signal: CaseSignal,
    asked: WorkedOut | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    """All of it is written together, or none."""
    decision = Decision(case.customer_id)
    moved = EXECUTORS[CaseKind(case.kind)](decision, locked, case, now, asked)
    if moved is None:
        write(decision)
        return
    move(decision, case, signal, actor=actor, details=moved.to_mapping(), now=now)
    endings.after_execution(decision, case, now)
    if not moved.goes_on:
        move(decision, case, CaseSignal.ARRIVED, actor=audit.SYSTEM, now=now)
        endings.after_completion(decision, case, now)
    write(decision)
    if moved.refund_ids:  # only now are they on record
        AftersalesCase.objects.filter(customer_id=case.customer_id, id=case.id).update(refund_id=moved.refund_ids[0])
