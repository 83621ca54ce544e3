"""What a customer may ask for about an order, until when, by which policy, and why not (R020-R030, R084-R091).

Each function asks a fixed number of statements, however many lines the order has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from fenqi.domain.aftersales.cases import TAKES_PIECES, CaseState
from fenqi.domain.aftersales.eligibility import (
    Decision,
    LineFacts,
    OrderFacts,
    Wish,
    check_pieces,
    decide_each,
    decide_line,
    decide_price_claim,
    exclusion_of,
)
from fenqi.domain.aftersales.policies import Subject
from fenqi.domain.aftersales.reasons import REASONS_FOR, Reason, WishKind
from fenqi.domain.aftersales.resolution import Goods
from fenqi.domain.aftersales.rules import RuleId
from fenqi.domain.errors import NotFound
from fenqi.records.models import AftersalesCase, CaseKind, CaseLine, Order, OrderLine, OrderStatus
from fenqi.usecases import clock
from fenqi.usecases.aftersales.policies import PublishedPolicy, policies_for


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOptions:
    """What may be asked for about one line. `policy` rules its returns, `price_policy` its price protection.

    `without_reason` says whether it can be returned without a reason, and if not, why and what to do; `if_faulty` the
    same of goods at fault; `price_difference` of a fallen price. `open`: the reasons to choose from, by kind of wish.
    """

    line: LineFacts
    policy: PublishedPolicy
    price_policy: PublishedPolicy
    without_reason: Decision
    if_faulty: Decision
    price_difference: Decision
    open: Mapping[WishKind, tuple[Reason, ...]]

    @property
    def line_no(self) -> int:
        return self.line.line_no

    @property
    def left(self) -> int:
        return self.line.left

    @property
    def excluded(self) -> RuleId | None:
        """Why such goods are never returned without a reason, whether or not they have come."""
        return exclusion_of(self.line, self.policy.of_return)

    @property
    def can_apply(self) -> bool:
        return bool(self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOptions:
    """An order and what may be asked for about each of its lines, on a day."""

    order: OrderFacts
    on: date
    lines: tuple[LineOptions, ...]

    @property
    def can_apply(self) -> bool:
        return any(line.can_apply for line in self.lines)

    @property
    def handed_over(self) -> Decision | None:
        """How it is done at the platform that sold the goods, when all of them were bought there (G13)."""
        refusals = [line.without_reason for line in self.lines]
        elsewhere = [one for one in refusals if one.rule is RuleId.OTHER_PLATFORM]
        return elsewhere[0] if elsewhere and len(elsewhere) == len(refusals) else None

    def kinds(self) -> tuple[WishKind, ...]:
        """What may be wished for about any line."""
        return tuple(kind for kind in WishKind if any(kind in line.open for line in self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWish:
    """A wish, judged. `policies`: by line; `policy`: the one that the case is handled by."""

    wish: Wish
    order: OrderFacts
    decision: Decision
    policies: Mapping[int, PublishedPolicy]
    policy: PublishedPolicy

    def require(self) -> None:
        """Raises NotEligible if it is refused."""
        self.decision.require()


def return_options(customer_id: UUID, order_id: UUID, *, now: datetime) -> ReturnOptions:
    """What may be asked for about each line now: six statements. Raises NotFound."""
    order = order_facts(customer_id, order_id)
    goods = _goods(order, order.lines)
    on_returns = policies_for(Subject.RETURN, goods)
    on_prices = policies_for(Subject.PRICE_PROTECTION, goods)
    return ReturnOptions(
        order=order,
        on=clock.business_date(now),
        lines=tuple(
            _options(order, line, returns, prices, now=now)
            for line, returns, prices in zip(order.lines, on_returns, on_prices, strict=True)
        ),
    )


def check_wish(
    customer_id: UUID,
    order_id: UUID,
    wish: Wish,
    *,
    now: datetime,
    unused: bool | None = None,
    besides: UUID | None = None,
) -> CheckedWish:
    """Judge the wish as of now: five statements.

    `unused`: what the customer says of goods whose price fell. `besides`: a case that does not count, because it is the
    one the wish is of. Raises NotFound, NotBought, TooManyPieces, InvalidInput; a refusal is an answer.
    """
    order = order_facts(customer_id, order_id, besides=besides)
    check_pieces(order, wish)
    lines = [order.line(wished.line_no) for wished in wish.lines]
    subject = Subject.PRICE_PROTECTION if wish.kind is WishKind.PRICE_DIFFERENCE else Subject.RETURN
    found = policies_for(subject, _goods(order, lines))
    policies = {line.line_no: policy for line, policy in zip(lines, found, strict=True)}
    if subject is Subject.RETURN:
        rules = {line_no: policy.of_return for line_no, policy in policies.items()}
        decision = decide_each(order, rules, wish, clock.business_date(now))
    else:
        decision = _price_decision(order, lines, policies, now=now, unused=unused)
    return CheckedWish(wish=wish, order=order, decision=decision, policies=policies, policy=_kindest(found))


def order_facts(customer_id: UUID, order_id: UUID, *, besides: UUID | None = None) -> OrderFacts:
    """The order as eligibility reads it: four statements. Raises NotFound."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id=order_id).order_by("line_no")
    cases = AftersalesCase.objects.filter(
        customer_id=customer_id, order_id=order_id, state__in=[state.value for state in TAKES_PIECES]
    ).values_list("id", "kind", "state")
    counted = {case_id: (kind, state) for case_id, kind, state in cases if case_id != besides}
    taken = CaseLine.objects.filter(customer_id=customer_id, order_id=order_id, case_id__in=list(counted))
    return facts_of(order, lines, [(*counted[line.case_id], line) for line in taken])


