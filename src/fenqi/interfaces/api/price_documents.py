"""What the API says of price protection: prices, differences and where they go. Amounts are minor units."""

from datetime import datetime
from uuid import UUID

from fenqi.domain.aftersales.price_protection import SeenPrice
from fenqi.interfaces.api.documents import Outgoing
from fenqi.usecases.price_protection.queries import LineDifference, OrderDifferences


class PriceSeen(Outgoing):
    price_minor: int
    observed_at: datetime
    source: str
    seller: str


class DifferenceWay(Outgoing):
    """`channel` is empty for a transfer."""

    channel: str
    amount_minor: int


class LinePrices(Outgoing):
    """`paid_minor` and the prices are of one piece; `difference_minor` is of all `pieces` that are kept.

    `rule` says by which rule it may be claimed, or why not. `ways` and `off_plan_minor` are told beforehand; `digest`
    names all of it, so that a claim of what was shown comes to just that. `asks_unused`: the customer has to say that
    the goods are unused.
    """

    line_no: int
    sku: str
    name: str
    pieces: int
    paid_minor: int
    current: PriceSeen | None
    lowest: PriceSeen | None
    difference_minor: int
    ways: list[DifferenceWay]
    off_plan_minor: int
    protected_until: datetime
    can_claim: bool
    asks_unused: bool
    digest: str
    rule: str
    rule_zh: str
    rule_en: str
    offer_id: UUID | None
    open_case_id: UUID | None


class PriceDifferences(Outgoing):
    order_id: UUID
    order_no: str
    currency: str
    at: datetime
    lines: list[LinePrices]


def price_differences(found: OrderDifferences) -> PriceDifferences:
    return PriceDifferences(
        order_id=found.order_id,
        order_no=found.order_no,
        currency=found.currency,
        at=found.at,
        lines=[_line(one) for one in found.lines],
    )


def _line(one: LineDifference) -> LinePrices:
    line, quoted = one.line, one.quoted
    return LinePrices(
        line_no=line.line_no,
        sku=line.sku,
        name=line.name,
        pieces=len(line.bought.kept),
        paid_minor=line.paid_each,
        current=_seen(line.current),
        lowest=_seen(line.lowest),
        difference_minor=quoted.amount if quoted else 0,
        ways=[DifferenceWay(channel=channel, amount_minor=amount) for channel, amount in quoted.ways] if quoted else [],
        off_plan_minor=quoted.quote.off_plan.total if quoted else 0,
        protected_until=line.protected_until,
        can_claim=line.can_claim,
        asks_unused=line.rules.requires_unused,
        digest=quoted.facts if quoted else "",
        rule=line.decision.rule.value,
        rule_zh=line.decision.zh,
        rule_en=line.decision.en,
        offer_id=one.offer.offer_id if one.offer else None,
        open_case_id=line.open_case_id,
    )


def _seen(seen: SeenPrice | None) -> PriceSeen | None:
    if seen is None:
        return None
    return PriceSeen(price_minor=seen.price, observed_at=seen.at, source=seen.source, seller=seen.seller)
