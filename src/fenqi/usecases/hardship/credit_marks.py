"""Credit marks on record: told, objected to, answered, withdrawn, and read (P810)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.hardship.credit import NEXT_MARK_STATE, MarkState
from fenqi.records import locks
from fenqi.records.models import CreditMark
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox
from fenqi.usecases.hardship.errors import MarkNotReady, ObjectionNotPossible
from fenqi.usecases.hardship.policies import policy_on
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_OBJECTION, LONGEST_ANSWER, LONGEST_REASON = 1000, 1000, 200
LIVE = (MarkState.WARNED.value, MarkState.MARKED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkView:
    """One installment's record. `days_past_due` are those that counted when it was marked."""

    mark_id: UUID
    customer_id: UUID
    plan_id: UUID
    n: int
    due_on: date
    amount_minor: int
    currency: str
    state: MarkState
    report_on: date
    warned_at: datetime | None
    standstill: str
    marked_at: datetime | None
    days_past_due: int
    exported_at: datetime | None
    cleared_on: date | None
    ended_at: datetime | None
    ended_reason: str
    objection: str
    objected_at: datetime | None
    answer_by: date | None
    answer: str
    answered_at: datetime | None

    @property
    def may_object(self) -> bool:
        return self.objected_at is None and self.state in (MarkState.WARNED, MarkState.MARKED)

    @property
    def waits_for_answer(self) -> bool:
        return self.objected_at is not None and self.answered_at is None


def warning_subject(mark: CreditMark) -> str:
    """Of the notice that warns of it: each try is a notice of its own."""
    return f"change:{mark.id}:warned-{mark.tries}"


def note_warned(customer_id: UUID, mark_id: UUID, *, now: datetime) -> None:
    """The warning reached the customer. Told again, the first time stays."""
    CreditMark.objects.filter(customer_id=customer_id, id=mark_id, warned_at=None).update(warned_at=now, standstill="")


# The customer objects, staff answer ----------------------------------------------------------------------------------


def object_to_mark(customer_id: UUID, mark_id: UUID, *, words: str, now: datetime) -> date:
    """The customer says why it is wrong; the day by which it is answered. Nothing is reported meanwhile.

    Raises NotFound, InvalidInput, ObjectionNotPossible.
    """
    said = words.strip()[:LONGEST_OBJECTION]
    if not said:
        raise InvalidInput(where="objection", problem="say what is wrong", problem_zh="请写明哪里不对")
    with transaction.atomic():
        locks.customer(customer_id)
        mark = find_mark(customer_id, mark_id)
        if mark.objected_at is not None or mark.state not in LIVE:
            raise ObjectionNotPossible
        today = clock.business_date(now)
        answer_by = today + timedelta(days=policy_on(today).rules.objection_days)
        update(mark, objection=said, objected_at=now, answer_by=answer_by)
    return answer_by


def answer_objection(
    staff: Staff, customer_id: UUID, mark_id: UUID, *, upheld: bool, words: str, now: datetime
) -> None:
    """Upheld, the mark is withdrawn or never set. Raises NotPermitted, NotFound, InvalidInput, MarkNotReady."""
    staff.require(Permission.ANSWER_OBJECTIONS)
    said = words.strip()[:LONGEST_ANSWER]
    if not said:
        raise InvalidInput(where="answer", problem="give the reason", problem_zh="请写明理由")
    with transaction.atomic():
        locks.customer(customer_id)
        mark = find_mark(customer_id, mark_id)
        if mark.objected_at is None or mark.answered_at is not None:
            raise MarkNotReady
        update(mark, answer=said, answered_by=staff.actor, answered_at=now)
        decision = Decision(customer_id)
        if upheld and mark.state == MarkState.MARKED:
            withdraw(mark, said[:LONGEST_REASON], by=staff.actor, decision=decision, now=now)
        else:
            if upheld and mark.state == MarkState.WARNED:
                end(mark, MarkState.DROPPED, said[:LONGEST_REASON], by=staff.actor, now=now)
            outbox.about_credit_mark(decision, mark.id, at=polite_time(now), now=now)
        write(decision)
        _audit(staff, audit.Action.CREDIT_OBJECTION_ANSWERED, mark, reason=said[:LONGEST_REASON], now=now)


