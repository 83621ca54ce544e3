"""Reading the prices that were seen of a product."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q

from fenqi.domain.errors import NotFound
from fenqi.records.models import PriceObservation
from fenqi.usecases.paging import InvalidCursor, Page, from_cursor, page_of, to_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceView:
    """What a product could be bought for on a day (P405)."""

    observation_id: UUID
    sku: str
    sales_channel: str
    currency: str
    price_minor: int
    observed_on: date
    source: str


def prices_of(sku: str, *, after: str | None = None, limit: int = 50) -> Page[PriceView]:
    """Newest first. Raises NotFound when no price of the product was ever seen, InvalidCursor."""
    seen = PriceObservation.objects.filter(sku=sku)
    if after is not None:
        observed_on, observation_id = _read_cursor(after)
        seen = seen.filter(Q(observed_on__lt=observed_on) | Q(observed_on=observed_on, id__gt=observation_id))
    found = [_view(row) for row in seen.order_by("-observed_on", "id")[: limit + 1]]
    if not found and after is None:
        raise NotFound
    return page_of(
        found, limit=limit, cursor_of=lambda last: to_cursor(last.observed_on.isoformat(), last.observation_id)
    )


def _read_cursor(cursor: str) -> tuple[date, UUID]:
    observed_on, observation_id = from_cursor(cursor, parts=2)
    try:
        return date.fromisoformat(observed_on), UUID(observation_id)
    except ValueError:
        raise InvalidCursor from None


def _view(row: PriceObservation) -> PriceView:
    return PriceView(
        observation_id=row.id,
        sku=row.sku,
        sales_channel=row.sales_channel,
        currency=row.currency,
        price_minor=row.price_minor,
        observed_on=row.observed_on,
        source=row.source,
    )
