"""Staff look at an application: take it, ask for more, approve or refuse it (R040-R046, P113).

Above the amount that the policy names two people approve; code refuses one person for both.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales import deadlines
from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.domain.aftersales.refusals import ANSWERS
from fenqi.domain.aftersales.rules import RULES, NextStep, RuleId
from fenqi.domain.errors import InvalidInput
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseKind, CaseStep
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.aftersales import rules_of_case
from fenqi.usecases.aftersales.attached import attach
from fenqi.usecases.aftersales.errors import SameReviewer
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.reserves.due import look_at_reserve
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_NOTE = 1_000
WITH_GOODS = frozenset({CaseKind.RETURN.value, CaseKind.EXCHANGE.value})
REFUSED_BY = frozenset({said.rule for said in ANSWERS.values()}) | frozenset(
    rule for rule, words in RULES.items() if words.next_step is not NextStep.APPLY
)
"""The rules that a refusal may name: those that refuse, and those that were cited and not met."""
LEFT_TO_DO = frozenset(NextStep) - {NextStep.APPLY}
"""What a customer who was refused can do; to apply is what was refused."""
_BEGIN_ANEW = (CaseSignal.MORE_ASKED.value, CaseSignal.ANSWERED.value)


def take(staff: Staff, customer_id: UUID, case_id: UUID, *, now: datetime) -> None:
    """Have the case in hand, or take it over from a colleague. Raises NotPermitted, NotFound, CaseMoveUnlisted."""
    staff.require(Permission.REVIEW_CASES)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        _take(decision, case, staff, now=now)
        _audit(staff, audit.Action.CASE_TAKEN, case, now=now)
        write(decision)


def ask_for_more(staff: Staff, customer_id: UUID, case_id: UUID, *, note: str, now: datetime) -> None:
    """Ask the customer for more evidence; `note` says what. Raises NotPermitted, NotFound, InvalidInput,
    CaseMoveUnlisted.
    """
    staff.require(Permission.REVIEW_CASES)
    note = checked_note(note, is_needed=True)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        _take_if_new(decision, case, staff, now=now)
        details = {"due_on": _customers_due_day(case, now=now).isoformat()}
        move(decision, case, CaseSignal.MORE_ASKED, actor=staff.actor, note=note, details=details, now=now)
        _audit(staff, audit.Action.CASE_EVIDENCE_ASKED, case, now=now)
        write(decision)


def answer(
    customer_id: UUID, case_id: UUID, *, note: str = "", evidence_ids: Sequence[UUID] = (), actor: str, now: datetime
) -> None:
    """What the customer was asked for, handed in. Raises NotFound, InvalidInput, EvidenceNotYours, CaseMoveUnlisted."""
    note = checked_note(note)
    if not note and not evidence_ids:
        raise InvalidInput(where="note", problem="say something or add a photo", problem_zh="请填写说明或添加照片")
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        details = {"evidence": len(evidence_ids)}
        move(decision, case, CaseSignal.ANSWERED, actor=actor, note=note, details=details, now=now)
        attach(case, evidence_ids)
        write(decision)


def approve(
    staff: Staff, customer_id: UUID, case_id: UUID, *, note: str = "", rule: str = "", now: datetime
) -> CaseState:
    """Approve, or be the first of two who do; where the case stands then.

    Once approved it moves by itself: to the goods, or to the money. Whoever applied for the customer approves nothing
    of it, neither alone nor as one of two.

    Raises NotPermitted, NotFound, InvalidInput, SameReviewer, CaseMoveUnlisted.
    """
    staff.require(Permission.REVIEW_CASES)
    note = checked_note(note)
    if rule:
        _check_rule(rule, frozenset(RuleId))
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        if staff.actor == case.applied_by:
            raise SameReviewer
        decision = Decision(customer_id)
        _take_if_new(decision, case, staff, now=now)
        if _lacks_a_second_person(case, staff):
            move(decision, case, CaseSignal.APPROVED_FIRST, actor=staff.actor, note=note, now=now)
        else:
            _approve(decision, case, staff, note=note, rule=rule, now=now)
        _audit(staff, audit.Action.CASE_APPROVED, case, now=now)
        write(decision)
    return CaseState(case.state)


def reject(
    staff: Staff, customer_id: UUID, case_id: UUID, *, rule: str, next_step: str, note: str, now: datetime
) -> None:
    """Refuse it: by a rule, with what the customer can do next, in words (R045).

    Until money moves: after the approval, too, when the goods never came or the inspection speaks against it.

    Raises NotPermitted, NotFound, InvalidInput, CaseMoveUnlisted.
    """
    staff.require(Permission.REVIEW_CASES)
    note = checked_note(note, is_needed=True)
    _check_rule(rule, REFUSED_BY)
    if next_step not in LEFT_TO_DO:
        raise InvalidInput(where="next_step", problem="not a known next step", problem_zh="请选择客户下一步可以做什么")
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        _take_if_new(decision, case, staff, now=now)
        move(
            decision,
            case,
            CaseSignal.REJECTED,
            actor=staff.actor,
            note=note,
            details={"rule": rule, "next_step": next_step},
            now=now,
            rule=rule,
            next_step=next_step,
            decided_by=staff.actor,
            decided_at=now,
            decision_note=note,
        )
        look_at_reserve(decision, case.order_id, now=now)
        _audit(staff, audit.Action.CASE_REJECTED, case, now=now)
        write(decision)


def checked_note(note: str, *, is_needed: bool = False) -> str:
    """Raises InvalidInput."""
    note = note.strip()
    if len(note) > LONGEST_NOTE or (is_needed and not note):
        raise InvalidInput(
            where="note",
            problem=f"1 to {LONGEST_NOTE} characters are expected",
            problem_zh=f"请填写 1 至 {LONGEST_NOTE} 个字",
        )
    return note


def _check_rule(rule: str, known: frozenset[RuleId]) -> None:
    """Raises InvalidInput."""
    if rule not in known:
        raise InvalidInput(
            where="rule", problem="not a rule that this can be decided by", problem_zh="请选择作出决定所依据的规则"
        )


def approvals_of(case: AftersalesCase) -> tuple[str, ...]:
    """Who has approved what the case is now: more evidence makes it another decision."""
    steps = CaseStep.objects.filter(customer_id=case.customer_id, case_id=case.id).order_by("seq")
    actors: list[str] = []
    for signal, actor in steps.values_list("signal", "actor"):
        if signal in _BEGIN_ANEW:
            actors.clear()
        elif signal in (CaseSignal.APPROVED_FIRST, CaseSignal.APPROVED):
            actors.append(actor)
    return tuple(actors)


def needs_two_people(case: AftersalesCase) -> bool:
    return case.value_minor > rules_of_case.two_people_above_minor(case)


def _lacks_a_second_person(case: AftersalesCase, staff: Staff) -> bool:
    """Raises SameReviewer."""
    if not needs_two_people(case):
        return False
    approved = approvals_of(case)
    if staff.actor in approved:
        raise SameReviewer
    return not approved


def _approve(decision: Decision, case: AftersalesCase, staff: Staff, *, note: str, rule: str, now: datetime) -> None:
    move(
        decision,
        case,
        CaseSignal.APPROVED,
        actor=staff.actor,
        note=note,
        now=now,
        rule=rule or case.rule,
        decided_by=staff.actor,
        decided_at=now,
        decision_note=note,
    )
    if case.kind not in WITH_GOODS:
        outbox.about_case(decision, outbox.EXECUTE_CASE, case.id, now=now)
        return
    due_on = _customers_due_day(case, now=now)
    details = {"due_on": due_on.isoformat()}
    move(
        decision,
        case,
        CaseSignal.GOODS_CALLED,
        actor=audit.SYSTEM,
        details=details,
        now=now,
        goods_due_on=due_on,
    )


def _customers_due_day(case: AftersalesCase, *, now: datetime) -> date:
    """The last day for what the customer is asked for now."""
    return deadlines.customers_due_day(rules_of_case.terms(case), asked_on=clock.business_date(now))


def _take_if_new(decision: Decision, case: AftersalesCase, staff: Staff, *, now: datetime) -> None:
    """Whoever decides has it in hand."""
    if case.state == CaseState.SUBMITTED:
        _take(decision, case, staff, now=now)


def _take(decision: Decision, case: AftersalesCase, staff: Staff, *, now: datetime) -> None:
    move(decision, case, CaseSignal.TAKEN, actor=staff.actor, now=now, agent=staff.actor)


def _audit(staff: Staff, action: audit.Action, case: AftersalesCase, *, now: datetime) -> None:
    audit.record(
        staff.actor,
        action,
        customer_id=case.customer_id,
        subject=f"case:{case.case_no}",
        details={"state": case.state, "value_minor": case.value_minor, "currency": case.currency},
        now=now,
    )
