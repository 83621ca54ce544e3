"""After-sales as documents. Amounts are `*_minor` of the `currency` beside them, dates ISO, instants UTC."""

from datetime import date, datetime
from uuid import UUID

from fenqi.domain.aftersales.eligibility import Decision
from fenqi.interfaces.api import refund_documents
from fenqi.interfaces.api.documents import Outgoing, Parts, parts
from fenqi.usecases.aftersales.eligibility import LineOptions, ReturnOptions
from fenqi.usecases.aftersales.evidence import EvidenceView
from fenqi.usecases.aftersales.quote_views import CashWay, PlanLook, QuoteView
from fenqi.usecases.aftersales.views import CaseSummary, CaseView, DeadlinesView


class AfterSalesVerdict(Outgoing):
    """Whether it may be applied for, by which rule, and what to do next."""

    allowed: bool
    rule: str
    next_step: str
    text_zh: str
    text_en: str
    last_on: date | None


class AfterSalesLine(Outgoing):
    """`reasons`: by kind, the reasons that may be given. `left`: pieces that were not returned and are in no case."""

    line_no: int
    sku: str
    name: str
    quantity: int
    left: int
    reasons: dict[str, list[str]]
    without_reason: AfterSalesVerdict
    if_faulty: AfterSalesVerdict
    policy_code: str
    policy_version: int


class AfterSalesOptions(Outgoing):
    order_no: str
    on: date
    can_apply: bool
    lines: list[AfterSalesLine]


class QuotedLine(Outgoing):
    """goods - discount - difference + freight - deduction = value."""

    line_no: int
    sku: str
    name: str
    pieces: int
    bought: int
    goods_minor: int
    discount_minor: int
    difference_minor: int
    freight_minor: int
    deduction_minor: int
    value_minor: int


class RowInQuote(Outgoing):
    """One row of the plan before and after."""

    n: int
    due_on: date
    open_before_minor: int
    open_after_minor: int


class PlanInQuote(Outgoing):
    status: str
    balance_minor: int
    outstanding_minor: int
    settlement_minor: int
    next_due_on: date | None
    next_amount_minor: int
    last_due_on: date | None


class MoneyWay(Outgoing):
    """A part of the money: back over the attempt it was paid by, or, without one, by transfer."""

    amount_minor: int
    channel: str
    route: str
    attempt_id: UUID | None
    at_ordering: bool
    expected_from: date
    expected_by: date


class RefundQuote(Outgoing):
    """What a return comes to.

    value + fees back + balance before = off the plan + money back out of the plan + balance after. `partner_minor` goes
    to the lender, which changes its own plan. `cash_minor` is all money that goes back, `at_ordering_minor` part of it.
    """

    quote_id: UUID
    order_no: str
    plan_id: UUID | None
    kind: str
    reason: str
    currency: str
    lines: list[QuotedLine]
    value_minor: int
    on_plan_minor: int
    at_ordering_minor: int
    gifts_minor: int
    unpaid_minor: int
    fees_back: Parts
    off_plan: Parts
    cash_minor: int
    balance_before_minor: int
    balance_after_minor: int
    partner_minor: int
    funding: str
    provider: str
    rows: list[RowInQuote]
    before: PlanInQuote | None
    after: PlanInQuote | None
    ways: list[MoneyWay]
    policy_code: str
    policy_version: int
    quoted_on: date
    valid_until: datetime


class CaseLine(Outgoing):
    line_no: int
    sku: str
    name: str
    pieces: int
    deduction_minor: int
    deduction_note: str
    replacement_sku: str


class CaseStep(Outgoing):
    """`by`: customer, staff or house (it happens by itself)."""

    seq: int
    signal: str
    before: str
    after: str
    by: str
    note: str
    at: datetime


class CaseStage(Outgoing):
    """`state`: done, now, ahead or stopped. `by_us`: we are at work, or else the customer or a bank is."""

    name: str
    state: str
    at: datetime | None
    expected_on: date | None
    by_us: bool


class CaseDeadlines(Outgoing):
    """`promise_by` counts working days, `law_by` calendar days; `binding` is the clock that ends first.

    `is_estimated`: counted over days whose calendar is not out yet.
    """

    review_due_at: datetime
    usual_by: date
    promise_by: date
    law_by: date | None
    goods_due_on: date | None
    binding: str | None
    is_late: bool
    is_estimated: bool


