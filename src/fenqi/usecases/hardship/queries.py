"""What a customer who cannot pay in time is shown: the ways, what each costs, and where the credit record stands."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fenqi.domain.hardship.changes import ChangeKind, ChangeState
from fenqi.domain.hardship.credit import report_on
from fenqi.domain.hardship.promises import last_day
from fenqi.domain.plans import PlanState, Row, Terms, projected_late_fee
from fenqi.usecases import plan_file
from fenqi.usecases.hardship.circumstances import Circumstances, circumstances
from fenqi.usecases.hardship.credit_marks import MarkView, marks_of
from fenqi.usecases.hardship.errors import LendersPlan
from fenqi.usecases.hardship.extension import ExtensionOffer, offer
from fenqi.usecases.hardship.policies import PublishedHelp, policy_on
from fenqi.usecases.hardship.promises import PromiseView, promises_of
from fenqi.usecases.hardship.rows import ChangeView, changes_of
from fenqi.usecases.partners.providers import refuse_if_repaid_elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpView:
    """The plan and what may be done about it. `credit_on`: when the next row would be reported; None: nothing open."""

    plan_id: UUID
    terms: Terms
    found: Circumstances
    policy: PublishedHelp
    promise: PromiseView | None
    last_promise: PromiseView | None
    extension: ExtensionOffer | None
    offered: ChangeView | None
    marks: tuple[MarkView, ...]
    credit_on: date | None

    @property
    def state(self) -> PlanState:
        return self.found.state

    @property
    def row(self) -> Row | None:
        return self.found.row

    @property
    def due_minor(self) -> int:
        """What is past due or due today; where nothing is, the next row."""
        due = sum(row.outstanding.total for row in self.state.rows if row.due_on <= self.found.today)
        return due or (self.row.outstanding.total if self.row else 0)

    @property
    def latest_promise_day(self) -> date:
        return last_day(self.policy.rules, self.found.today)

    def late_fee_by(self, day: date) -> int:
        """Minor units of late fee that all rows will have brought about by the day if nothing is paid until then."""
        return late_fees_by(self.terms, self.state, day, self.found)


def help_view(customer_id: UUID, plan_id: UUID, *, now: datetime) -> HelpView:
    """Raises NotFound, RepaidElsewhere."""
    file = plan_file.read(customer_id, plan_id)
    refuse_if_repaid_elsewhere(file.provider)
    found = circumstances(file, now=now)
    policy = policy_on(found.today)
    promises = promises_of(customer_id, plan_id)
    offered = (
        change
        for change in changes_of(customer_id, plan_id)
        if change.kind is ChangeKind.RESCHEDULE and change.state is ChangeState.OFFERED
    )
    return HelpView(
        plan_id=plan_id,
        terms=file.terms,
        found=found,
        policy=policy,
        promise=next((one for one in promises if one.decided_at is None), None),
        last_promise=promises[0] if promises else None,
        extension=_extension(customer_id, plan_id, now=now),
        offered=next(offered, None),
        marks=marks_of(customer_id, plan_id),
        credit_on=_credit_on(file.terms, found, policy),
    )


def _extension(customer_id: UUID, plan_id: UUID, *, now: datetime) -> ExtensionOffer | None:
    """None where a lender decides."""
    try:
        return offer(customer_id, plan_id, now=now)
    except LendersPlan:
        return None


def _credit_on(terms: Terms, found: Circumstances, policy: PublishedHelp) -> date | None:
    """Without a warning so far; with one, its own day counts."""
    if found.row is None:
        return None
    return report_on(policy.rules, terms, found.row, today=found.today, exempt=found.exempt)


def late_fees_by(terms: Terms, state: PlanState, day: date, found: Circumstances) -> int:
    """By the terms; what was charged already is in it."""
    return sum(
        max(projected_late_fee(terms, row, day, found.exempt), row.due.late_fee)
        for row in state.rows
        if row.outstanding.total
    )
