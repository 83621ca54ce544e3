"""What the clock brings: debits whose time has come, and agreements that the channel does not yet know to be ended.

Each instant has its own message in the outbox; this sweep finds what a message was lost for. A debit that is queued
twice debits once, so the sweep may run as often as one likes.
"""

from datetime import datetime, timedelta
from typing import Any

from procrastinate.contrib.django import app as queue

from fenqi.records.models import AgreementStatus, DebitAgreement
from fenqi.records.scope import across_customers
from fenqi.usecases import outbox

GRACE = timedelta(minutes=5)
"""So long a message of the outbox may take before the sweep helps it along."""
BATCH = 500


def queue_debits(*, now: datetime, limit: int = BATCH) -> int:
    """Queue the debits that should have been made by now, the longest due first; how many were queued."""
    with across_customers():
        due = DebitAgreement.objects.filter(status=AgreementStatus.ACTIVE, next_try_at__lte=now - GRACE)
        jobs = _jobs(due.order_by("next_try_at", "id")[:limit].values_list("customer_id", "id"))
    return _defer(outbox.AUTO_DEBIT, jobs)


def queue_endings(*, now: datetime, limit: int = BATCH) -> int:
    """Queue the agreements that are ended here and not yet at the channel; how many were queued."""
    with across_customers():
        waiting = DebitAgreement.objects.filter(status=AgreementStatus.ENDED, next_query_at__lte=now - GRACE)
        jobs = _jobs(waiting.order_by("next_query_at", "id")[:limit].values_list("customer_id", "id"))
    return _defer(outbox.END_AGREEMENT, jobs)


def _jobs(rows: Any) -> list[dict[str, Any]]:
    return [{"customer_id": str(customer_id), "agreement_id": str(agreement_id)} for customer_id, agreement_id in rows]


def _defer(topic: str, jobs: list[dict[str, Any]]) -> int:
    if jobs:
        queue.configure_task(topic).batch_defer(*jobs)
    return len(jobs)