class CaseInBrief(Outgoing):
    case_id: UUID
    case_no: str
    order_no: str
    title: str
    kind: str
    was_exchange: bool
    reason: str
    state: str
    value_minor: int
    currency: str
    pieces: int
    customer_must_act: bool
    created_at: datetime
    closed_at: datetime | None


class CaseList(Outgoing):
    items: list[CaseInBrief]


class Evidence(Outgoing):
    """A photo or video as it is kept; `size` in bytes, `seconds` of a video. Without a case it waits to be named."""

    evidence_id: UUID
    kind: str
    media_type: str
    size: int
    width: int
    height: int
    seconds: int
    created_at: datetime


class Case(Outgoing):
    """`holder`: who has the money: mall, channel, receiver, customer or not_known. `customer_may`: what is open now.

    `was_exchange`: applied for as an exchange, of which nothing could be sent; it is a return since.
    """

    case_id: UUID
    case_no: str
    customer_id: UUID
    order_no: str
    plan_id: UUID | None
    title: str
    kind: str
    was_exchange: bool
    reason: str
    description: str
    via: str
    state: str
    currency: str
    value_minor: int
    lines: list[CaseLine]
    steps: list[CaseStep]
    stages: list[CaseStage]
    holder: str
    quote: RefundQuote | None
    offered_quote: RefundQuote | None
    refunds: list[refund_documents.Refund]
    deadlines: CaseDeadlines
    policy_code: str
    policy_version: int
    rule: str
    next_step: str
    decision_note: str
    decided_at: datetime | None
    carrier: str
    tracking_no: str
    replacement_tracking_no: str
    customer_may: list[str]
    created_at: datetime
    closed_at: datetime | None


def options(view: ReturnOptions) -> AfterSalesOptions:
    return AfterSalesOptions.of(view, order_no=view.order.order_no, lines=[_line_options(line) for line in view.lines])


def _line_options(view: LineOptions) -> AfterSalesLine:
    return AfterSalesLine.of(
        view.line,
        left=view.left,
        reasons={kind.value: [reason.value for reason in reasons] for kind, reasons in view.open.items()},
        without_reason=_verdict(view.without_reason),
        if_faulty=_verdict(view.if_faulty),
        policy_code=view.policy.code,
        policy_version=view.policy.version,
    )


def _verdict(decision: Decision) -> AfterSalesVerdict:
    return AfterSalesVerdict.of(
        decision,
        rule=decision.rule.value,
        next_step=decision.next_step.value,
        text_zh=decision.zh,
        text_en=decision.en,
    )


def refund_quote(view: QuoteView) -> RefundQuote:
    return RefundQuote.of(
        view,
        lines=[QuotedLine.of(line) for line in view.lines],
        fees_back=parts(view.fees_back),
        off_plan=parts(view.off_plan),
        funding=view.funding.value,
        rows=[
            RowInQuote.of(row, open_before_minor=row.open_before, open_after_minor=row.open_after) for row in view.rows
        ],
        before=_plan(view.before),
        after=_plan(view.after),
        ways=[_way(way) for way in view.ways],
    )


def _plan(look: PlanLook | None) -> PlanInQuote | None:
    return PlanInQuote.of(look) if look else None


def _way(way: CashWay) -> MoneyWay:
    return MoneyWay.of(way, route=way.route.value, expected_from=way.window.from_on, expected_by=way.window.by_on)


def case_in_brief(view: CaseSummary) -> CaseInBrief:
    return CaseInBrief.of(view, state=view.state.value)


def evidence(view: EvidenceView) -> Evidence:
    return Evidence.of(view, kind=view.kind.value)


def case(view: CaseView) -> Case:
    return Case.of(
        view,
        state=view.state.value,
        lines=[CaseLine.of(line) for line in view.lines],
        steps=[CaseStep.of(step, signal=step.signal.value, by=step.party.value) for step in view.steps],
        stages=[CaseStage.of(stage, name=stage.name.value, state=stage.state.value) for stage in view.stages],
        holder=view.holder.value,
        quote=refund_quote(view.quote) if view.quote else None,
        offered_quote=refund_quote(view.offered_quote) if view.offered_quote else None,
        refunds=[refund_documents.refund(refund) for refund in view.refunds],
        deadlines=_deadlines(view.deadlines),
        customer_may=sorted(signal.value for signal in view.customer_may),
    )


def _deadlines(view: DeadlinesView) -> CaseDeadlines:
    return CaseDeadlines.of(view, binding=view.binding.clock.value if view.binding else None)
