"""Orders whose goods go back, for the tests of after-sales: bought days ago, repaid over the rails, applied for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.payments.refunds import RefundState
from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, AppliedVia, CaseStep, RefundLeg
from fenqi.usecases import clock
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.apply import apply
from fenqi.usecases.aftersales.execute import execute_case
from fenqi.usecases.aftersales.follow import follow_case
from fenqi.usecases.aftersales.goods import note_sent, receive
from fenqi.usecases.aftersales.queries import case_view
from fenqi.usecases.aftersales.quoting import QuoteView, quote
from fenqi.usecases.aftersales.views import CaseView
from fenqi.usecases.orders.inputs import LineInput, OrderInput, PaymentInput, PlanInput
from fenqi.usecases.orders.register import register_order
from fenqi.usecases.refunds.queries import refund_view
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.staff.permissions import Staff
from malls import Bought, Payer, a_customer
from staff_members import agent

PHONE = LineInput(sku="X2", name="青屿 X2 手机", unit_price_minor=100_000)
CASES = LineInput(sku="CASE", name="手机壳", unit_price_minor=5_000, quantity=4)


@dataclass(frozen=True, slots=True)
class Returning:
    """An order that was delivered, and what is asked about it."""

    plan: Bought
    now: datetime

    @property
    def customer_id(self) -> UUID:
        return self.plan.customer_id

    @property
    def order_id(self) -> UUID:
        return self.plan.order_id

    def repay(self, *installments: int, key: str) -> None:
        """Over Alipay's rail in the sandbox."""
        started = self.plan.start(*installments, now=self.now, key=key)
        assert started.redirect_url is not None
        Payer(started.redirect_url).press("confirm")
        resolve.ask_channel(self.customer_id, started.attempt_id, now=self.now)

    def quote(self, wish: Wish, *, now: datetime | None = None) -> QuoteView:
        return quote(self.customer_id, self.order_id, wish, now=now or self.now)

    def apply(self, wish: Wish, *, quoted: QuoteView | None = None, now: datetime | None = None, **more: Any) -> "Case":
        quoted = quoted or self.quote(wish, now=now)
        case_id = apply(
            self.customer_id,
            self.order_id,
            wish,
            quote_id=quoted.quote_id,
            via=AppliedVia.PORTAL,
            actor="customer",
            now=now or self.now,
            **more,
        )
        return Case(self.customer_id, case_id, now or self.now)


@dataclass(frozen=True, slots=True)
class Case:
    """A case, and what people do to it."""

    customer_id: UUID
    case_id: UUID
    now: datetime

    @property
    def row(self) -> AftersalesCase:
        return AftersalesCase.objects.get(customer_id=self.customer_id, id=self.case_id)

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def view(self) -> CaseView:
        return case_view(self.customer_id, self.case_id)

    @property
    def signals(self) -> list[str]:
        steps = CaseStep.objects.filter(customer_id=self.customer_id, case_id=self.case_id)
        return list(steps.order_by("seq").values_list("signal", flat=True))

    def approve(self, by: Staff | None = None, **more: Any) -> CaseState:
        return review.approve(by or agent(), self.customer_id, self.case_id, now=self.now, **more)

    def send(self) -> None:
        note_sent(
            self.customer_id, self.case_id, carrier="顺丰", tracking_no="SF1234567890", actor="customer", now=self.now
        )

    def receive(self, deductions: Mapping[int, tuple[int, str]] | None = None) -> CaseState:
        return receive(agent(), self.customer_id, self.case_id, deductions=deductions, now=self.now)

    def execute(self, *, now: datetime | None = None) -> CaseState:
        return execute_case(self.customer_id, self.case_id, now=now or self.now)

    def follow(self, *, now: datetime | None = None) -> CaseState:
        return follow_case(self.customer_id, self.case_id, now=now or self.now)

    def up_to_the_money(self) -> CaseState:
        """Approved, sent, received and carried out."""
        self.approve()
        if self.state == CaseState.GOODS_AWAITED:
            self.send()
            self.receive()
        return self.execute()

    def legs(self) -> list[RefundLeg]:
        ids = [refund.refund_id for refund in self.view.refunds]
        legs = RefundLeg.objects.filter(customer_id=self.customer_id, refund_id__in=ids)
        return list(legs.order_by("created_at", "leg_no"))

    def send_money(self) -> list[RefundState]:
        """Every leg goes to its channel, and the channel takes it."""
        return [send_leg(self.customer_id, leg.id, now=self.now) for leg in self.legs() if leg.route == "original"]

    def let_arrive(self) -> None:
        """By all that is known."""
        legs = RefundLeg.objects.filter(customer_id=self.customer_id, id__in=[leg.id for leg in self.legs()])
        legs.update(arrived_on=clock.business_date(self.now))


def delivered(
    *,
    lines: Sequence[LineInput] = (PHONE, CASES),
    at_ordering: int = 0,
    days_ago: int = 3,
    now: datetime | None = None,
    with_plan: bool = True,
    phone: str = "",
    language: str = "zh-hans",
    **terms: Any,
) -> Returning:
    """A phone and four cases, 1,200.00 in all, on 12 installments without interest unless `terms` say else."""
    now = now or datetime.now(UTC)
    placed = now - timedelta(days=days_ago + 2)
    name = f"c-{new_id()}"
    a_customer(name, phone=phone, language=language)
    total = sum(line.quantity * line.unit_price_minor - line.discount_minor + line.freight_minor for line in lines)
    financed = total - at_ordering if with_plan else 0
    payments = [PaymentInput(method="credit_card", amount_minor=total - financed)] if total - financed else []
    opened_on = clock.business_date(placed).isoformat()
    plan = {
        "principal": financed,
        "currency": "CNY",
        "opened_on": opened_on,
        "installments": 12,
        "unit": "month",
        "method": "interest_free",
        **terms,
    }
    taken = register_order(
        OrderInput(
            order_no=f"o-{name}",
            customer_ref=name,
            currency="CNY",
            placed_at=placed,
            delivered_at=now - timedelta(days=days_ago),
            status="delivered",
            lines=tuple(lines),
            payments=(
                *payments,
                *(
                    [PaymentInput(method="installments", amount_minor=financed, installments=12, financed=True)]
                    if financed
                    else []
                ),
            ),
            plan=PlanInput(terms=plan) if financed else None,
        ),
        now=placed,
    )
    return Returning(Bought(taken.customer_id, taken.order_id, taken.plan_id or UUID(int=0)), now)


def a_return(*lines: tuple[int, int], reason: Reason = Reason.NO_REASON, kind: WishKind = WishKind.RETURN) -> Wish:
    """Of (line, pieces); the whole telephone without a word."""
    wished = lines or ((1, 1),)
    return Wish(kind=kind, reason=reason, lines=tuple(WishedLine(line_no=no, pieces=pieces) for no, pieces in wished))


def refunded(case: Case) -> int:
    """What goes back to the customer in all, in minor units."""
    return sum(refund_view(case.customer_id, refund.refund_id).amount_minor for refund in case.view.refunds)
