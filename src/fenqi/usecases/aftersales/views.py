"""What readers of after-sales cases are handed: frozen values, scoped to one customer, that no page can change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseSignal, CaseState, Party
from fenqi.domain.aftersales.deadlines import Deadline
from fenqi.usecases.aftersales.quote_views import QuoteView
from fenqi.usecases.refunds.queries import Holder, RefundView

REFUNDED_INSTEAD = "exchange_refunded"


def _told_kind(kind: str, *, was_exchange: bool) -> str:
    return REFUNDED_INSTEAD if was_exchange else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLineView:
    """Pieces of one order line; `worth` is what they are worth, by the quote in force (minor units)."""

    line_no: int
    sku: str
    name: str
    pieces: int
    bought: int
    unit_price_minor: int
    worth: Mapping[str, Any]
    deduction_minor: int
    deduction_note: str
    replacement_sku: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStepView:
    """One step. `actor_name` is for staff; customers are shown `party`."""

    seq: int
    signal: CaseSignal
    before: str
    after: str
    party: Party
    actor: str
    actor_name: str
    note: str
    details: Mapping[str, Any]
    at: datetime


class StageName(StrEnum):
    """What a customer goes through, in this order; stages that a kind of case does not have are left out (R074)."""

    APPLICATION = "application"
    REVIEW = "review"
    GOODS = "goods"
    INSPECTION = "inspection"
    REPLACEMENT = "replacement"
    REFUND = "refund"
    ARRIVAL = "arrival"


class StageState(StrEnum):
    DONE = "done"
    NOW = "now"
    AHEAD = "ahead"
    STOPPED = "stopped"
    """The case ended here: it was refused or taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """`at`: when it was done. `expected_on`: by when it is to be done, of one that is under way or ahead.

    `by_us`: whether it is we who are working, or a bank or the customer (R060).
    """

    name: StageName
    state: StageState
    at: datetime | None
    expected_on: date | None
    by_us: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceInCase:
    evidence_id: UUID
    kind: str  # photo | video
    media_type: str
    size: int
    width: int
    height: int
    seconds: int
    uploaded_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlinesView:
    """The clocks of a case: our target and the two that bind; `binding` is the earliest still running (P202).

    `is_estimated`: the promise is counted over days whose calendar is not out yet (P503).
    """

    review_due_at: datetime
    usual_by: date
    promise_by: date
    law_by: date | None
    goods_due_on: date | None
    binding: Deadline | None
    is_late: bool
    is_estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """All that a page shows of a case. `quote` is the one in force, `offered_quote` one that waits to be confirmed.

    `holder`: who has the money now. `customer_may`, `staff_may`: what each may do next. `approvals`: the actors who
    approved; two are needed when `needs_two_people`. `ahead`: cases that are reviewed before this one. `refund` is
    what goes back by the rails, `refunds` all that go back for this case (what was paid at ordering is one of its own).
    """

    case_id: UUID
    case_no: str
    customer_id: UUID
    order_id: UUID
    order_no: str
    plan_id: UUID | None
    title: str
    kind: str
    was_exchange: bool
    reason: str
    description: str
    via: str
    state: CaseState
    currency: str
    value_minor: int
    lines: tuple[CaseLineView, ...]
    steps: tuple[CaseStepView, ...]
    stages: tuple[Stage, ...]
    holder: Holder
    quote_id: UUID | None
    quote: QuoteView | None
    offered_quote: QuoteView | None
    refunds: tuple[RefundView, ...]
    evidence: tuple[EvidenceInCase, ...]
    deadlines: DeadlinesView
    policy_code: str
    policy_version: int
    rule: str
    next_step: str
    decision_note: str
    decided_at: datetime | None
    agent: str
    agent_name: str
    approvals: tuple[str, ...]
    needs_two_people: bool
    carrier: str
    tracking_no: str
    replacement_tracking_no: str
    goods_received_at: datetime | None
    customer_may: frozenset[CaseSignal]
    staff_may: frozenset[CaseSignal]
    ahead: int | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def was_our_offer(self) -> bool:
        """The house approved it itself, by having offered it; nobody reviewed it."""
        return any(step.signal is CaseSignal.TAKEN and step.party is Party.HOUSE for step in self.steps)

    @property
    def told_kind(self) -> str:
        """`kind`, or `exchange_refunded`."""
        return _told_kind(self.kind, was_exchange=self.was_exchange)

    @property
    def offers_refund_instead(self) -> bool:
        """The customer was told that nothing can be sent, and has not agreed to the refund; no later quote waits."""
        return self.was_exchange and self.offered_quote is not None and self.offered_quote.quote_id == self.quote_id

    @property
    def refund(self) -> RefundView | None:
        return self.refunds[0] if self.refunds else None

    @property
    def arrived_minor(self) -> int:
        return sum(refund.arrived_minor for refund in self.refunds)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSummary:
    """One line of a list of cases."""

    case_id: UUID
    case_no: str
    order_id: UUID
    order_no: str
    title: str
    kind: str
    was_exchange: bool
    reason: str
    state: CaseState
    value_minor: int
    currency: str
    pieces: int
    customer_must_act: bool
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None

    @property
    def told_kind(self) -> str:
        return _told_kind(self.kind, was_exchange=self.was_exchange)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A case as the desk of those who review shows it."""

    case_id: UUID
    case_no: str
    customer_id: UUID
    customer_ref: str
    order_no: str
    title: str
    kind: str
    was_exchange: bool
    reason: str
    state: CaseState
    value_minor: int
    currency: str
    agent: str
    agent_name: str
    deadlines: DeadlinesView
    waits_for: Party
    created_at: datetime

    @property
    def told_kind(self) -> str:
        return _told_kind(self.kind, was_exchange=self.was_exchange)
