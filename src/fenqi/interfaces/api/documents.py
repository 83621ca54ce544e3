"""The documents that go out. Amounts are `*_minor` of the `currency` beside or above them, dates ISO, instants UTC."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel

from fenqi.domain.plans import Components, PlanState, Row
from fenqi.interfaces.api.schemas import TermsBody
from fenqi.usecases.agreements.queries import AgreementView
from fenqi.usecases.repayment.quote import RepaymentQuote
from fenqi.usecases.repayment.start import StartedRepayment
from fenqi.usecases.views import (
    AttemptView,
    BillItem,
    CurrencyBills,
    CustomerView,
    EntryView,
    EventView,
    LineView,
    OrderDetail,
    OrderSummary,
    PaymentView,
    PlanSummary,
    PlanView,
)


class Outgoing(BaseModel):
    """Built by our own code from views: what a field is not given, it was never meant to show."""

    @classmethod
    def of(cls, view: object, **more: Any) -> Self:
        """The fields that the view has under the same names, and `more`."""
        named = {name: getattr(view, name) for name in cls.model_fields if name not in more and hasattr(view, name)}
        return cls(**named, **more)


class RegisteredCustomer(Outgoing):
    customer_id: UUID
    ref: str
    outcome: str


class Customer(Outgoing):
    """Personal data in clear: reading it is audited."""

    customer_id: UUID
    ref: str
    name: str
    phone: str
    name_masked: str
    phone_masked: str
    language: str
    registered_at: datetime


class AskedReserve(Outgoing):
    """The customer agrees on `page` of the portal; until then nothing is held."""

    hold_id: UUID
    reserve_no: str
    page: str


class RegisteredOrder(Outgoing):
    """`outcome`: taken, updated (status or dates moved on) or unchanged."""

    customer_id: UUID
    order_id: UUID
    order_no: str
    plan_id: UUID | None
    outcome: str
    reserve: AskedReserve | None = None


class Line(Outgoing):
    line_no: int
    sku: str
    name: str
    category: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    freight_minor: int


class PlanInBrief(Outgoing):
    plan_id: UUID
    order_id: UUID
    title: str
    currency: str
    status: str
    principal_minor: int
    outstanding_minor: int
    balance_minor: int
    installments: int
    installments_paid: int
    installments_covered: int
    next_due_on: date | None
    next_amount_minor: int
    last_due_on: date
    opened_on: date


class OrderInBrief(Outgoing):
    order_id: UUID
    order_no: str
    placed_at: datetime
    status: str
    currency: str
    total_minor: int
    lines: list[Line]
    plan: PlanInBrief | None


class OrdersPage(Outgoing):
    items: list[OrderInBrief]
    next_cursor: str | None


class OrderPayment(Outgoing):
    method: str
    amount_minor: int
    installments: int
    financed: bool


class Parts(Outgoing):
    """One amount, told apart by what it is owed for."""

    principal_minor: int
    interest_minor: int
    fee_minor: int
    late_fee_minor: int
    total_minor: int


class InstallmentRow(Outgoing):
    n: int
    due_on: date
    is_down_payment: bool
    due: Parts
    paid: Parts
    outstanding: Parts
    paid_early_minor: int
    paid_late_minor: int
    paid_on: date | None


class AllocationRow(Outgoing):
    """Where one event's money went."""

    event_id: str
    principal_minor: int
    interest_minor: int
    fee_minor: int
    late_fee_minor: int
    balance_minor: int


class State(Outgoing):
    """A plan as of the end of `as_of`; `settlement_minor` is what would settle it that day."""

    as_of: date
    status: str
    currency: str
    balance_minor: int
    outstanding: Parts
    settlement_minor: int
    days_past_due: int
    installments: list[InstallmentRow]
    allocations: list[AllocationRow]


class Rates(Outgoing):
    """Percent a year of the agreed schedule: compound (IRR) and simple."""

    annual_rate_irr: str
    annual_rate_simple: str


class Plan(Outgoing):
    plan_id: UUID
    order_id: UUID
    order_no: str
    title: str
    provider: str
    fee_bearer: str
    version: int
    terms: TermsBody
    rates: Rates
    state: State


class Attempt(Outgoing):
    """One try at the channel. `state`: created, submitted, succeeded, failed, unknown or closed."""

    attempt_id: UUID
    attempt_no: int
    channel: str
    out_trade_no: str
    trade_no: str
    amount_minor: int
    currency: str
    state: str
    code: str
    category: str
    created_at: datetime
    expires_at: datetime
    next_query_at: datetime | None
    resolved_at: datetime | None
    paid_at: datetime | None


