"""What a product could be bought for, and when: what price protection compares with."""

from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import Cursor, Limit, Word
from fenqi.interfaces.api.operations import operation
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.orders.prices import prices_of
from fenqi.usecases.paging import InvalidCursor

router = Router()


@operation(
    router,
    "GET",
    "/prices/{path:sku}",
    scope=Scope.PRICES_READ,
    answers={200: documents.PricesPage},
    refuses=(InvalidCursor,),
)
def list_prices(sku: Annotated[Word, Field(min_length=1)], limit: Limit = 50, cursor: Cursor = None) -> Any:
    """List the prices seen of a product, newest first.

    A product of which no price was seen is not found.
    """
    page = prices_of(sku, after=cursor, limit=limit)
    return documents.PricesPage(items=[documents.Price.of(view) for view in page.items], next_cursor=page.next_cursor)
