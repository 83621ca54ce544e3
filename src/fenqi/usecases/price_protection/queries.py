"""What pages and the API show of price protection: prices and differences of an order, offers, and who has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from fenqi.records.models import AftersalesCase, Customer, OfferState, Order, OrderLine, PriceOffer
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.price_protection.lines import (
    LineUnderProtection,
    OrderUnderProtection,
    order_under_protection,
)
from fenqi.usecases.price_protection.offers import quote_offer
from fenqi.usecases.price_protection.quoting import DifferenceQuote, quote_difference


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """A fallen price that the house offers to make good. Amounts are minor units; prices are of one piece."""

    offer_id: UUID
    order_id: UUID
    line_no: int
    name: str
    pieces: int
    currency: str
    paid_minor: int
    lowest_minor: int
    amount_minor: int
    seen_at: datetime
    seen_source: str
    route: str
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    case_id: UUID | None

    @property
    def last_on(self) -> date:
        """The last day on which it can be taken."""
        return clock.business_date(self.expires_at - timedelta(microseconds=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDifference:
    """One line: what was paid and seen, and, where it can be claimed, what that comes to and where it goes (R101).

    `quoted` is of the offer where one stands, else of the lowest price.
    """

    line: LineUnderProtection
    quoted: DifferenceQuote | None
    offer: OfferView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDifferences:
    order_id: UUID
    order_no: str
    currency: str
    at: datetime
    lines: tuple[LineDifference, ...]

    @property
    def can_claim(self) -> bool:
        return any(one.line.can_claim for one in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """An offer as staff see it."""

    offer: OfferView
    customer_id: UUID
    customer_ref: str
    order_no: str
    case_no: str
    case_state: str


def differences_of_order(customer_id: UUID, order_id: UUID, *, now: datetime) -> OrderDifferences:
    """Current and lowest prices of every line, and what may be claimed (R092, R093). Raises NotFound."""
    found = order_under_protection(customer_id, order_id, at=now)
    offers = {offer.line_no: offer for offer in _open_offers(customer_id, order_id, now=now)}
    return OrderDifferences(
        order_id=order_id,
        order_no=found.order.order_no,
        currency=found.order.currency,
        at=now,
        lines=tuple(_line_difference(found, line, offers.get(line.line_no), now=now) for line in found.lines),
    )


def _line_difference(
    found: OrderUnderProtection, line: LineUnderProtection, offer: PriceOffer | None, *, now: datetime
) -> LineDifference:
    offered = quote_offer(offer, now=now) if offer and line.open_case_id is None else None
    if offer and offered:
        return LineDifference(line=line, quoted=offered, offer=_view(offer, line.name))
    quoted = quote_difference(found, line, on=clock.business_date(now), now=now) if line.difference else None
    return LineDifference(line=line, quoted=quoted, offer=None)


def open_offers(customer_id: UUID, order_id: UUID | None = None, *, now: datetime) -> tuple[OfferView, ...]:
    """What the customer may still take, the one that ends first leading."""
    rows = _open_offers(customer_id, order_id, now=now)
    names = _names(customer_id, {row.order_id for row in rows})
    return tuple(_view(row, names.get((row.order_id, row.line_no), "")) for row in rows)


def _open_offers(customer_id: UUID, order_id: UUID | None, *, now: datetime) -> list[PriceOffer]:
    offers = PriceOffer.objects.filter(customer_id=customer_id, state=OfferState.OPEN, expires_at__gt=now)
    if order_id is not None:
        offers = offers.filter(order_id=order_id)
    return list(offers.order_by("expires_at", "id"))


def list_offers(*, which: str = "all", limit: int) -> tuple[list[OfferRow], bool]:
    """Of all customers, the newest first; `which`: all, or a state. Whether there are more than `limit`."""
    with across_customers():
        offers = PriceOffer.objects.order_by("-offered_at", "-id")
        if which in OfferState.values:
            offers = offers.filter(state=which)
        rows = list(offers[: limit + 1])
        return _rows(rows[:limit]), len(rows) > limit


def _rows(rows: Iterable[PriceOffer]) -> list[OfferRow]:
    """Inside a scope that means all customers: four statements for the page."""
    offers = list(rows)
    customers = {row.customer_id for row in offers}
    refs = dict(Customer.objects.filter(id__in=list(customers)).values_list("id", "ref"))
    order_ids = [row.order_id for row in offers]
    numbers = dict(
        Order.objects.filter(customer_id__in=list(customers), id__in=order_ids).values_list("id", "order_no")
    )
    lines = OrderLine.objects.filter(customer_id__in=list(customers), order_id__in=order_ids)
    names = {(line.order_id, line.line_no): line.name for line in lines}
    cases = {
        case.id: case
        for case in AftersalesCase.objects.filter(
            customer_id__in=list(customers), id__in=[row.case_id for row in offers if row.case_id]
        )
    }
    return [
        OfferRow(
            offer=_view(row, names.get((row.order_id, row.line_no), "")),
            customer_id=row.customer_id,
            customer_ref=refs[row.customer_id],
            order_no=numbers[row.order_id],
            case_no=cases[row.case_id].case_no if row.case_id else "",
            case_state=cases[row.case_id].state if row.case_id else "",
        )
        for row in offers
    ]


def _names(customer_id: UUID, order_ids: Iterable[UUID]) -> dict[tuple[UUID, int], str]:
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id__in=list(order_ids))
    return {(line.order_id, line.line_no): line.name for line in lines}


def _view(row: PriceOffer, name: str) -> OfferView:
    return OfferView(
        offer_id=row.id,
        order_id=row.order_id,
        line_no=row.line_no,
        name=name,
        pieces=row.pieces,
        currency=row.currency,
        paid_minor=row.paid_minor,
        lowest_minor=row.lowest_minor,
        amount_minor=row.amount_minor,
        seen_at=row.seen_at,
        seen_source=row.seen_source,
        route=row.route,
        state=OfferState(row.state),
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        case_id=row.case_id,
    )