class Payment(Outgoing):
    """`state`: open, succeeded or closed. `duplicate_minor` was paid a second time and is owed back."""

    payment_id: UUID
    plan_id: UUID
    order_id: UUID
    title: str
    purpose: str
    installments: list[int]
    amount_minor: int
    currency: str
    state: str
    channel: str
    event_id: UUID | None
    created_at: datetime
    succeeded_at: datetime | None
    duplicate_minor: int
    attempts: list[Attempt]


class PaymentsPage(Outgoing):
    items: list[Payment]
    next_cursor: str | None


class DebitTry(Outgoing):
    """One debit that was tried; `state` and `category` as those of the attempt."""

    payment_id: UUID
    attempt_id: UUID
    at: datetime
    amount_minor: int
    currency: str
    state: str
    category: str


class Agreement(Outgoing):
    """`status`: signing, active, ended or failed (never signed). `limit_minor` is the most of one debit.

    `next_try_at` is null while a debit is under way, after one that needs the customer (`stopped_by`), when nothing is
    left to debit, and while what is due is more than the limit.
    """

    agreement_id: UUID
    plan_id: UUID
    channel: str
    card_id: UUID | None
    number: str
    status: str
    limit_minor: int
    currency: str
    created_at: datetime
    signed_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    next_try_at: datetime | None
    next_amount_minor: int
    stopped_by: str
    tries: list[DebitTry]


class Order(Outgoing):
    customer_id: UUID
    order_id: UUID
    order_no: str
    sales_channel: str
    status: str
    currency: str
    total_minor: int
    placed_at: datetime
    approved_at: datetime | None
    delivered_at: datetime | None
    lines: list[Line]
    payments: list[OrderPayment]
    plan: Plan | None
    repayments: list[Payment]


class Bill(Outgoing):
    """One open installment, `days` before it is due (negative: past). `number` counts as `n` but for a down payment."""

    plan_id: UUID
    order_id: UUID
    title: str
    n: int
    number: int | None
    is_down_payment: bool
    due_on: date
    outstanding: Parts
    currency: str
    days: int
    grace_until: date
    first_late_fee_on: date | None
    late_fee_charged_minor: int
    late_fee_daily_minor: int
    late_fee_left_minor: int | None


class Month(Outgoing):
    month: str
    amount_minor: int


class BillsInCurrency(Outgoing):
    currency: str
    outstanding_minor: int
    due_soon: list[Bill]
    months: list[Month]
    plans: list[PlanInBrief]


class Bills(Outgoing):
    """What is past due or due within seven days, what falls due by month, and the open plans, for each currency."""

    on: date
    currencies: list[BillsInCurrency]


class Event(Outgoing):
    """`effective_on` is when it took effect, `recorded_at` when it became known."""

    event_id: UUID
    seq: int
    kind: str
    effective_on: date
    amount_minor: int | None
    body: dict[str, Any]
    payment_id: UUID | None
    actor: str
    recorded_at: datetime


class EventsPage(Outgoing):
    items: list[Event]
    next_cursor: str | None


class EntryLine(Outgoing):
    line_no: int
    account: str
    debit_minor: int
    credit_minor: int


class Entry(Outgoing):
    """A balanced entry, chained to the customer's entry before by `hash`."""

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
    lines: list[EntryLine]


class EntriesPage(Outgoing):
    items: list[Entry]
    next_cursor: str | None


class Quote(Outgoing):
    """The exact sum and what it does. `token` is the promise, good until `valid_until` while nothing else is booked."""

    plan_id: UUID
    purpose: str
    installments: list[int]
    amount_minor: int
    currency: str
    parts: Parts
    quoted_on: date
    valid_until: datetime
    token: str
    before: State
    after: State


class Started(Outgoing):
    """Where the customer goes next.

    `redirect`: send the browser to `redirect_url`, unchanged. `scan`: show `scan_code` as a QR code. `result`: nowhere,
    a card was asked; read the payment.
    """

    payment_id: UUID
    attempt_id: UUID
    next: Literal["redirect", "scan", "result"]
    redirect_url: str | None
    scan_code: str | None


class Received(Outgoing):
    """What the money did, and how the plan stands after it."""

    payment_id: UUID
    event_id: UUID
    plan_id: UUID
    currency: str
    status: str
    outstanding_minor: int
    balance_minor: int
    allocated: AllocationRow


class Price(Outgoing):
    sku: str
    sales_channel: str
    currency: str
    price_minor: int
    observed_on: date
    observed_at: datetime
    seller: str
    source: str


class PricesPage(Outgoing):
    items: list[Price]
    next_cursor: str | None


class PriceComplaint(Outgoing):
    where: str | None
    code: str
    problem: str
    problem_zh: str


class RefusedPrice(Outgoing):
    """`row` counts from 0 in what was sent."""

    row: int
    errors: list[PriceComplaint]


