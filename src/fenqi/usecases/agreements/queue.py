"""What the clock brings: debits whose time has come, agreements that the channel does not yet know to be ended, and
those that may have been ended there without our having heard of it.

Each instant has its own message in the outbox; this sweep finds what a message was lost for. A debit that is queued
twice debits once, so the sweep may run as often as one likes.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django import app as queue

from fenqi.records.models import AgreementStatus, DebitAgreement
from fenqi.records.scope import across_customers
from fenqi.usecases import outbox
from fenqi.usecases.agreements.settle import ASKED_EVERY

GRACE = timedelta(minutes=5)
"""So long a message of the outbox may take before the sweep helps it along."""
BATCH = 500
MOST_QUESTIONS = 2_000
"""Of one sweep: all agreements are asked about over the day, not at once."""

_ASK_TODAY = """
UPDATE debit_agreement SET next_query_at = %(earliest)s + random() * interval '2 hours'
WHERE (customer_id, id) IN (
  SELECT customer_id, id FROM debit_agreement WHERE status = 'active' AND next_query_at <= %(now)s
  ORDER BY next_query_at LIMIT %(limit)s)
RETURNING customer_id, id
"""


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


def queue_questions(*, now: datetime, limit: int = MOST_QUESTIONS) -> int:
    """Queue a question about every agreement that was not asked about for a day; how many were queued.

    One statement claims them and sets the next time, a little later than a day, so that they spread.
    """
    with transaction.atomic(), across_customers(), connection.cursor() as cursor:
        cursor.execute(_ASK_TODAY, {"now": now, "earliest": now + ASKED_EVERY, "limit": limit})
        return _defer(outbox.ASK_AGREEMENT, _jobs(cursor.fetchall()))


def _jobs(rows: Any) -> list[dict[str, Any]]:
    return [{"customer_id": str(customer_id), "agreement_id": str(agreement_id)} for customer_id, agreement_id in rows]


def _defer(topic: str, jobs: list[dict[str, Any]]) -> int:
    if jobs:
        queue.configure_task(topic).batch_defer(*jobs)
    return len(jobs)
