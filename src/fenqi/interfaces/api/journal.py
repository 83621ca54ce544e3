"""The books of a customer."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import Cursor, Limit
from fenqi.interfaces.api.operations import operation
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.repayment.queries import journal_of

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/journal",
    scope=Scope.JOURNAL_READ,
    answers={200: documents.EntriesPage},
    refuses=(InvalidCursor,),
)
def list_entries(
    customer_id: UUID,
    plan_id: Annotated[UUID | None, Query(description="Only entries of this plan")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """List a customer's journal entries with their lines, oldest first."""
    require_customer(customer_id)
    page = journal_of(customer_id, plan_id=plan_id, after=cursor, limit=limit)
    return documents.EntriesPage(items=[documents.entry(view) for view in page.items], next_cursor=page.next_cursor)
