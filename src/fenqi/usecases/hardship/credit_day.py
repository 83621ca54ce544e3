"""What a day says of credit marks: announced with day and sum, set only after that, dropped or taken back (P810)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from fenqi.domain.hardship.credit import (
    MarkState,
    Standstill,
    counted_days,
    earliest_mark,
    is_to_be_warned,
    report_on,
)
from fenqi.domain.plans import Row
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import CreditMark
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit, clock, outbox, plan_file
from fenqi.usecases.hardship.circumstances import Circumstances, circumstances
from fenqi.usecases.hardship.credit_marks import LIVE, end, require_next, update, warning_subject, withdraw
from fenqi.usecases.hardship.policies import PublishedHelp, policy_on
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.notices.reached import was_lost
from fenqi.usecases.notices.templates import Message
from fenqi.usecases.partners.queries import repaid_elsewhere
from fenqi.usecases.plan_file import PlanFile

TOLD_AGAIN_AFTER = timedelta(days=3)
"""A warning that did not reach the customer is tried again; unless one does, nothing is reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at a plan goes by."""

    file: PlanFile
    found: Circumstances
    policy: PublishedHelp
    decision: Decision
    now: datetime

    def counted(self, row: Row, on: date) -> int:
        return counted_days(self.file.terms, row, on, self.found.exempt)


def look_at_marks(customer_id: UUID, plan_id: UUID, *, day: date, now: datetime) -> int:
    """Announce, set, drop or take back what the day says of the plan's rows; how many rows changed. Raises NotFound.

    What is late is judged as of the day, which a catch-up closes afterwards; what is told is told now.
    A lender that collects its installments itself tells and reports by itself.
    """
    with transaction.atomic():
        locks.customer(customer_id)
        file = plan_file.read(customer_id, plan_id)
        if repaid_elsewhere([file.provider]):
            return 0
        found = circumstances(file, now=now, day=day)
        look = _Look(file=file, found=found, policy=policy_on(found.today), decision=Decision(customer_id), now=now)
        live = CreditMark.objects.filter(customer_id=customer_id, plan_id=plan_id, state__in=LIVE)
        changed = sum(_look_at(mark, look) for mark in live.order_by("due_on", "n"))
        changed += sum(1 for _ in _announced(look))
        write(look.decision)
    return changed


def _announced(look: _Look) -> Iterator[CreditMark]:
    """New warnings, for rows that have none; none while something stands still."""
    found = look.found
    if found.is_blocked or found.is_disputed or found.today in found.exempt:
        return
    known = _known(look.file)
    for row in found.state.rows:
        if (row.n, row.due_on) in known:
            continue
        if is_to_be_warned(look.policy.rules, look.file.terms, row, today=found.today, exempt=found.exempt):
            yield _announce(row, look)


def _known(file: PlanFile) -> set[tuple[int, date]]:
    """Rows with a notice or a mark; one that was withdrawn, or dropped after an objection, is not set once more."""
    marks = CreditMark.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id)
    return {(mark.n, mark.due_on) for mark in marks if mark.state != MarkState.DROPPED or mark.answered_at is not None}


def _announce(row: Row, look: _Look) -> CreditMark:
    found, policy = look.found, look.policy
    told_at = polite_time(look.now)
    by_days = report_on(policy.rules, look.file.terms, row, today=found.today, exempt=found.exempt)
    mark = CreditMark.objects.create(
        customer_id=look.file.customer_id,
        id=new_id(),
        plan_id=look.file.plan_id,
        n=row.n,
        due_on=row.due_on,
        amount_minor=row.outstanding.total,
        currency=look.file.terms.currency,
        state=MarkState.WARNED.value,
        report_on=max(by_days, earliest_mark(policy.rules, clock.business_date(told_at))),
        policy_version=policy.version,
        noticed_at=look.now,
    )
    outbox.about_credit_mark(look.decision, mark.id, at=told_at, now=look.now)
    return mark


def _look_at(mark: CreditMark, look: _Look) -> bool:
    """Whether the day changed it."""
    row = next((row for row in look.found.state.rows if (row.n, row.due_on) == (mark.n, mark.due_on)), None)
    if row is None or not row.outstanding.total:
        return _look_at_paid(mark, row, look)
    if mark.state == MarkState.MARKED:
        return _look_at_marked(mark, row, look)
    if mark.warned_at is None:
        return _tell_again(mark, look)
    if was_lost(mark.customer_id, Message.CREDIT_WARNING, warning_subject(mark)):
        return _look_at_lost(mark, look)
    return _look_at_warned(mark, row, look)


def _look_at_lost(mark: CreditMark, look: _Look) -> bool:
    """The warning turned out not to have arrived."""
    update(mark, warned_at=None, standstill=Standstill.NOT_TOLD.value)
    _tell_again(mark, look)
    return True


def _look_at_warned(mark: CreditMark, row: Row, look: _Look) -> bool:
    """Set it on its day, unless something stands against it."""
    if look.found.today < mark.report_on:
        return False
    standstill = _standstill(mark, row, look)
    if standstill is None:
        _set(mark, row, look)
    elif mark.standstill == standstill.value:
        return False
    else:
        update(mark, standstill=standstill.value)
    return True


def _look_at_paid(mark: CreditMark, row: Row | None, look: _Look) -> bool:
    """The row was paid, or laid out anew: never reported, or noted beside what was."""
    if mark.state == MarkState.WARNED:
        return end(mark, MarkState.DROPPED, "put right before the day", by=audit.SYSTEM, now=look.now)
    if mark.cleared_on is not None:
        return False
    update(mark, cleared_on=row.paid_on if row is not None and row.paid_on else look.found.today)
    return True


def _look_at_marked(mark: CreditMark, row: Row, look: _Look) -> bool:
    """Days may turn out later to have been nobody's fault: then it should not have been marked."""
    assert mark.marked_at is not None, "the database keeps it so"
    counted = look.counted(row, clock.business_date(mark.marked_at))
    if counted >= min(look.policy.rules.credit_after_days, mark.days_past_due):
        return False
    withdraw(mark, "the days were nobody's fault", by=audit.SYSTEM, decision=look.decision, now=look.now)
    return True


