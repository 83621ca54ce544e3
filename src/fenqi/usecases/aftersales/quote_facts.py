"""What a refund quote is worked out from, read from the records in a fixed number of statements."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Sum

from fenqi.domain.aftersales.cases import MONEY_MOVED, TAKES_PIECES, CaseState
from fenqi.domain.aftersales.eligibility import NotBought, TooManyPieces, Wish
from fenqi.domain.aftersales.quote import Funding, PlanFacts, QuoteFacts
from fenqi.domain.aftersales.worth import BoughtLine, LineWorth, free_pieces, worth_of
from fenqi.domain.errors import NotFound
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.payments.splitting import Source
from fenqi.domain.plans.terms import FeeOnRefund, FutureRule
from fenqi.records.models import (
    AftersalesCase,
    CaseKind,
    CaseLine,
    Order,
    OrderLine,
    OrderPayment,
    PartnerPlan,
    PartnerRefund,
    Plan,
    ProviderKind,
    QuoteRecord,
)
from fenqi.usecases import plan_file
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.plan_file import PlanFile
from fenqi.usecases.price_protection.given import GivenDifferences, given_on
from fenqi.usecases.refunds.sources import sources_of

_TAKES_PIECES = tuple(state.value for state in TAKES_PIECES)
_MONEY_MOVED = frozenset(state.value for state in MONEY_MOVED)
_GOODS_BACK = frozenset({CaseKind.RETURN.value, CaseKind.REFUND_ONLY.value})
_FUNDING: Mapping[str, Funding] = {
    ProviderKind.PLATFORM.value: Funding.PARTNER,
    ProviderKind.CARD.value: Funding.CARD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """How a return is treated by the policy that it was quoted under: part of what is promised, so it is kept."""

    policy_code: str
    policy_version: int
    fee_rule: FeeOnRefund | None
    late_fees_back: bool
    freight_back: bool
    future: FutureRule | None

    def to_mapping(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_mapping(cls, kept: Mapping[str, Any]) -> "Treatment":
        return cls(
            policy_code=kept["policy_code"],
            policy_version=kept["policy_version"],
            fee_rule=FeeOnRefund(kept["fee_rule"]) if kept["fee_rule"] else None,
            late_fees_back=kept["late_fees_back"],
            freight_back=kept["freight_back"],
            future=FutureRule(kept["future"]) if kept["future"] else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The facts of one order, and where they are from."""

    facts: QuoteFacts
    order: Order
    file: PlanFile | None

    @property
    def funding(self) -> Funding:
        return self.facts.plan.funding if self.facts.plan else Funding.MALL

    def digest(self, on: date) -> str:
        """Of all that decides what the quote comes to: the same digest, the same quote."""
        plan = self.facts.plan
        said = {
            "on": on.isoformat(),
            "lines": [line.to_mapping() for line in self.facts.lines],
            "paid_at_ordering": self.facts.paid_at_ordering,
            "plan": plan
            and {
                "terms": plan.terms.to_mapping(),
                "events": [event.to_mapping() for event in plan.events],
                "funding": plan.funding,
                "fee_rule": plan.fee_rule,
                "late_fees_back": plan.late_fees_back,
                "future": plan.future,
                "given": [plan.differences_paid, plan.fees_followed, plan.under_way, plan.ahead, plan.subsidy],
            },
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def gather(
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    treatment: Treatment,
    *,
    case_id: UUID | None,
    deductions: Mapping[int, int],
) -> Gathered:
    """Raises NotFound, NotBought, TooManyPieces, UnknownProvider."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    cases = _Cases.read(customer_id, order_id)
    given = given_on(customer_id, order_id)
    lines = _worths(order, wish, cases, given, treatment, case_id=case_id, deductions=deductions)
    others = cases.other_returns(besides=case_id)
    file = _plan_of(order)
    plan = _plan_facts(file, treatment, given, ahead=_ahead(others), case_id=case_id) if file else None
    facts = QuoteFacts(
        lines=tuple(lines),
        plan=plan,
        paid_at_ordering=max(0, _paid_at_ordering(order, file) - sum(other.at_ordering for other in others)),
    )
    return Gathered(facts=facts, order=order, file=file)


# The lines, and who has which pieces -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cases:
    """The cases of an order that hold pieces or have moved money."""

    customer_id: UUID
    cases: Sequence[AftersalesCase]
    lines: Mapping[UUID, Sequence[CaseLine]]

    @classmethod
    def read(cls, customer_id: UUID, order_id: UUID) -> "_Cases":
        cases = AftersalesCase.objects.filter(customer_id=customer_id, order_id=order_id, state__in=_TAKES_PIECES)
        lines: dict[UUID, list[CaseLine]] = defaultdict(list)
        for line in CaseLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no"):
            lines[line.case_id].append(line)
        return cls(customer_id, tuple(cases.order_by("created_at", "id")), lines)

    def pieces_of(self, case_id: UUID, line_no: int) -> tuple[int, ...]:
        """The numbers that the case holds of the line."""
        held = (line.worth.get("pieces", ()) for line in self.lines.get(case_id, ()) if line.line_no == line_no)
        return tuple(next(held, ()))

    def taken(self, line_no: int, *, besides: UUID | None) -> set[int]:
        """The numbers that other cases hold; who exchanged goods has others for them."""
        return {
            number
            for case in self.cases
            if case.id != besides and case.kind != CaseKind.PRICE_DIFFERENCE and not _is_exchanged(case)
            for number in self.pieces_of(case.id, line_no)
        }

    def other_returns(self, *, besides: UUID | None) -> list["_OtherReturn"]:
        """What the other returns of the order come to, by the quotes they were applied with or carried out by.

        The case `besides` has its place by its application, also as an exchange that is about to become a return.
        """
        returns = [case for case in self.cases if (case.kind in _GOODS_BACK or case.id == besides) and case.quote_id]
        place = next((n for n, case in enumerate(returns) if case.id == besides), len(returns))
        kept = QuoteRecord.objects.filter(customer_id=self.customer_id, id__in=[case.quote_id for case in returns])
        bodies: dict[UUID | None, dict[str, Any]] = dict(kept.values_list("id", "body"))
        return [
            _OtherReturn(
                on_plan=bodies[case.quote_id]["on_plan"],
                at_ordering=bodies[case.quote_id]["at_ordering"] if case.state in _MONEY_MOVED else 0,
                is_earlier=n < place,
                has_moved=case.state in _MONEY_MOVED,
            )
            for n, case in enumerate(returns)
            if case.id != besides
        ]


@dataclass(frozen=True, slots=True)
class _OtherReturn:
    """Another return of the order; `at_ordering` counts once it went back."""

    on_plan: int
    at_ordering: int
    is_earlier: bool
    has_moved: bool


def _ahead(others: Iterable[_OtherReturn]) -> int:
    """What earlier returns will take off the plan, less what later ones have taken off it already."""
    return sum(
        other.on_plan if other.is_earlier else -other.on_plan
        for other in others
        if other.is_earlier is not other.has_moved
    )


def _is_exchanged(case: AftersalesCase) -> bool:
    return (case.kind, case.state) == (CaseKind.EXCHANGE, CaseState.COMPLETED)


def _worths(
    order: Order,
    wish: Wish,
    cases: _Cases,
    given: GivenDifferences,
    treatment: Treatment,
    *,
    case_id: UUID | None,
    deductions: Mapping[int, int],
) -> Iterable[LineWorth]:
    rows = OrderLine.objects.filter(customer_id=order.customer_id, order_id=order.id)
    bought = {row.line_no: row for row in rows.order_by("line_no")}
    for wished in sorted(wish.lines, key=lambda one: one.line_no):
        row = bought.get(wished.line_no)
        if row is None:
            raise NotBought(line_no=wished.line_no)
        line = BoughtLine(
            line_no=row.line_no,
            quantity=row.quantity,
            unit_price=row.unit_price_minor,
            discount=row.discount_minor,
            freight=row.freight_minor,
            differences=given.on_line(row.line_no),
        )
        yield worth_of(
            line,
            _pieces(row, wished.pieces, cases, case_id),
            freight_back=treatment.freight_back,
            deduction=deductions.get(row.line_no, 0),
        )


def _pieces(row: OrderLine, count: int, cases: _Cases, case_id: UUID | None) -> tuple[int, ...]:
    """The numbers that the case holds already, else the lowest that are free. Raises TooManyPieces."""
    held = cases.pieces_of(case_id, row.line_no) if case_id else ()
    if len(held) == count:
        return held
    taken = cases.taken(row.line_no, besides=case_id)
    pieces = free_pieces(row.quantity, taken, count=count)
    if len(pieces) < count:
        raise TooManyPieces(line_no=row.line_no, item=row.name, left=len(pieces))
    return pieces


# The plan ------------------------------------------------------------------------------------------------------------


def _plan_of(order: Order) -> PlanFile | None:
    plans = Plan.objects.filter(customer_id=order.customer_id, order_id=order.id).order_by("id")
    plan_id = plans.values_list("id", flat=True).first()
    return plan_file.read(order.customer_id, plan_id) if plan_id else None


def _plan_facts(
    file: PlanFile, treatment: Treatment, given: GivenDifferences, *, ahead: int, case_id: UUID | None
) -> PlanFacts:
    plan = PlanFacts(
        terms=file.terms,
        events=file.events,
        fee_rule=treatment.fee_rule,
        late_fees_back=treatment.late_fees_back,
        future=treatment.future,
        differences_paid=given.cash,
        fees_followed=given.fees_followed,
        ahead=ahead,
    )
    lender = provider_of(file.provider)
    if lender is not None:
        return _lent_elsewhere(plan, file, _FUNDING[lender.kind], case_id=case_id)
    return replace(plan, sources=_sources(file))


def _sources(file: PlanFile) -> tuple[Source[str], ...]:
    """The payments that cash may go back over, each by the id of its attempt."""
    found = sources_of(file.customer_id, plan_id=file.plan_id, payment_id=None, currency=file.terms.currency)
    return tuple(
        Source(
            key=str(source.key.id),
            order=source.order,
            paid_on=source.paid_on,
            left=source.left,
            refund_days=source.refund_days,
        )
        for source in found
    )


def _lent_elsewhere(plan: PlanFacts, file: PlanFile, funding: Funding, *, case_id: UUID | None) -> PlanFacts:
    known = PartnerPlan.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id, released_at__isnull=True)
    sent = PartnerRefund.objects.filter(customer_id=file.customer_id, plan_id=file.plan_id).exclude(
        state__in=[RefundState.SUCCEEDED.value, RefundState.FAILED.value, RefundState.RETURNED.value]
    )
    under_way = sent.exclude(case_id=case_id) if case_id else sent
    return replace(
        plan,
        funding=funding,
        under_way=under_way.aggregate(total=Sum("amount_minor", default=0))["total"],
        subsidy=known.values_list("subsidy_minor", flat=True).first() or 0,
    )


def _paid_at_ordering(order: Order, file: PlanFile | None) -> int:
    """What was paid beside the plan: by the payments as the mall told them, else all that the plan does not finance."""
    rows = list(
        OrderPayment.objects.filter(customer_id=order.customer_id, order_id=order.id).values_list(
            "amount_minor", "financed"
        )
    )
    if not rows:
        return max(0, order.total_minor - (file.terms.principal if file else 0))
    return sum(amount for amount, financed in rows if file is None or not financed)