def facts_of(order: Order, lines: Iterable[OrderLine], taken: Iterable[tuple[str, str, CaseLine]]) -> OrderFacts:
    """The facts of rows that were read; `taken`: kind and state of a case that counts, with its line."""
    gone, claims = Counter[int](), Counter[int]()
    for kind, state, case_line in taken:
        if kind == CaseKind.PRICE_DIFFERENCE:
            claims[case_line.line_no] += 1
        elif (kind, state) != (CaseKind.EXCHANGE, CaseState.COMPLETED):  # who exchanged goods has others for them
            gone[case_line.line_no] += case_line.pieces
    zone = clock.mall_zone()
    return OrderFacts(
        order_no=order.order_no,
        status=order.status,
        sales_channel=order.sales_channel,
        placed_on=clock.business_date(order.placed_at),
        paid_at=(order.approved_at or order.placed_at).astimezone(zone),
        received_on=_received_on(order),
        lines=tuple(
            LineFacts(
                line_no=line.line_no,
                sku=line.sku,
                name=line.name,
                category=line.category,
                tags=frozenset(line.tags),
                quantity=line.quantity,
                gone=gone[line.line_no],
                confirmed_at=line.no_return_confirmed_at,
                claims=claims[line.line_no],
            )
            for line in lines
        ),
    )


def _received_on(order: Order) -> date | None:
    """The day of sign-off; where the mall told of the delivery without its day, the day it told us, which is later."""
    if order.delivered_at is not None:
        return clock.business_date(order.delivered_at)
    return clock.business_date(order.updated_at) if order.status == OrderStatus.DELIVERED else None


def _goods(order: OrderFacts, lines: Iterable[LineFacts]) -> list[Goods]:
    return [
        Goods(sku=line.sku, category=line.category, sales_channel=order.sales_channel, placed_on=order.placed_on)
        for line in lines
    ]


def _options(
    order: OrderFacts, line: LineFacts, policy: PublishedPolicy, price_policy: PublishedPolicy, *, now: datetime
) -> LineOptions:
    on = clock.business_date(now)

    def judged(kind: WishKind, reason: Reason) -> Decision:
        return decide_line(order, line, policy.of_return, kind=kind, reason=reason, on=on)

    price_difference = decide_price_claim(
        order, line, price_policy.of_price_protection, at=now.astimezone(clock.mall_zone())
    )
    goods_back = (WishKind.RETURN, WishKind.REFUND_ONLY, WishKind.EXCHANGE)
    by_kind = {kind: tuple(why for why in REASONS_FOR[kind] if judged(kind, why).allowed) for kind in goods_back}
    if price_difference.allowed:
        by_kind[WishKind.PRICE_DIFFERENCE] = REASONS_FOR[WishKind.PRICE_DIFFERENCE]
    return LineOptions(
        line=line,
        policy=policy,
        price_policy=price_policy,
        without_reason=judged(WishKind.RETURN, Reason.NO_REASON),
        if_faulty=judged(WishKind.RETURN, Reason.FAULTY),
        price_difference=price_difference,
        open={kind: reasons for kind, reasons in by_kind.items() if reasons},
    )


def _price_decision(
    order: OrderFacts,
    lines: Sequence[LineFacts],
    policies: Mapping[int, PublishedPolicy],
    *,
    now: datetime,
    unused: bool | None,
) -> Decision:
    """The first refusal, else the line whose protection ends first."""
    at = now.astimezone(clock.mall_zone())
    decisions = [
        decide_price_claim(order, line, policies[line.line_no].of_price_protection, at=at, unused=unused)
        for line in lines
    ]
    refusals = [decision for decision in decisions if not decision.allowed]
    return refusals[0] if refusals else min(decisions, key=lambda decision: decision.last_on or date.max)


def _kindest(policies: Iterable[PublishedPolicy]) -> PublishedPolicy:
    """Of policies that meet in one case, the one that promises the customer the soonest; of equals the first line's."""
    return min(policies, key=lambda policy: (policy.rules.promise_working_days, policy.rules.review_hours))
