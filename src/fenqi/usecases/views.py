"""What readers are handed: frozen values, scoped to one customer, that no page can change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fenqi.domain.plans import Components, PlanState, Rates, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """Name and phone in the clear are for the customer, and for staff who said why; pages show the masked ones."""

    customer_id: UUID
    ref: str
    name: str
    phone: str
    name_masked: str
    phone_masked: str
    language: str
    registered_at: datetime
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    line_no: int
    sku: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    freight_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentView:
    method: str
    amount_minor: int
    installments: int
    financed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan as its projection says. `paid_count` of `count` installments are paid in full; `covered_count` were never
    paid and need not be, since goods went back.
    """

    plan_id: UUID
    order_id: UUID
    title: str
    currency: str
    status: str
    principal_minor: int
    outstanding_minor: int
    balance_minor: int
    count: int
    paid_count: int
    covered_count: int
    next_due_on: date | None
    next_amount_minor: int
    last_due_on: date
    opened_on: date
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    order_id: UUID
    order_no: str
    placed_at: datetime
    status: str
    currency: str
    total_minor: int
    lines: tuple[LineView, ...]
    plan: PlanSummary | None

    @property
    def title(self) -> str:
        return self.lines[0].name if self.lines else self.order_no


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    attempt_id: UUID
    payment_id: UUID
    attempt_no: int
    channel: str
    out_trade_no: str
    trade_no: str
    amount_minor: int
    currency: str
    state: str
    code: str
    category: str
    asked: int
    next_query_at: datetime | None
    created_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    paid_at: datetime | None
    reply: dict[str, Any]
    method: str
    card_id: UUID | None
    retry: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """`duplicate_minor` was paid a second time and is owed back to the customer."""

    payment_id: UUID
    plan_id: UUID
    order_id: UUID
    title: str
    purpose: str
    installments: tuple[int, ...]
    amount_minor: int
    currency: str
    state: str
    channel: str
    event_id: UUID | None
    created_at: datetime
    succeeded_at: datetime | None
    attempts: tuple[AttemptView, ...]
    duplicate_minor: int

    @property
    def latest_attempt(self) -> AttemptView | None:
        return self.attempts[-1] if self.attempts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFaultView:
    """Days of a plan that are not counted, and why: a cause of `records.NoFaultCause`. `until_on` None: not over."""

    cause: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan replayed from its events: what it is, what it costs, and what is under way for it.

    `covered_rows` have nothing outstanding since goods went back, and were never paid.
    """

    plan_id: UUID
    order_id: UUID
    order_no: str
    title: str
    terms: Terms
    state: PlanState
    rates: Rates
    provider: str
    fee_bearer: str
    version: int
    open_attempt: AttemptView | None
    no_fault: tuple[NoFaultView, ...] = ()
    exempt_days: frozenset[date] = frozenset()
    late_fees_charged: Mapping[int, int] = field(default_factory=dict)
    covered_rows: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDetail:
    order_id: UUID
    order_no: str
    sales_channel: str
    status: str
    currency: str
    total_minor: int
    placed_at: datetime
    approved_at: datetime | None
    delivered_at: datetime | None
    lines: tuple[LineView, ...]
    payments: tuple[OrderPaymentView, ...]
    plan: PlanView | None
    repayments: tuple[PaymentView, ...]

    @property
    def title(self) -> str:
        return self.lines[0].name if self.lines else self.order_no


@dataclass(frozen=True, slots=True, kw_only=True)
class BillItem:
    """One open installment. `days` until it is due, negative when past; free of late fees through `grace_until`.

    Late fees: what was charged so far, paid or not; what one more late day adds; what can still come (None: no cap).
    `n` is the row of the plan; `number` counts the installments alone, and a down payment has none.
    """

    plan_id: UUID
    order_id: UUID
    title: str
    n: int
    number: int | None
    is_down_payment: bool
    count: int
    due_on: date
    outstanding: Components
    currency: str
    days: int
    grace_until: date
    first_late_fee_on: date | None
    late_fee_charged_minor: int
    late_fee_daily_minor: int
    late_fee_left_minor: int | None
    provider: str

    @property
    def outstanding_minor(self) -> int:
        return self.outstanding.total


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """What falls due in one calendar month."""

    year: int
    month: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyBills:
    """All that is owed in one currency: what is past due or due within a week, month by month, plan by plan."""

    currency: str
    outstanding_minor: int
    due_soon: tuple[BillItem, ...]
    months: tuple[MonthSum, ...]
    plans: tuple[PlanSummary, ...]

    @property
    def due_soon_minor(self) -> int:
        return sum(item.outstanding_minor for item in self.due_soon)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    event_id: UUID
    seq: int
    kind: str
    effective_on: date
    amount_minor: int | None
    body: dict[str, Any]
    payment_id: UUID | None
    actor: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLineView:
    line_no: int
    account: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    entry_id: UUID
    seq: int
    code: str
    effective_on: date
    posted_at: datetime
    currency: str
    plan_id: UUID | None
    order_id: UUID | None
    event_id: UUID | None
    payment_id: UUID | None
    hash: str
    lines: tuple[JournalLineView, ...]
