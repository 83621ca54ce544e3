"""What follows when the money of a case moves, and when the case has ended."""

from datetime import datetime

from fenqi.records.models import AftersalesCase
from fenqi.records.posting import Decision
from fenqi.usecases.reserves.release import release_for_order


def after_execution(decision: Decision, case: AftersalesCase, now: datetime) -> None:
    """The refund is on its way: a prepaid reserve may advance it."""
    release_for_order(decision, case.customer_id, case.order_id, now)


def after_completion(decision: Decision, case: AftersalesCase, now: datetime) -> None:
    """All of the money is there: the reserve of the order goes back, if nothing else is owed on it (P304)."""
    release_for_order(decision, case.customer_id, case.order_id, now)
