"""The fees of one day for many customers at once: rows, events, entries and the hash chain, statement by statement.

What is charged is staged in `late_fee_accrual` under the batch's id; the statements after it read it there. They come
to the same as `charging.charge_plan` does for one plan with the domain's functions: a test holds both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from fenqi.records.scope import across_customers
from fenqi.usecases.closing.late_rows import VERDICTS, day_facts
from fenqi.usecases.plan_file import CLOSE

_STAGE = (
    VERDICTS.replace("{customers}", "p.customer_id = ANY(%(customers)s)")
    + """
INSERT INTO late_fee_accrual AS kept (customer_id, id, plan_id, n, due_on, days, charged_minor, through_on,
  plan_version, batch_id, event_seq, amount_minor, updated_at)
SELECT customer_id, md5(concat_ws('|', 'late_fee_accrual', plan_id, n))::uuid, plan_id, n, due_on, days,
  charged + amount, %(day)s, version + count(nullif(amount, 0)) OVER (PARTITION BY customer_id, plan_id),
  %(batch)s, CASE WHEN amount > 0 THEN version + count(nullif(amount, 0)) OVER earlier END, amount, %(now)s
FROM settled WHERE verdict = 'charge' AND NOT plan_is_judged
WINDOW earlier AS (PARTITION BY customer_id, plan_id ORDER BY n ROWS UNBOUNDED PRECEDING)
ON CONFLICT (customer_id, plan_id, n) DO UPDATE SET due_on = EXCLUDED.due_on, days = EXCLUDED.days,
  charged_minor = EXCLUDED.charged_minor, through_on = EXCLUDED.through_on, plan_version = EXCLUDED.plan_version,
  batch_id = EXCLUDED.batch_id, event_seq = EXCLUDED.event_seq, amount_minor = EXCLUDED.amount_minor,
  updated_at = EXCLUDED.updated_at
"""
)

_STAGED = "a.customer_id = ANY(%(customers)s) AND a.batch_id = %(batch)s AND a.event_seq IS NOT NULL"
_EVENT_ID = "md5(concat_ws('|', 'plan_event', a.plan_id, a.event_seq))::uuid"

_EVENTS = f"""
INSERT INTO plan_event (customer_id, id, plan_id, seq, kind, effective_on, amount_minor, body, actor, recorded_at)
SELECT a.customer_id, {_EVENT_ID}, a.plan_id, a.event_seq, 'late_fee', %(day)s, a.amount_minor,
  jsonb_build_object('id', {_EVENT_ID}::text, 'kind', 'late_fee', 'on', %(day)s::date::text,
    'amount', a.amount_minor, 'due_on', a.due_on::text), '{CLOSE}', %(now)s
FROM late_fee_accrual a WHERE {_STAGED}
"""  # noqa: S608 - put together from the constants above

_POSTS = f"""
WITH numbered AS (
  SELECT a.customer_id, a.plan_id, {_EVENT_ID} AS event_id, a.amount_minor, p.order_id, p.currency, c.entry_hash,
    c.entry_seq + row_number() OVER (PARTITION BY a.customer_id ORDER BY a.plan_id, a.n) AS seq
  FROM late_fee_accrual a
  JOIN plan p ON p.customer_id = a.customer_id AND p.id = a.plan_id
  JOIN customer c ON c.id = a.customer_id
  WHERE {_STAGED}
), posts AS (
  SELECT numbered.*, md5(concat_ws('|', 'journal_entry', customer_id, seq))::uuid AS entry_id FROM numbered
)
"""  # noqa: S608 - as above

# The canonical text of `fenqi.domain.ledger.chain`, without the previous hash, which the aggregate puts before it.
_ENTRIES = (
    _POSTS  # noqa: S608 - as above
    + """
