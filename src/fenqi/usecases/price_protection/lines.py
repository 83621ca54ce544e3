"""The lines of an order under price protection: what was paid, what was seen since, what is kept and was given."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.domain.aftersales.cases import CLOSED, TAKES_PIECES, CaseState
from fenqi.domain.aftersales.eligibility import (
    Decision,
    LineFacts,
    OrderFacts,
    decide_price_claim,
    protected_until,
)
from fenqi.domain.aftersales.policies import MOST_PROTECTION_DAYS, PriceProtectionPolicy, Subject
from fenqi.domain.aftersales.price_protection import (
    Difference,
    ProtectedLine,
    SeenPrice,
    difference_of,
    lowest_seen,
    paid_each,
)
from fenqi.domain.aftersales.resolution import Goods
from fenqi.domain.errors import NotFound
from fenqi.records.models import AftersalesCase, CaseKind, CaseLine, Order, OrderLine
from fenqi.usecases import clock
from fenqi.usecases.aftersales.eligibility import order_facts
from fenqi.usecases.aftersales.policies import PublishedPolicy, policies_for
from fenqi.usecases.price_protection.given import given_on

# A price that is seen a thousand times counts once, by when it was seen first. A gift is no price.
_SEEN: Final = """
SELECT sku, seller, price_minor, min(observed_at), (array_agg(source ORDER BY observed_at))[1]
FROM price_observation
WHERE sku = ANY(%s) AND currency = %s AND sales_channel = %s AND observed_at > %s AND observed_at <= %s
  AND price_minor > 0
GROUP BY sku, seller, price_minor
"""
_CURRENT: Final = """
SELECT wanted.line_no, seen.seller, seen.price_minor, seen.observed_at, seen.source
FROM unnest(%s::int[], %s::text[], %s::text[], %s::bool[]) AS wanted (line_no, sku, seller, of_any_seller)
CROSS JOIN LATERAL (
  SELECT p.seller, p.price_minor, p.observed_at, p.source FROM price_observation p
  WHERE p.sku = wanted.sku AND p.currency = %s AND p.sales_channel = %s AND p.observed_at <= %s AND p.price_minor > 0
    AND (wanted.of_any_seller OR p.seller = wanted.seller)
  ORDER BY p.observed_at DESC, p.id LIMIT 1
) seen
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUnderProtection:
    """One line now. `current` is the price of the same shop (and seller, by the policy) seen last, `lowest` the lowest
    since the payment inside the window; `difference` what would be given for it. None: was not seen, nothing to give.

    `decision` says whether it may be claimed, by which rule; `open_case_id` is a claim on it that is under way.
    """

    line_no: int
    sku: str
    name: str
    bought: ProtectedLine
    policy: PublishedPolicy
    decision: Decision
    current: SeenPrice | None
    lowest: SeenPrice | None
    difference: Difference | None
    protected_until: datetime
    open_case_id: UUID | None

    @property
    def rules(self) -> PriceProtectionPolicy:
        return self.policy.of_price_protection

    @property
    def paid_each(self) -> int:
        """Minor units of one piece, as compared."""
        return paid_each(self.bought, self.rules)

    @property
    def can_claim(self) -> bool:
        return self.decision.allowed and self.difference is not None and self.open_case_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUnderProtection:
    """An order, its facts as eligibility reads them, and its lines."""

    order: Order
    facts: OrderFacts
    lines: tuple[LineUnderProtection, ...]

    @property
    def fees_followed(self) -> int:
        return given_on(self.order.customer_id, self.order.id).fees_followed