def _set(mark: CreditMark, row: Row, look: _Look) -> None:
    require_next(mark, MarkState.MARKED)
    update(
        mark,
        state=MarkState.MARKED.value,
        marked_at=look.now,
        days_past_due=look.counted(row, look.found.today),
        amount_minor=row.outstanding.total,
        standstill="",
    )
    outbox.about_credit_mark(look.decision, mark.id, at=polite_time(look.now), now=look.now)


def _standstill(mark: CreditMark, row: Row, look: _Look) -> Standstill | None:
    """Why a row whose day has come is not marked yet."""
    found, rules = look.found, look.policy.rules
    told_on = clock.business_date(mark.warned_at) if mark.warned_at else None
    hindrances = {
        Standstill.OUTCOME_UNKNOWN: found.has_open_attempt,
        Standstill.RETURN_OPEN: found.is_returning,
        Standstill.DISPUTED: found.is_disputed or (mark.objected_at is not None and mark.answered_at is None),
        Standstill.NO_FAULT: found.today in found.exempt or look.counted(row, found.today) < rules.credit_after_days,
        Standstill.NOT_TOLD: told_on is None or earliest_mark(rules, told_on) > found.today,
    }
    return next((reason for reason, stands in hindrances.items() if stands), None)


def _tell_again(mark: CreditMark, look: _Look) -> bool:
    """The customer was not reached: once more, and the day moves so that the notice keeps its length."""
    if look.now < mark.noticed_at + mark.tries * TOLD_AGAIN_AFTER:
        return False
    told_at = polite_time(look.now)
    on = max(mark.report_on, earliest_mark(look.policy.rules, clock.business_date(told_at)))
    update(mark, tries=mark.tries + 1, report_on=on, standstill=Standstill.NOT_TOLD.value)
    outbox.about_credit_mark(look.decision, mark.id, at=told_at, now=look.now)
    return True