, hashed AS (
  SELECT posts.*, chain_hash(entry_hash, concat_ws('|', entry_id, customer_id, seq,
      (extract(epoch FROM %(now)s::timestamptz) * 1000000)::bigint, to_char(%(day)s::date, 'YYYY-MM-DD'), 'late_fee',
      plan_id, currency, '1,receivable.late_fee,' || amount_minor || ',0;2,income.late_fee,0,' || amount_minor)
    ) OVER (PARTITION BY customer_id ORDER BY seq) AS hash
  FROM posts
)
INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, plan_id, order_id, event_id,
  prev_hash, hash)
SELECT customer_id, entry_id, seq, 'late_fee', %(day)s, %(now)s, currency, plan_id, order_id, event_id,
  coalesce(lag(hash) OVER (PARTITION BY customer_id ORDER BY seq), entry_hash), hash
FROM hashed
"""
)

_LINES = (
    _POSTS
    + """
INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency, plan_id,
  order_id)
SELECT customer_id, md5(concat_ws('|', 'journal_line', entry_id, side.line_no))::uuid, entry_id, side.line_no,
  side.account, amount_minor * side.debits, amount_minor * (1 - side.debits), currency, plan_id, order_id
FROM posts
CROSS JOIN (VALUES (1, 'receivable.late_fee', 1), (2, 'income.late_fee', 0)) AS side(line_no, account, debits)
"""
)

_ROWS = f"""
UPDATE installment i SET late_fee_minor = i.late_fee_minor + a.amount_minor, paid_on = NULL
FROM late_fee_accrual a
WHERE i.customer_id = a.customer_id AND i.plan_id = a.plan_id AND i.n = a.n
  AND {_STAGED}
"""  # noqa: S608 - as above

_PLANS = f"""
UPDATE plan p SET outstanding_minor = p.outstanding_minor + charged.minor, version = p.version + charged.events,
  updated_at = %(now)s
FROM (SELECT a.customer_id, a.plan_id, sum(a.amount_minor) AS minor, count(*) AS events FROM late_fee_accrual a
      WHERE {_STAGED} GROUP BY a.customer_id, a.plan_id) AS charged
WHERE p.customer_id = charged.customer_id AND p.id = charged.plan_id
"""  # noqa: S608 - as above

_HEADS = f"""
UPDATE customer c SET entry_seq = e.seq, entry_hash = e.hash
FROM (SELECT a.customer_id, count(*) AS entries FROM late_fee_accrual a WHERE {_STAGED} GROUP BY a.customer_id) posted
JOIN journal_entry e ON e.customer_id = posted.customer_id
WHERE c.id = posted.customer_id AND e.seq = c.entry_seq + posted.entries
"""  # noqa: S608 - as above

_SUMS = f"""
SELECT p.currency, count(*), sum(a.amount_minor)::bigint FROM late_fee_accrual a
JOIN plan p ON p.customer_id = a.customer_id AND p.id = a.plan_id WHERE {_STAGED} GROUP BY p.currency
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Charged:
    """Charges made and taken back, and minor units of each by currency; `looked_at` rows came to be up to date."""

    rows: int = 0
    minor: Mapping[str, int] = field(default_factory=dict)
    taken_back: int = 0
    taken_back_minor: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0


def charge_customers(customers: Sequence[UUID], day: date, *, batch: UUID, now: datetime) -> Charged:
    """Charge what the set-based path may charge to these customers, whose locks the caller's transaction holds.

    Done twice, it finds nothing the second time. `customers` are in order of id.
    """
    given: dict[str, Any] = {
        **day_facts(day, first=customers[0], last=customers[-1]),
        "customers": list(customers),
        "batch": batch,
        "now": now,
    }
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_STAGE, given)
        staged = cursor.rowcount
        for statement in (_EVENTS, _ENTRIES, _LINES, _ROWS, _PLANS, _HEADS):
            cursor.execute(statement, given)
        cursor.execute(_SUMS, given)
        sums = cursor.fetchall()
    return Charged(sum(rows for _, rows, _ in sums), {currency: minor for currency, _, minor in sums}, looked_at=staged)
