"""What the rules of help look at in a plan: its next row, its free days, and what stands in the way of a change."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from fenqi.domain.plans import PlanState, PlanStatus, Row, replay
from fenqi.domain.plans.late_fees import last_free_on
from fenqi.records.models import AftersalesCase, AgreementStatus, CaseKind, DebitAgreement, SupportThread, ThreadState
from fenqi.records.posting import Decision
from fenqi.usecases import clock, outbox
from fenqi.usecases.hardship.errors import LendersPlan
from fenqi.usecases.no_fault_days import exempt_days, no_fault_of
from fenqi.usecases.partners.providers import MALL
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.repayment.queries import has_open_attempt
from fenqi.usecases.support.conversation import DISPUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The plan as of today. `row` is the earliest with something outstanding, `free_until` its last free day."""

    today: date
    state: PlanState
    row: Row | None
    free_until: date
    exempt: AbstractSet[date]
    has_open_attempt: bool
    is_returning: bool
    is_disputed: bool

    @property
    def is_charged_off(self) -> bool:
        return self.state.status is PlanStatus.CHARGED_OFF

    @property
    def is_blocked(self) -> bool:
        """Nothing of the plan may be moved: money without a known outcome, or goods on their way back."""
        return self.has_open_attempt or self.is_returning


def circumstances(file: PlanFile, *, now: datetime, day: date | None = None) -> Circumstances:
    """As of the day, else of today; what is under way is so now."""
    today = day or clock.business_date(now)
    state = state_on(file, today)
    exempt = exempt_of(file, today)
    row = next_row(state)
    return Circumstances(
        today=today,
        state=state,
        row=row,
        free_until=last_free_on(file.terms, row, exempt) if row else today,
        exempt=exempt,
        has_open_attempt=has_open_attempt(file.customer_id, file.plan_id),
        is_returning=is_returning(file),
        is_disputed=is_disputed(file),
    )


def state_on(file: PlanFile, today: date) -> PlanState:
    """As of today; an order approved tomorrow opens tomorrow."""
    return replay(file.terms, file.events, as_of=max(today, file.terms.opened_on))


def next_row(state: PlanState) -> Row | None:
    """The earliest row with something outstanding."""
    open_rows = [row for row in state.rows if row.outstanding.total]
    return min(open_rows, key=lambda row: (row.due_on, row.n), default=None)


def exempt_of(file: PlanFile, today: date) -> frozenset[date]:
    """Days that are nobody's fault (P809)."""
    periods = no_fault_of(file.customer_id, [file.plan_id]).get(file.plan_id, ())
    return exempt_days(periods, today=today)


def is_returning(file: PlanFile) -> bool:
    """A return, refund or exchange of the plan's order is open; a price difference stands in nobody's way."""
    cases = AftersalesCase.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id, closed_at=None)
    return cases.exclude(kind=CaseKind.PRICE_DIFFERENCE).exists()


def is_disputed(file: PlanFile) -> bool:
    """The customer disputes something of the plan, and the conversation about it is not closed."""
    threads = SupportThread.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id, topic=DISPUTE)
    return threads.exclude(state=ThreadState.CLOSED).exists()


def refuse_if_lenders(file: PlanFile) -> None:
    """Raises LendersPlan: what a lender finances, the lender changes."""
    if file.provider != MALL:
        raise LendersPlan


def replan_debit(decision: Decision, file: PlanFile, *, now: datetime) -> None:
    """Dates or sums moved: the plan's auto-debit is planned anew after the commit."""
    active = DebitAgreement.objects.filter(
        customer_id=file.customer_id, plan_id=file.plan_id, status=AgreementStatus.ACTIVE
    ).first()
    if active is not None:
        outbox.about_agreement(decision, outbox.PLAN_DEBIT, active.id, at=now, now=now)
