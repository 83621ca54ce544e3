"""Tell customers of promises, changes of their plan and credit marks: once each, and checked before sending."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from uuid import UUID

from fenqi.domain.hardship.changes import ChangeKind, ChangeState
from fenqi.domain.hardship.credit import MarkState
from fenqi.domain.hardship.promises import PromiseState
from fenqi.records.models import CreditMark, OrderLine, Plan, PlanChange
from fenqi.usecases.hardship.contacts import note_message
from fenqi.usecases.hardship.credit_marks import find_mark, note_warned, warning_subject
from fenqi.usecases.hardship.promises import find_promise
from fenqi.usecases.hardship.rows import find_change
from fenqi.usecases.notices.reached import has_reached
from fenqi.usecases.notices.sending import TITLE_CHARACTERS, send_once, written_amount
from fenqi.usecases.notices.templates import Message

Params = Callable[[str], Mapping[str, str]]


def tell_promise_broken(customer_id: UUID, promise_id: UUID, *, now: datetime) -> bool:
    """Not of one that was kept after all. Whether one was sent. Raises NotFound, NoticeUnanswered."""
    promise = find_promise(customer_id, promise_id)
    if promise.state is not PromiseState.BROKEN:
        return False

    def params(language: str) -> dict[str, str]:
        return {
            "title": _title(customer_id, promise.plan_id),
            "amount": written_amount(promise.amount_minor, promise.currency, language),
            "by": promise.pay_by.isoformat(),
        }

    sent = send_once(
        customer_id, Message.PROMISE_BROKEN, subject=f"promise:{promise_id}:broken", params=params, now=now
    )
    if sent:
        note_message(customer_id, promise.plan_id, key=f"promise:{promise_id}:broken", now=now)
    return sent


_OF_DONE: Mapping[ChangeKind, Message] = {
    ChangeKind.EXTENSION: Message.PLAN_EXTENDED,
    ChangeKind.RESCHEDULE: Message.PLAN_RESCHEDULED,
    ChangeKind.WAIVER: Message.PLAN_WAIVED,
    ChangeKind.CHARGE_OFF: Message.PLAN_CHARGED_OFF,
}


def tell_change(customer_id: UUID, change_id: UUID, *, now: datetime) -> bool:
    """That a new schedule waits for the customer's word, or that a change is done. Raises as above."""
    change = find_change(customer_id, change_id)
    if change.state == ChangeState.OFFERED:
        message = Message.RESCHEDULE_OFFERED
    elif change.state == ChangeState.DONE:
        message = _OF_DONE[ChangeKind(change.kind)]
    else:
        return False
    subject = f"change:{change_id}:{change.state}"
    return send_once(customer_id, message, subject=subject, params=partial(_of_change, change), now=now)


def _of_change(change: PlanChange, language: str) -> dict[str, str]:
    rows = change.after["rows"]
    first = rows[0]["due_on"] if rows else change.proposed_at.date().isoformat()
    waiting = change.state == ChangeState.OFFERED and change.offered_until
    moved = ChangeKind(change.kind) is ChangeKind.RESCHEDULE
    count = change.body.get("installments", len(rows))
    facts = {
        "title": _title(change.customer_id, change.plan_id),
        "amount": written_amount(change.amount_minor, change.currency, language),
        "by": change.offered_until.isoformat() if waiting and change.offered_until else _first(change, first),
    }
    if moved:
        return {**facts, "count": str(count)}
    if change.kind == ChangeKind.WAIVER:
        del facts["by"]
    if change.kind == ChangeKind.CHARGE_OFF:
        del facts["by"], facts["amount"]
    if change.kind != ChangeKind.EXTENSION:
        owed = Plan.objects.values_list("outstanding_minor", flat=True).get(
            customer_id=change.customer_id, id=change.plan_id
        )
        return {**facts, "left": written_amount(owed, change.currency, language)}
    return facts


def _first(change: PlanChange, otherwise: str) -> str:
    """The day that a change of dates leads to."""
    if change.kind == ChangeKind.RESCHEDULE:
        return str(change.body["first_due_on"])
    moved = (row["due_on"] for row in change.after["rows"] if row["n"] == change.body.get("from_row"))
    return str(next(moved, otherwise))


def tell_credit_mark(customer_id: UUID, mark_id: UUID, *, now: datetime) -> bool:
    """Where it stands; a warning that reached the customer is noted, for without it nothing is reported."""
    mark = find_mark(customer_id, mark_id)
    message, detail = _news(mark)
    if message is None:
        return False
    subject = warning_subject(mark) if message is Message.CREDIT_WARNING else f"change:{mark_id}:{detail}"
    sent = send_once(customer_id, message, subject=subject, params=partial(_of_mark, mark), now=now)
    if message is Message.CREDIT_WARNING and has_reached(customer_id, message, subject):
        note_warned(customer_id, mark_id, now=now)
        note_message(customer_id, mark.plan_id, key=f"mark:{mark_id}:warned-{mark.tries}", now=now)
    return sent


def _news(mark: CreditMark) -> tuple[Message | None, str]:
    if mark.answered_at is not None and mark.state != MarkState.WITHDRAWN:
        return Message.CREDIT_OBJECTION_ANSWERED, "answered"
    match MarkState(mark.state):
        case MarkState.WARNED:
            if mark.warned_at is not None:
                return None, ""
            return Message.CREDIT_WARNING, "warned"
        case MarkState.MARKED:
            return Message.CREDIT_MARKED, "marked"
        case MarkState.WITHDRAWN:
            return Message.CREDIT_MARK_WITHDRAWN, "withdrawn"
        case _:
            return None, ""


def _of_mark(mark: CreditMark, language: str) -> dict[str, str]:
    facts = {"title": _title(mark.customer_id, mark.plan_id)}
    _message, detail = _news(mark)
    if detail != "answered":
        facts["amount"] = written_amount(mark.amount_minor, mark.currency, language)
    if detail.startswith("warned"):
        facts["by"] = _day(mark.report_on)
    return facts


def _day(on: date) -> str:
    return on.isoformat()


def _title(customer_id: UUID, plan_id: UUID) -> str:
    plan = Plan.objects.get(customer_id=customer_id, id=plan_id)
    line = OrderLine.objects.filter(customer_id=customer_id, order_id=plan.order_id).order_by("line_no").first()
    return line.name[:TITLE_CHARACTERS].strip() if line else ""
