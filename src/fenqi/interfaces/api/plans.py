"""Plans as they stand, as they stood, and as was known of them; and the bills over all of a customer's plans."""

from typing import Annotated, Any
from uuid import UUID

from ninja import Query, Router

from fenqi.interfaces.api import documents
from fenqi.interfaces.api.fields import Cursor, Day, Instant, Limit
from fenqi.interfaces.api.operations import operation
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.customers import require_customer
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.repayment.queries import bills, page_of_events, plan_view

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/plans/{plan_id}",
    scope=Scope.PLANS_READ,
    answers={200: documents.Plan},
)
def get_plan(
    customer_id: UUID,
    plan_id: UUID,
    as_of: Annotated[
        Day | None, Query(description="The plan as of the end of this day, by when facts took effect")
    ] = None,
    known_at: Annotated[Instant | None, Query(description="Only facts that were known at this instant")] = None,
) -> Any:
    """Read a plan: terms, rates, every installment, where each payment went.

    Without parameters, as it stands today. `as_of` looks along the dates on which facts took effect, `known_at` along
    the instants at which they became known; together they answer what was believed then about that day.
    """
    today = clock.business_date(clock.now())
    return documents.plan(plan_view(customer_id, plan_id, today=today, as_of=as_of, known_at=known_at))


@operation(
    router,
    "GET",
    "/customers/{customer_id}/plans/{plan_id}/events",
    scope=Scope.PLANS_READ,
    answers={200: documents.EventsPage},
    refuses=(InvalidCursor,),
)
def list_events(customer_id: UUID, plan_id: UUID, limit: Limit = 50, cursor: Cursor = None) -> Any:
    """List all that is known of a plan, in the order it became known."""
    page = page_of_events(customer_id, plan_id, after=cursor, limit=limit)
    return documents.EventsPage(items=[documents.event(view) for view in page.items], next_cursor=page.next_cursor)


@operation(router, "GET", "/customers/{customer_id}/bills", scope=Scope.PLANS_READ, answers={200: documents.Bills})
def get_bills(customer_id: UUID) -> Any:
    """Read what a customer owes over all plans, and when."""
    require_customer(customer_id)
    today = clock.business_date(clock.now())
    return documents.bills(bills(customer_id, today=today), on=today)