def withdraw_mark(staff: Staff, customer_id: UUID, mark_id: UUID, *, reason: str, now: datetime) -> None:
    """Staff found it wrong by themselves. Raises NotPermitted, NotFound, InvalidInput, MarkNotReady."""
    staff.require(Permission.ANSWER_OBJECTIONS)
    said = " ".join(reason.split())[:LONGEST_REASON]
    if not said:
        raise InvalidInput(where="reason", problem="say why", problem_zh="请写明原因")
    with transaction.atomic():
        locks.customer(customer_id)
        mark = find_mark(customer_id, mark_id)
        if mark.state != MarkState.MARKED:
            raise MarkNotReady
        decision = Decision(customer_id)
        withdraw(mark, said, by=staff.actor, decision=decision, now=now)
        write(decision)
        _audit(staff, audit.Action.CREDIT_MARK_WITHDRAWN, mark, reason=said, now=now)


def withdraw(mark: CreditMark, reason: str, *, by: str, decision: Decision, now: datetime) -> None:
    """It was marked and should not have been; the customer is told. The caller holds the lock."""
    end(mark, MarkState.WITHDRAWN, reason, by=by, now=now)
    outbox.about_credit_mark(decision, mark.id, at=polite_time(now), now=now)


def end(mark: CreditMark, state: MarkState, reason: str, *, by: str, now: datetime) -> bool:
    """Dropped before its day, or withdrawn after it. Raises MarkNotReady."""
    require_next(mark, state)
    update(mark, state=state.value, ended_at=now, ended_reason=reason, ended_by=by)
    return True


def require_next(mark: CreditMark, state: MarkState) -> None:
    """Raises MarkNotReady for a move that is not listed."""
    if not NEXT_MARK_STATE.get((MarkState(mark.state), state), False):
        raise MarkNotReady


def update(mark: CreditMark, **changes: object) -> None:
    """Store the changes. The caller holds the lock."""
    for name, value in changes.items():
        setattr(mark, name, value)
    CreditMark.objects.filter(customer_id=mark.customer_id, id=mark.id).update(**changes)


def _audit(staff: Staff, action: audit.Action, mark: CreditMark, *, reason: str, now: datetime) -> None:
    subject = f"credit_mark:{mark.id}"
    audit.record(staff.actor, action, customer_id=mark.customer_id, subject=subject, reason=reason, now=now)


# Reading -------------------------------------------------------------------------------------------------------------


def marks_of(customer_id: UUID, plan_id: UUID | None = None) -> tuple[MarkView, ...]:
    """Newest first; of one plan, or of all."""
    marks = CreditMark.objects.filter(customer_id=customer_id)
    if plan_id is not None:
        marks = marks.filter(plan_id=plan_id)
    return tuple(map(mark_view, marks.order_by("-noticed_at", "-id")))


def live_marks(customer_id: UUID) -> tuple[MarkView, ...]:
    """Announced or reported, over all plans; what was reported first."""
    found = (mark for mark in marks_of(customer_id) if mark.ended_at is None)
    return tuple(sorted(found, key=lambda mark: (mark.state is not MarkState.MARKED, mark.report_on)))


def find_mark(customer_id: UUID, mark_id: UUID) -> CreditMark:
    """Raises NotFound."""
    row = CreditMark.objects.filter(customer_id=customer_id, id=mark_id).first()
    if row is None:
        raise NotFound
    return row


def mark_view(row: CreditMark) -> MarkView:
    return MarkView(
        mark_id=row.id,
        customer_id=row.customer_id,
        plan_id=row.plan_id,
        n=row.n,
        due_on=row.due_on,
        amount_minor=row.amount_minor,
        currency=row.currency,
        state=MarkState(row.state),
        report_on=row.report_on,
        warned_at=row.warned_at,
        standstill=row.standstill,
        marked_at=row.marked_at,
        days_past_due=row.days_past_due,
        exported_at=row.exported_at,
        cleared_on=row.cleared_on,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        objection=row.objection,
        objected_at=row.objected_at,
        answer_by=row.answer_by,
        answer=row.answer,
        answered_at=row.answered_at,
    )
