"""What helps a customer who cannot pay in time: the ways that are open on a plan, and its credit record."""

from typing import Any
from uuid import UUID

from ninja import Router

from fenqi.interfaces.api import hardship_documents
from fenqi.interfaces.api.operations import operation
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.hardship.queries import help_view
from fenqi.usecases.partners.errors import RepaidElsewhere

router = Router()


@operation(
    router,
    "GET",
    "/customers/{customer_id}/plans/{plan_id}/help",
    scope=Scope.PLANS_READ,
    answers={200: hardship_documents.Help},
    refuses=(RepaidElsewhere,),
)
def get_help(customer_id: UUID, plan_id: UUID) -> Any:
    """Read what may be done about a plan that cannot be paid in time, and where its credit record stands.

    Reminders of a mall's own wait while a `promise` stands. The customer acts on the pages of the portal.
    """
    return hardship_documents.help_document(help_view(customer_id, plan_id, now=clock.now()))
