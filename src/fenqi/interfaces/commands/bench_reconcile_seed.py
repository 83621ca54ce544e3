"""Our side of the bench's bill: payments, refunds and their entries, written by the server itself."""

from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from fenqi.records.scope import across_customers

CUSTOMERS = 100_000

# The rows stand alone, without plans: the database, which is thrown away, is not asked to look for those.
_UNTIE = """
DO $$ DECLARE tie record; BEGIN
  FOR tie IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'f' AND conrelid IN
    ('payment_attempt'::regclass, 'refund_leg'::regclass, 'journal_entry'::regclass, 'journal_line'::regclass)
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tie.of, tie.conname); END LOOP;
END $$
"""

_LINES = """
CREATE UNLOGGED TABLE bench_line AS
SELECT n, md5('customer' || n %% %(customers)s)::uuid AS customer_id, md5('line' || n)::uuid AS id,
  'BENCH' || lpad(n::text, 10, '0') AS number, 100 + n * 7919 %% 90000 AS fen, n %% %(refund_every)s = 0 AS is_refund,
  (%(day)s::date + (n %% 86400) * interval '1 second') AT TIME ZONE %(zone)s AS at
FROM generate_series(1::bigint, %(lines)s) AS n
"""

_ROWS = (
    """
    INSERT INTO customer (id, ref, name_encrypted, phone_encrypted, phone_index, language, entry_seq, entry_hash,
      registered_at, updated_at)
    SELECT customer_id, 'bench-' || customer_id, '', '', '', 'zh-hans', 0, '', now(), now()
    FROM bench_line GROUP BY customer_id
    """,
    """
    INSERT INTO payment_attempt (customer_id, id, payment_id, attempt_no, channel, out_trade_no, amount_minor, currency,
      state, trade_no, code, category, asked, method, retry, cashier, expires_at, created_at, resolved_at, paid_at,
      reply)
    SELECT customer_id, id, id, 1, 'alipay', number, fen, 'CNY', 'succeeded', '', '', '', 1, 'cashier', '', '{}',
      at, at, at, at, '{}'
    FROM bench_line WHERE NOT is_refund
    """,
    """
    INSERT INTO refund_leg (customer_id, id, refund_id, leg_no, route, attempt_id, channel, out_refund_no, refund_no,
      amount_minor, currency, state, code, category, retry, destination, account, asked, submitted_at, refunded_at,
      proposed_by, approved_by, transfer_reference, reply, created_at, updated_at)
    SELECT customer_id, id, id, 1, 'original', id, 'alipay', number, '', fen, 'CNY', 'succeeded', '', '', '', '', '', 1,
      at, at, '', '', '', '{}', at, at
    FROM bench_line WHERE is_refund
    """,
    """
    INSERT INTO journal_entry (customer_id, id, seq, code, effective_on, posted_at, currency, prev_hash, hash)
    SELECT customer_id, id, n, CASE WHEN is_refund THEN 'refund_paid' ELSE 'repayment' END, %(day)s::date, at, 'CNY',
      '', ''
    FROM bench_line
    """,
    """
    INSERT INTO journal_line (customer_id, id, entry_id, line_no, account, debit_minor, credit_minor, currency)
    SELECT customer_id, md5(side.account || n)::uuid, id, side.no, side.account,
      CASE WHEN (side.no = 1) <> is_refund THEN fen ELSE 0 END,
      CASE WHEN (side.no = 1) <> is_refund THEN 0 ELSE fen END, 'CNY'
    FROM bench_line, (VALUES (1, 'clearing.alipay'), (2, 'payable.refund')) AS side(no, account)
    """,
    """
    INSERT INTO directory (kind, key, customer_id, target_id)
    SELECT CASE WHEN is_refund THEN 'out_refund_no' ELSE 'out_trade_no' END, number, customer_id, id FROM bench_line
    """,
    "DROP TABLE bench_line",
    "ANALYZE",
)

_OURS = """
COPY (SELECT '交易' AS kind, out_trade_no AS number, amount_minor AS amount FROM payment_attempt
UNION ALL SELECT '退款', out_refund_no, amount_minor FROM refund_leg) TO STDOUT (FORMAT csv, HEADER)
"""


def seed(lines: int, *, refund_every: int, day: date, copy_to: Path) -> None:
    """As many payments and refunds, all booked on the day; then the same as CSV."""
    with across_customers(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_UNTIE)
        cursor.execute(
            _LINES,
            {
                "lines": lines,
                "refund_every": refund_every,
                "day": day,
                "customers": CUSTOMERS,
                "zone": settings.FENQI_TIME_ZONE,
            },
        )
        for statement in _ROWS:
            cursor.execute(statement, {"day": day} if "%(day)s" in statement else None)
    with copy_to.open("wb") as file, connection.cursor() as cursor, cursor.copy(_OURS) as rows:
        for row in rows:
            file.write(row)
