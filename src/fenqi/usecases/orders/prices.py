"""Reading the prices that were seen of a product."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Q

from fenqi.domain.errors import NotFound
from fenqi.records.identifiers import derived_id
from fenqi.records.models import PriceObservation
from fenqi.usecases.paging import Page, from_time_cursor, page_of, to_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What a product could be bought for at an instant (P405); `observed_on` is its day at the mall."""

    observation_id: UUID
    sku: str
    sales_channel: str
    currency: str
    price_minor: int
    observed_on: date
    observed_at: datetime
    seller: str
    source: str


def observation_id(  # noqa: PLR0917 - built a hundred thousand times an import: names would be felt
    sku: str, sales_channel: str, currency: str, price: int, seller: str, at: datetime
) -> UUID:
    """The key of an observation is made from all it says: said again, by an order or by the feed, it adds nothing."""
    return derived_id("price", sku, sales_channel, currency, price, seller, at.astimezone(UTC).isoformat())


def prices_of(sku: str, *, after: str | None = None, limit: int = 50) -> Page[PriceView]:
    """Newest first. Raises NotFound when no price of the product was ever seen, InvalidCursor."""
    seen = PriceObservation.objects.filter(sku=sku)
    if after is not None:
        observed_at, last_id = from_time_cursor(after)
        seen = seen.filter(Q(observed_at__lt=observed_at) | Q(observed_at=observed_at, id__gt=last_id))
    found = [_view(row) for row in seen.order_by("-observed_at", "id")[: limit + 1]]
    if not found and after is None:
        raise NotFound
    return page_of(
        found, limit=limit, cursor_of=lambda last: to_cursor(last.observed_at.isoformat(), last.observation_id)
    )


def _view(row: PriceObservation) -> PriceView:
    return PriceView(
        observation_id=row.id,
        sku=row.sku,
        sales_channel=row.sales_channel,
        currency=row.currency,
        price_minor=row.price_minor,
        observed_on=row.observed_on,
        observed_at=row.observed_at,
        seller=row.seller,
        source=row.source,
    )
