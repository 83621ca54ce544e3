"""Queue the reminders of a day for a range of customers, in two statements; nothing is decided before it is sent."""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from fenqi.domain.plans import PlanStatus
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, outbox
from fenqi.usecases.notices.offsets import reminder_offsets
from fenqi.usecases.notices.quiet_hours import polite_time
from fenqi.usecases.notices.templates import Message

# A customer's rows that fall due on one day are one notice. Its key is made of customer, due day and offset, so that a
# second run finds it there, whatever message it has become meanwhile. Each table is held to the range, so that a range
# costs the same in a house of any size.
_NOTE = """
INSERT INTO notice (customer_id, id, message, subject, weight, params, language, bills, remind_offset, state, reason,
  due_at, created_at, told_at, read_at)
SELECT i.customer_id, md5(concat_ws('|', 'due', i.customer_id, i.due_on, asked.remind_offset))::uuid, asked.message,
  'due:' || i.due_on || ':' || asked.remind_offset, 'reminder', '{}',
  CASE WHEN c.language ILIKE 'zh%%' THEN 'zh' ELSE 'en' END,
  jsonb_agg(i.plan_id || ':' || i.n ORDER BY i.plan_id, i.n), asked.remind_offset, 'waiting', '', %(due_at)s, %(now)s,
  NULL, NULL
FROM installment i
JOIN unnest(%(due_days)s::date[], %(offsets)s::smallint[], %(messages)s::text[])
  AS asked (due_on, remind_offset, message) ON asked.due_on = i.due_on
JOIN plan p ON p.customer_id = i.customer_id AND p.id = i.plan_id AND p.status = %(active)s
JOIN customer c ON c.id = i.customer_id AND c.id BETWEEN %(first)s AND %(last)s
WHERE i.customer_id BETWEEN %(first)s AND %(last)s AND i.due_on = ANY(%(due_days)s)
  AND i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor
    > i.principal_paid_minor + i.interest_paid_minor + i.fee_paid_minor + i.late_fee_paid_minor
GROUP BY i.customer_id, i.due_on, asked.remind_offset, asked.message, c.language
ON CONFLICT DO NOTHING
"""

_QUEUE = """
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT customer_id, md5(concat_ws('|', 'send_notice', id))::uuid, %(topic)s,
  jsonb_build_object('notice_id', id::text), %(due_at)s, 0, '', %(now)s
FROM notice WHERE customer_id BETWEEN %(first)s AND %(last)s AND due_at = %(due_at)s AND created_at = %(now)s
  AND remind_offset IS NOT NULL AND state = 'waiting'
ON CONFLICT DO NOTHING
"""


def on_day(day: date, *, first: UUID, last: UUID, now: datetime) -> int:
    """Queue what the customers from `first` to `last` are reminded of on the day; how many notices are new.

    Done again, it adds nothing. A day that is over reminds of nothing: the days after it do.
    """
    if day < clock.business_date(now):
        return 0
    offsets = reminder_offsets()
    asked: dict[str, Any] = {
        "due_days": [day + timedelta(days=offset) for offset in offsets],
        "offsets": list(offsets),
        "messages": [message_of(offset).value for offset in offsets],
        "first": first,
        "last": last,
        "active": PlanStatus.ACTIVE.value,
        "due_at": first_hour(day, now=now),
        "now": now,
        "topic": outbox.SEND_NOTICE,
    }
    with across_customers(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_NOTE, asked)
        noted = int(cursor.rowcount)
        cursor.execute(_QUEUE, asked)
        return noted


def message_of(offset: int) -> Message:
    """What a reminder of that offset says, as far as the calendar knows."""
    if offset < 0:
        return Message.OVERDUE
    return Message.DUE_SOON if offset else Message.DUE_TODAY


def first_hour(day: date, *, now: datetime) -> datetime:
    """The first polite instant of the day that is not over."""
    midnight = datetime.combine(day, time(), tzinfo=clock.mall_zone())
    return polite_time(max(midnight, now))
