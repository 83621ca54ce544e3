"""A refund quote as pages show it: frozen values, all of one customer, that no page can change."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fenqi.domain.aftersales.quote import Funding
from fenqi.domain.payments.arrival import ArrivalRoute, ArrivalWindow
from fenqi.domain.plans import Components
from fenqi.usecases.cards.queries import CardView
from fenqi.usecases.partners.queries import PartnerPart
from fenqi.usecases.reserves.queries import ReserveRelease


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedLine:
    """Pieces of an order line and what they are worth: goods - discount - difference + freight - deduction = value, in
    minor units.
    """

    line_no: int
    sku: str
    name: str
    pieces: int
    bought: int
    unit_price_minor: int
    goods_minor: int
    discount_minor: int
    difference_minor: int
    freight_minor: int
    deduction_minor: int
    value_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One row of the plan before and after the return. `number` counts installments; the down payment has none."""

    n: int
    number: int | None
    is_down_payment: bool
    due_on: date
    due: Components
    paid_before: Components
    paid_after: Components
    open_before: int
    open_after: int

    @property
    def change(self) -> int:
        """Minor units by which less is open."""
        return self.open_before - self.open_after


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLook:
    """The plan as a whole, before or after. Amounts in minor units; `open_count` installments are not paid in full."""

    status: str
    balance_minor: int
    outstanding_minor: int
    settlement_minor: int
    open_count: int
    next_due_on: date | None
    next_amount_minor: int
    last_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashWay:
    """A part of the money and the way it goes. `attempt_id` None: transferred to a verified account.

    `method` is how it was paid (`cashier`, `card`, `auto_debit`); `card` is what it goes to, where that is known.
    `window`: when it arrives if it leaves on the day of the quote.
    """

    amount_minor: int
    channel: str
    route: ArrivalRoute
    attempt_id: UUID | None
    method: str
    card: CardView | None
    paid_on: date | None
    window: ArrivalWindow
    at_ordering: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """A quote as it was kept. `cash_minor` is all the money that goes back: out of the plan, and paid at ordering.

    `off_plan_minor` is what the plan owes less. `reserve`: what comes back of the order's reserve once the refund is
    final. `partner`: what the lender says the return does there, where there is one.
    """

    quote_id: UUID
    customer_id: UUID
    order_id: UUID
    order_no: str
    plan_id: UUID | None
    case_id: UUID | None
    seq: int
    kind: str
    reason: str
    currency: str
    lines: tuple[QuotedLine, ...]
    value_minor: int
    on_plan_minor: int
    at_ordering_minor: int
    gifts_minor: int
    unpaid_minor: int
    fees_back: Components
    fee_rule: str
    freight_back: bool
    off_plan: Components
    cash_minor: int
    balance_before_minor: int
    balance_after_minor: int
    partner_minor: int
    subsidy_back_minor: int
    funding: Funding
    provider: str
    rows: tuple[RowChange, ...]
    before: PlanLook | None
    after: PlanLook | None
    ways: tuple[CashWay, ...]
    policy_code: str
    policy_version: int
    facts: str
    quoted_on: date
    valid_until: datetime
    created_at: datetime
    reserve: tuple[ReserveRelease, ...] = ()
    partner: PartnerPart | None = None

    @property
    def fees_back_minor(self) -> int:
        return self.fees_back.total

    @property
    def off_plan_minor(self) -> int:
        return self.off_plan.total

    def is_valid_at(self, now: datetime) -> bool:
        return now < self.valid_until
