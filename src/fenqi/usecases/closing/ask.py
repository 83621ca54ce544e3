"""A member of staff has the day closed now, instead of waiting for the clock."""

from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app as queue
from procrastinate.exceptions import AlreadyEnqueued

from fenqi.usecases import audit, clock
from fenqi.usecases.staff.permissions import Permission, Staff

CLOSE_NOW = "close_now"


def ask_for_close(staff: Staff, *, now: datetime) -> bool:
    """Queue it, once: False when it was asked for already. Raises NotPermitted."""
    staff.require(Permission.RUN_DAILY_CLOSE)
    try:
        with transaction.atomic():
            audit.record(
                staff.actor,
                audit.Action.DAILY_CLOSE_ASKED,
                subject=f"close:{clock.business_date(now).isoformat()}",
                now=now,
            )
            queue.configure_task(CLOSE_NOW, queueing_lock=CLOSE_NOW).defer(started_by=staff.actor)
    except AlreadyEnqueued:
        return False
    return True
