"""Payments and the attempts at them."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import Cursor, Limit
from fenqi.interfaces.api.operations import operation
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.repayment.queries import page_of_payments, payment_view

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/payments",
    scope=Scope.PAYMENTS_READ,
    answers={200: documents.PaymentsPage},
    refuses=(InvalidCursor,),
)
def list_payments_of_customer(
    customer_id: UUID,
    plan_id: Annotated[UUID | None, Query(description="Only payments of this plan")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Any:
    """List a customer's payments with their attempts, newest first."""
    require_customer(customer_id)
    page = page_of_payments(customer_id, plan_id=plan_id, after=cursor, limit=limit)
    return documents.PaymentsPage(items=[documents.payment(view) for view in page.items], next_cursor=page.next_cursor)


@operation(
    router,
    "GET",
    "/customers/{customer_id}/payments/{payment_id}",
    scope=Scope.PAYMENTS_READ,
    answers={200: documents.Payment},
)
def get_payment(customer_id: UUID, payment_id: UUID) -> Any:
    """Read one payment: where it stands, and what each attempt at it came to."""
    return documents.payment(payment_view(customer_id, payment_id))
