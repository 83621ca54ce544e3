"""Where the reserve of an order must be looked at: written down with what happened, and done right after it."""

from datetime import datetime
from uuid import UUID

from fenqi.domain.reserves import HoldState
from fenqi.records.models import ReserveHold
from fenqi.records.posting import Decision
from fenqi.usecases import outbox

_LOOKED_AT = (HoldState.WANTED.value, HoldState.HELD.value)


def look_at_reserve(decision: Decision, order_id: UUID | None, *, now: datetime) -> None:
    """A refund of the order, its plan or a case moved: see whether its reserve is due, if it holds one."""
    if order_id is not None and _is_open(decision.customer_id, order_id):
        outbox.look_at_reserve(decision, order_id, at=now, now=now)


def _is_open(customer_id: UUID, order_id: UUID) -> bool:
    holds = ReserveHold.objects.filter(customer_id=customer_id, order_id=order_id, state__in=_LOOKED_AT)
    return holds.exists()
