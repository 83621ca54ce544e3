"""The relay hands what the outbox holds to the job queue: claimed, queued and done in one transaction, so once."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django import app as queue

from fenqi.records.documents import from_jsonb
from fenqi.records.scope import across_customers

# The repeated test of claimed_by is what prevents a double claim when two relays meet (scale rule 14).
_CLAIM = """
UPDATE outbox o SET claimed_by = %(relay)s, claimed_at = %(now)s, done_at = %(now)s
FROM (SELECT customer_id, id FROM outbox WHERE claimed_by IS NULL AND done_at IS NULL AND not_before <= %(now)s
      ORDER BY not_before, id LIMIT %(limit)s) b
WHERE o.customer_id = b.customer_id AND o.id = b.id AND o.claimed_by IS NULL
RETURNING o.topic, o.customer_id, o.body
"""


def relay_outbox(*, relay: str, now: datetime, limit: int = 200) -> int:
    """Queue up to `limit` messages whose time has come; how many were queued."""
    with transaction.atomic(durable=True), across_customers():
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"relay": relay, "now": now, "limit": limit})
            claimed = cursor.fetchall()
        by_topic: dict[str, list[dict[str, Any]]] = {}
        for topic, customer_id, body in claimed:
            by_topic.setdefault(topic, []).append({"customer_id": str(customer_id), **from_jsonb(body)})
        for topic, jobs in by_topic.items():
            queue.configure_task(topic).batch_defer(*jobs)
    return len(claimed)