class PricesTaken(Outgoing):
    """`taken` are new, `unchanged` were known; both and the refused are all that was sent."""

    taken: int
    unchanged: int
    refused: list[RefusedPrice]


def customer(view: CustomerView) -> Customer:
    return Customer.of(view)


def order(view: OrderDetail, *, customer_id: UUID) -> Order:
    return Order.of(
        view,
        customer_id=customer_id,
        lines=lines(view.lines),
        payments=[OrderPayment.of(payment) for payment in view.payments],
        plan=plan(view.plan) if view.plan else None,
        repayments=[payment(each) for each in view.repayments],
    )


def order_in_brief(view: OrderSummary) -> OrderInBrief:
    return OrderInBrief.of(view, lines=lines(view.lines), plan=plan_in_brief(view.plan) if view.plan else None)


def lines(views: Iterable[LineView]) -> list[Line]:
    return [Line.of(view) for view in views]


def plan_in_brief(view: PlanSummary) -> PlanInBrief:
    return PlanInBrief.of(
        view, installments=view.count, installments_paid=view.paid_count, installments_covered=view.covered_count
    )


def plan(view: PlanView) -> Plan:
    return Plan.of(
        view,
        terms=TermsBody.model_validate(view.terms.to_mapping()),
        rates=Rates(
            annual_rate_irr=f"{view.rates.annual_rate_irr:.2f}",
            annual_rate_simple=f"{view.rates.annual_rate_simple:.2f}",
        ),
        state=state(view.state, currency=view.terms.currency),
    )


def state(of: PlanState, *, currency: str) -> State:
    return State(
        as_of=of.on,
        status=of.status.value,
        currency=currency,
        balance_minor=of.balance,
        outstanding=parts(of.totals.outstanding),
        settlement_minor=of.settlement_quote,
        days_past_due=of.days_past_due,
        installments=[_row(row) for row in of.rows],
        allocations=[
            AllocationRow(
                event_id=allocation.event,
                principal_minor=allocation.principal,
                interest_minor=allocation.interest,
                fee_minor=allocation.fee,
                late_fee_minor=allocation.late_fee,
                balance_minor=allocation.balance,
            )
            for allocation in of.allocations
        ],
    )


def _row(row: Row) -> InstallmentRow:
    return InstallmentRow(
        n=row.n,
        due_on=row.due_on,
        is_down_payment=row.is_down_payment,
        due=parts(row.due),
        paid=parts(row.paid),
        outstanding=parts(row.outstanding),
        paid_early_minor=row.paid_early,
        paid_late_minor=row.paid_late,
        paid_on=row.paid_on,
    )


def parts(of: Components) -> Parts:
    return Parts(
        principal_minor=of.principal,
        interest_minor=of.interest,
        fee_minor=of.fee,
        late_fee_minor=of.late_fee,
        total_minor=of.total,
    )


def payment(view: PaymentView) -> Payment:
    return Payment.of(view, installments=list(view.installments), attempts=[_attempt(each) for each in view.attempts])


def _attempt(view: AttemptView) -> Attempt:
    return Attempt.of(view)


def agreement(view: AgreementView) -> Agreement:
    return Agreement.of(view, tries=[DebitTry.of(one) for one in view.tries])


def bills(of: Iterable[CurrencyBills], *, on: date) -> Bills:
    return Bills(
        on=on,
        currencies=[
            BillsInCurrency.of(
                each,
                due_soon=[_bill(item) for item in each.due_soon],
                months=[
                    Month(month=f"{month.year:04}-{month.month:02}", amount_minor=month.amount_minor)
                    for month in each.months
                ],
                plans=[plan_in_brief(view) for view in each.plans],
            )
            for each in of
        ],
    )


def _bill(item: BillItem) -> Bill:
    return Bill.of(item, outstanding=parts(item.outstanding))


def event(view: EventView) -> Event:
    return Event.of(view)


def entry(view: EntryView) -> Entry:
    return Entry.of(view, lines=[EntryLine.of(line) for line in view.lines])


def quote(of: RepaymentQuote) -> Quote:
    return Quote(
        plan_id=of.plan_id,
        purpose=of.choice.purpose.value,
        installments=list(of.rows),
        amount_minor=of.amount_minor,
        currency=of.currency,
        parts=parts(of.parts),
        quoted_on=of.quoted_on,
        valid_until=of.valid_until,
        token=of.token,
        before=state(of.before, currency=of.currency),
        after=state(of.after, currency=of.currency),
    )


def started(of: StartedRepayment) -> Started:
    return Started(
        payment_id=of.payment_id,
        attempt_id=of.attempt_id,
        next=of.next.value,
        redirect_url=of.redirect_url or None,
        scan_code=of.scan_code or None,
    )
