"""The laws of plans that moved to another finance partner, in the form of `laws`."""

from fenqi.usecases.reconciliation.laws import Law

# A plan is held by the lender whose time has not ended, else by the mall, and by nobody besides.
ONE_HOLDER = Law(
    "one_holder",
    """
    SELECT p.customer_id, 'plan ' || p.id, 'it names ' || p.provider || ', held by '
      || coalesce(string_agg(k.provider, ', '), 'mall')
    FROM plan p LEFT JOIN partner_plan k
      ON k.customer_id = p.customer_id AND k.plan_id = p.id AND k.released_at IS NULL
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s
      AND (k.id IS NOT NULL OR EXISTS (
        SELECT 1 FROM partner_plan o WHERE o.customer_id = p.customer_id AND o.plan_id = p.id))
    GROUP BY p.customer_id, p.id, p.provider
    HAVING count(k.id) > 1 OR p.provider <> coalesce(min(k.provider), 'mall')
    """,
)

# Of a plan that came back to the mall nothing is a lender's any more.
NOTHING_LEFT_AT_LENDERS = Law(
    "nothing_left_at_lenders",
    """
    SELECT p.customer_id, 'plan ' || p.id, 'payable.partner holds ' || sum(l.credit_minor - l.debit_minor)
    FROM plan p JOIN journal_line l ON l.customer_id = p.customer_id AND l.plan_id = p.id
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s AND l.account = 'payable.partner' AND p.provider = 'mall'
    GROUP BY p.customer_id, p.id HAVING sum(l.credit_minor) <> sum(l.debit_minor)
    """,
)

# What moved is what the partner confirmed, what the books say of it, and what was paid or goes with it.
MOVED_AS_CONFIRMED = Law(
    "moved_as_confirmed",
    """
    WITH booked AS (
      SELECT customer_id, entry_id, greatest(sum(debit_minor), sum(credit_minor)) AS minor FROM journal_line
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND account = 'payable.partner' GROUP BY customer_id, entry_id
    )
    SELECT i.customer_id, 'plan ' || i.plan_id, 'moved ' || i.balance_minor || ', confirmed '
      || coalesce(i.confirmed_minor::text, 'none') || ', booked ' || coalesce(b.minor, 0)
    FROM plan_migration_item i LEFT JOIN booked b ON b.customer_id = i.customer_id AND b.entry_id = i.entry_id
    WHERE i.customer_id BETWEEN %(low)s AND %(high)s AND i.moved_at IS NOT NULL
      AND (coalesce(b.minor, 0) <> i.balance_minor
        OR (i.state = 'confirmed' AND i.confirmed_minor IS DISTINCT FROM i.balance_minor))
    """,
)

MIGRATION_LAWS = (ONE_HOLDER, NOTHING_LEFT_AT_LENDERS, MOVED_AS_CONFIRMED)
