"""From now on a sum is held, frozen or paid: since when, until when at most, and a look at whether it is needed."""

from datetime import datetime

from fenqi.domain.reserves import holds_until
from fenqi.records.models import Plan, ReserveHold
from fenqi.records.posting import Decision
from fenqi.usecases import clock, outbox
from fenqi.usecases.reserves.ways import term_of


def begin_holding(decision: Decision, hold: ReserveHold, *, now: datetime) -> None:
    """What it secures may be over by the time it is allowed."""
    plan = Plan.objects.filter(customer_id=hold.customer_id, id__in=[hold.plan_id]).first()
    hold.held_at, hold.scan_code, hold.next_query_at = now, "", None
    hold.holds_until = holds_until(
        clock.business_date(now), last_due_on=plan.last_due_on if plan else None, term=term_of(hold)
    )
    outbox.look_at_reserve(decision, hold.order_id, at=now, now=now)
