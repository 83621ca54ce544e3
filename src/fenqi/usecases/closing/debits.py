"""Auto-debit on the day: agreements that wait for nothing although their plan owes something are planned anew.

A debit that is planned has its instant and its message already; this finds what a lost message would have left.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import connection

from fenqi.records.scope import across_customers
from fenqi.usecases.outbox import PLAN_DEBIT

# The id follows from agreement and day: planned once a day, however often the close is run.
_PLAN_ANEW: Final = """
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT g.customer_id, md5(concat_ws('|', 'outbox', %(topic)s::text, g.id, %(day)s::date))::uuid, %(topic)s,
  jsonb_build_object('agreement_id', g.id::text), %(now)s, 0, '', %(now)s
FROM debit_agreement g JOIN plan p ON p.customer_id = g.customer_id AND p.id = g.plan_id
WHERE g.customer_id BETWEEN %(first)s AND %(last)s AND g.status = 'active' AND g.next_try_at IS NULL
  AND p.next_due_on <= %(day)s
ON CONFLICT (customer_id, id) DO NOTHING
"""


def on_day(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Queue the planning of the range's debits that nothing waits for; how many."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_PLAN_ANEW, {"topic": PLAN_DEBIT, "day": day, "first": first, "last": last, "now": now})
        return int(cursor.rowcount)
