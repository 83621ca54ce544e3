"""What goes back to a customer, and where it is."""

from typing import Any
from uuid import UUID

from ninja import Router

from fenqi.interfaces.api import refund_documents
from fenqi.interfaces.api.fields import Cursor, Limit, Number
from fenqi.interfaces.api.operations import operation
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.orders.queries import find_order
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.refunds.queries import page_of_refunds, refund_view

router = Router()


@operation(
    router,
    "GET",
    "/orders/{order_no}/refunds",
    scope=Scope.PAYMENTS_READ,
    answers={200: refund_documents.RefundsPage},
    refuses=(InvalidCursor,),
)
def list_refunds_of_order(order_no: Number, limit: Limit = 20, cursor: Cursor = None) -> Any:
    """List an order's refunds with their legs, newest first."""
    customer_id, order_id = find_order(order_no)
    page = page_of_refunds(customer_id, order_id, after=cursor, limit=limit)
    items = [refund_documents.refund(view) for view in page.items]
    return refund_documents.RefundsPage(items=items, next_cursor=page.next_cursor)


@operation(
    router,
    "GET",
    "/customers/{customer_id}/refunds/{refund_id}",
    scope=Scope.PAYMENTS_READ,
    answers={200: refund_documents.Refund},
)
def get_refund(customer_id: UUID, refund_id: UUID) -> Any:
    """Read one refund: which way each part goes, who has the money, and when it arrives."""
    return refund_documents.refund(refund_view(customer_id, refund_id))
