"""The laws of the books, each one set-based statement over a range of customers: a row that comes back is a finding.

Every statement gives (customer_id, subject, detail). `%(low)s` and `%(high)s` bound the customers, both included.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """`name` is stable: programs that read the findings know it."""

    name: str
    statement: str


ENTRIES_BALANCE = Law(
    "entries_balance",
    """
    SELECT e.customer_id, 'entry ' || e.id,
      'debits ' || coalesce(sum(l.debit_minor), 0) || ', credits ' || coalesce(sum(l.credit_minor), 0)
    FROM journal_entry e LEFT JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
    WHERE e.customer_id BETWEEN %(low)s AND %(high)s
    GROUP BY e.customer_id, e.id
    HAVING count(l.id) < 2 OR sum(l.debit_minor) <> sum(l.credit_minor) OR min(l.currency) <> max(e.currency)
      OR min(l.currency) <> max(l.currency)
    """,
)

# The same canonical text as `fenqi.domain.ledger.chain`, built a second time: neither can err alone unseen.
CHAIN_INTACT = Law(
    "chain_intact",
    """
    WITH lines AS (
      SELECT l.customer_id, l.entry_id,
        string_agg(l.line_no || ',' || l.account || ',' || l.debit_minor || ',' || l.credit_minor, ';'
                   ORDER BY l.line_no) AS body
      FROM journal_line l WHERE l.customer_id BETWEEN %(low)s AND %(high)s GROUP BY l.customer_id, l.entry_id
    ), linked AS (
      SELECT e.*, lines.body,
        row_number() OVER chain AS place, coalesce(lag(e.hash) OVER chain, ''::bytea) AS before
      FROM journal_entry e LEFT JOIN lines ON lines.customer_id = e.customer_id AND lines.entry_id = e.id
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s
      WINDOW chain AS (PARTITION BY e.customer_id ORDER BY e.seq)
    )
    SELECT customer_id, 'entry ' || id, CASE
        WHEN seq <> place THEN 'stands at ' || seq || ', expected ' || place
        WHEN prev_hash <> before THEN 'does not follow the entry before it'
        ELSE 'is not what was hashed' END
    FROM linked
    WHERE seq <> place OR prev_hash <> before OR hash <> sha256(convert_to(concat_ws('|',
      encode(prev_hash, 'hex'), id, customer_id, seq,
      (extract(epoch FROM posted_at) * 1000000)::bigint, to_char(effective_on, 'YYYY-MM-DD'), code,
      coalesce(plan_id::text, ''), currency, coalesce(body, '')), 'UTF8'))
    """,
)

CHAIN_HEAD = Law(
    "chain_head",
    """
    SELECT c.id, 'customer ' || c.id, 'the newest entry is ' || coalesce(e.seq, 0) || ', the head says ' || c.entry_seq
    FROM customer c LEFT JOIN LATERAL (
      SELECT seq, hash FROM journal_entry j WHERE j.customer_id = c.id ORDER BY seq DESC LIMIT 1
    ) e ON true
    WHERE c.id BETWEEN %(low)s AND %(high)s
      AND (c.entry_seq <> coalesce(e.seq, 0) OR c.entry_hash <> coalesce(e.hash, ''::bytea))
    """,
)

RECEIVABLES_ARE_ROWS = Law(
    "receivables_are_rows",
    """
    WITH booked AS (
      SELECT customer_id, plan_id, account, sum(debit_minor - credit_minor) AS minor FROM journal_line
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND plan_id IS NOT NULL AND account LIKE 'receivable.%%'
      GROUP BY customer_id, plan_id, account
    ), owed AS (
      SELECT i.customer_id, i.plan_id, a.account, sum(a.minor) AS minor FROM installment i
      CROSS JOIN LATERAL (VALUES
        ('receivable.principal', i.principal_minor - i.principal_paid_minor),
        ('receivable.interest', i.interest_minor - i.interest_paid_minor),
        ('receivable.fee', i.fee_minor - i.fee_paid_minor),
        ('receivable.late_fee', i.late_fee_minor - i.late_fee_paid_minor)) AS a(account, minor)
      WHERE i.customer_id BETWEEN %(low)s AND %(high)s GROUP BY i.customer_id, i.plan_id, a.account
    )
    SELECT coalesce(b.customer_id, o.customer_id), 'plan ' || coalesce(b.plan_id, o.plan_id),
      coalesce(b.account, o.account) || ': books ' || coalesce(b.minor, 0) || ', rows ' || coalesce(o.minor, 0)
    FROM booked b FULL JOIN owed o
      ON o.customer_id = b.customer_id AND o.plan_id = b.plan_id AND o.account = b.account
    WHERE coalesce(b.minor, 0) <> coalesce(o.minor, 0)
    """,
)

BALANCES_ARE_PLANS = Law(
    "balances_are_plans",
    """
    SELECT p.customer_id, 'plan ' || p.id, 'books ' || coalesce(b.minor, 0) || ', plan ' || p.balance_minor
    FROM plan p LEFT JOIN (
      SELECT customer_id, plan_id, sum(credit_minor - debit_minor) AS minor FROM journal_line
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND account = 'customer.balance' GROUP BY customer_id, plan_id
    ) b ON b.customer_id = p.customer_id AND b.plan_id = p.id
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s AND p.balance_minor <> coalesce(b.minor, 0)
    """,
)

# Money that came in is what succeeded: attempts over the rails, and payments the mall told us of, less what went back;
# and what lenders paid for goods, less what they took back for returns.
# What reconciling posts stands in the channels' house books and is judged by `RECONCILED_DAYS_ARE_ZERO`.
CLEARING_IS_PAYMENTS = Law(
    "clearing_is_payments",
    """
    WITH booked AS (
      SELECT l.customer_id, l.account, l.currency, sum(l.debit_minor - l.credit_minor) AS minor
      FROM journal_line l JOIN journal_entry e ON e.customer_id = l.customer_id AND e.id = l.entry_id
      WHERE l.customer_id BETWEEN %(low)s AND %(high)s AND l.account LIKE 'clearing.%%'
        AND e.code NOT IN ('channel_settlement', 'suspense', 'partner_settlement')
      GROUP BY l.customer_id, l.account, l.currency
    ), came AS (
      SELECT customer_id, 'clearing.' || channel AS account, currency, sum(amount_minor) AS minor FROM (
        SELECT customer_id, channel, currency, amount_minor FROM payment_attempt
        WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded'
        UNION ALL
        SELECT customer_id, channel, currency, amount_minor FROM payment
        WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded' AND purpose = 'recorded'
        UNION ALL
        SELECT customer_id, channel, currency, -amount_minor FROM refund_leg
        WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded' AND route = 'original'
        UNION ALL
        SELECT customer_id, provider, currency, amount_minor - commission_minor - subsidy_minor - paid_back_minor
        FROM partner_plan WHERE customer_id BETWEEN %(low)s AND %(high)s
        UNION ALL
        SELECT customer_id, provider, currency, -amount_minor FROM passed_repayment
        WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'passed'
        UNION ALL
        SELECT customer_id, provider, currency, commission_back_minor + subsidy_back_minor - amount_minor
        FROM partner_refund WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded'
      ) AS money GROUP BY customer_id, channel, currency
    )
    SELECT coalesce(b.customer_id, c.customer_id), coalesce(b.account, c.account),
      'books ' || coalesce(b.minor, 0) || ', payments ' || coalesce(c.minor, 0)
    FROM booked b FULL JOIN came c
      ON c.customer_id = b.customer_id AND c.account = b.account AND c.currency = b.currency
    WHERE coalesce(b.minor, 0) <> coalesce(c.minor, 0)
    """,
)

PAYMENTS_ARE_EVENTS = Law(
    "payments_are_events",
    """
    SELECT coalesce(p.customer_id, e.customer_id), 'payment ' || coalesce(p.id, e.payment_id),
      'payment ' || coalesce(p.amount_minor::text, 'none') || ', event ' || coalesce(e.amount_minor::text, 'none')
    FROM (SELECT * FROM payment WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded'
          AND purpose <> 'reserve') p
    FULL JOIN (SELECT * FROM plan_event
               WHERE customer_id BETWEEN %(low)s AND %(high)s AND payment_id IS NOT NULL) e
      ON e.customer_id = p.customer_id AND e.id = p.event_id AND e.payment_id = p.id
    WHERE p.amount_minor IS DISTINCT FROM e.amount_minor
    """,
)

# At the cut-off of the day's last match: what was booked since belongs to the next. Over all customers, so run once.
RECONCILED_DAYS_ARE_ZERO = Law(
    "reconciled_days_are_zero",
    """
    SELECT c.id, 'clearing.' || b.channel || ' ' || b.bill_date,
      'debits less credits ' || sum(l.debit_minor - l.credit_minor)
    FROM channel_bill b
    JOIN customer c ON c.ref = 'house:' || b.channel
    JOIN journal_entry e ON e.effective_on = b.bill_date AND e.posted_at <= b.matched_at
    JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id AND l.account = 'clearing.' || b.channel
      AND l.currency = b.currency
    GROUP BY c.id, b.channel, b.bill_date HAVING sum(l.debit_minor) <> sum(l.credit_minor)
    """,
)

# What differs stands on suspense for as long as its finding is open, and no longer.
SUSPENSE_IS_OPEN_FINDINGS = Law(
    "suspense_is_open_findings",
    """
    WITH standing AS (
      SELECT e.customer_id, e.event_id, sum(l.credit_minor - l.debit_minor) AS minor
      FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      WHERE e.code = 'suspense' AND l.account = 'suspense' GROUP BY e.customer_id, e.event_id
    )
    SELECT s.customer_id, 'suspense', 'closed findings leave ' || sum(s.minor)
    FROM standing s LEFT JOIN reconciliation_finding f ON f.id = s.event_id AND f.state = 'open'
    WHERE f.id IS NULL GROUP BY s.customer_id HAVING sum(s.minor) <> 0
    """,
)

WHOLE_HOUSE_LAWS = (RECONCILED_DAYS_ARE_ZERO, SUSPENSE_IS_OPEN_FINDINGS)
"""Of days and channels rather than of customers; they take no bounds."""

SQL_LAWS = (
    ENTRIES_BALANCE,
    CHAIN_INTACT,
    CHAIN_HEAD,
    RECEIVABLES_ARE_ROWS,
    BALANCES_ARE_PLANS,
    CLEARING_IS_PAYMENTS,
    PAYMENTS_ARE_EVENTS,
)