def order_under_protection(
    customer_id: UUID,
    order_id: UUID,
    *,
    at: datetime,
    unused: bool | None = None,
    besides: UUID | None = None,
    snapshots: Mapping[int, SeenPrice] | None = None,
) -> OrderUnderProtection:
    """The order at that instant: a fixed number of statements, however many lines. Raises NotFound.

    `unused`: what the customer says of the goods. `besides`: a case that does not count, because it is asked about.
    `snapshots`: by line, the lowest price as it was when a claim was made; it is what that claim is about (P406).
    """
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    facts = order_facts(customer_id, order_id, besides=besides)
    rows = {row.line_no: row for row in OrderLine.objects.filter(customer_id=customer_id, order_id=order_id)}
    policies = policies_for(Subject.PRICE_PROTECTION, [_goods(facts, line) for line in facts.lines])
    ruled = [
        (line, rows[line.line_no], policy.of_price_protection)
        for line, policy in zip(facts.lines, policies, strict=True)
    ]
    seen = _seen_since(order, facts, {row.sku for row in rows.values()}, at=at)
    current = _current(order, ruled, at=at)
    given = given_on(customer_id, order_id)
    held = _Held.read(customer_id, order_id, besides=besides)
    local = at.astimezone(clock.mall_zone())
    lines = []
    for (line, row, rules), policy in zip(ruled, policies, strict=True):
        bought = ProtectedLine(
            line_no=line.line_no,
            unit_price=row.unit_price_minor,
            quantity=row.quantity,
            discount=row.discount_minor,
            kept=held.kept(row),
            differences=given.on_line(line.line_no),
            currency=order.currency,
            seller=row.seller,
            sales_channel=order.sales_channel,
        )
        until = protected_until(facts, rules)
        lowest = (
            snapshots.get(line.line_no)
            if snapshots is not None
            else lowest_seen(seen.get(line.sku, ()), bought, rules, paid_at=facts.paid_at, until=until)
        )
        lines.append(
            LineUnderProtection(
                line_no=line.line_no,
                sku=line.sku,
                name=line.name,
                bought=bought,
                policy=policy,
                decision=decide_price_claim(facts, line, rules, at=local, unused=unused),
                current=current.get(line.line_no),
                lowest=lowest,
                difference=difference_of(bought, lowest, rules),
                protected_until=until,
                open_case_id=held.open_claim(line.line_no),
            )
        )
    return OrderUnderProtection(order=order, facts=facts, lines=tuple(lines))


def _goods(order: OrderFacts, line: LineFacts) -> Goods:
    return Goods(sku=line.sku, category=line.category, sales_channel=order.sales_channel, placed_on=order.placed_on)


def _seen_since(order: Order, facts: OrderFacts, skus: Iterable[str], *, at: datetime) -> dict[str, list[SeenPrice]]:
    """By product, each price seen after the payment while anything can protect it, the first time it was."""
    found: dict[str, list[SeenPrice]] = defaultdict(list)
    last = min(at, facts.paid_at + timedelta(days=MOST_PROTECTION_DAYS + 1))
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, [sorted(skus), order.currency, order.sales_channel, facts.paid_at, last])
        for sku, *said in cursor.fetchall():
            found[sku].append(_price(order, *said))
    return found


def _current(
    order: Order, lines: Iterable[tuple[LineFacts, OrderLine, PriceProtectionPolicy]], *, at: datetime
) -> dict[int, SeenPrice]:
    """By line, the price seen last."""
    asked = [(line.line_no, line.sku, row.seller, not rules.same_seller) for line, row, rules in lines]
    if not asked:
        return {}
    columns = [list(column) for column in zip(*asked, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, [*columns, order.currency, order.sales_channel, at])
        return {line_no: _price(order, *said) for line_no, *said in cursor.fetchall()}


def _price(order: Order, seller: str, price: int, at: datetime, source: str) -> SeenPrice:
    return SeenPrice(
        price=price,
        at=at,
        source=source,
        currency=order.currency,
        seller=seller,
        sales_channel=order.sales_channel,
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """What other cases hold of an order: pieces on their way back, and claims that are under way."""

    pieces: Mapping[int, Sequence[CaseLine]]
    claims: Mapping[int, UUID]

    @classmethod
    def read(cls, customer_id: UUID, order_id: UUID, *, besides: UUID | None) -> "_Held":
        cases = AftersalesCase.objects.filter(
            customer_id=customer_id, order_id=order_id, state__in=[state.value for state in TAKES_PIECES]
        )
        counted = {case.id: case for case in cases if case.id != besides}
        pieces: dict[int, list[CaseLine]] = defaultdict(list)
        claims: dict[int, UUID] = {}
        for line in CaseLine.objects.filter(customer_id=customer_id, order_id=order_id, case_id__in=list(counted)):
            case = counted[line.case_id]
            if case.kind == CaseKind.PRICE_DIFFERENCE:
                if CaseState(case.state) not in CLOSED and case.refund_id is None:
                    claims[line.line_no] = case.id
            elif (case.kind, case.state) != (CaseKind.EXCHANGE, CaseState.COMPLETED):
                pieces[line.line_no].append(line)
        return cls(pieces, claims)

    def kept(self, row: OrderLine) -> tuple[int, ...]:
        """The numbers of the pieces that no case holds."""
        taken = {number for line in self.pieces.get(row.line_no, ()) for number in line.worth.get("pieces", ())}
        return tuple(number for number in range(1, row.quantity + 1) if number not in taken)

    def open_claim(self, line_no: int) -> UUID | None:
        return self.claims.get(line_no)
