"""What a price feed tells: each price checked by itself, the good ones taken, and told again nothing is added."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.domain.errors import InvalidInput
from fenqi.domain.money import LARGEST_MINOR, InvalidAmount, exponent_of
from fenqi.records.models import SalesChannel
from fenqi.usecases import clock
from fenqi.usecases.orders.prices import observation_id

MOST_IN_A_BATCH: Final = 1_000
MOST_AHEAD: Final = timedelta(minutes=5)
"""How far ahead of ours the clock of a feed may be."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

_ADD = """
INSERT INTO price_observation
  (sku, id, sales_channel, currency, price_minor, observed_on, observed_at, seller, source)
SELECT p.*, 'feed' FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::bigint[], %s::date[],
  %s::timestamptz[], %s::text[]) AS p ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceInput:
    """One piece could be bought for `price_minor` at that instant, from that seller (empty: the mall itself)."""

    sku: str
    price_minor: int
    currency: str
    observed_at: datetime
    seller: str = ""
    sales_channel: str = SalesChannel.OFFICIAL.value


def check_price(price: PriceInput, *, now: datetime) -> None:
    """Refuse what no price can be. Raises InvalidInput, InvalidAmount, UnknownCurrency."""
    _check_text(price.sku, "sku", least=1)
    _check_text(price.seller, "seller", least=0)
    exponent_of(price.currency, where="currency")
    if not 0 <= price.price_minor <= LARGEST_MINOR:
        raise InvalidAmount(
            where="price_minor",
            amount=price.price_minor,
            reason="it is negative or too large",
            reason_zh="为负数或数额过大",
        )
    if price.sales_channel not in SalesChannel.values:
        known = ", ".join(SalesChannel.values)
        raise InvalidInput(
            where="sales_channel", problem=f"one of {known} is expected", problem_zh=f"应为其中之一：{known}"
        )
    if not EARLIEST <= price.observed_at <= now + MOST_AHEAD:
        raise InvalidInput(
            where="observed_at",
            problem="an instant from 2000 on that is not in the future is expected",
            problem_zh="应为 2000 年以后、且不晚于现在的时间",
        )


def take_prices(prices: Iterable[PriceInput]) -> int:
    """Add checked prices; how many were new. The caller decides what is one transaction."""
    rows = sorted({_row(price) for price in prices})  # two feeds never wait crosswise
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.rowcount)


def _row(price: PriceInput) -> tuple[str, UUID, str, str, int, date, datetime, str]:
    at = price.observed_at.astimezone(UTC)
    key = observation_id(price.sku, price.sales_channel, price.currency, price.price_minor, price.seller, at)
    return (
        *(price.sku, key, price.sales_channel, price.currency, price.price_minor),
        *(clock.business_date(at), at, price.seller),
    )


def _check_text(text: str, where: str, *, least: int) -> None:
    if not least <= len(text.strip()) <= len(text) <= 64 or not text.isprintable():  # noqa: PLR2004 - as the column is
        raise InvalidInput(
            where=where,
            problem=f"{least} to 64 printable characters are expected",
            problem_zh=f"应为 {least} 至 64 个可显示的字符",
        )
