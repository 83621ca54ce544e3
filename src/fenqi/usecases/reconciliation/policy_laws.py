"""The law of policies, as `laws` has them: every case is judged by a version that was published for its order's day."""

from fenqi.usecases.reconciliation.laws import Law

# An order's day is the mall's, and the statement knows UTC: a day of room on either side (R024, R164).
CASES_KEEP_THEIR_POLICY = Law(
    "cases_keep_their_policy",
    """
    SELECT c.customer_id, 'case ' || c.case_no,
      c.policy_code || ' ' || c.policy_version || CASE WHEN p.id IS NULL THEN ' is not on record'
        ELSE ' did not rule on ' || o.placed_at::date END
    FROM aftersales_case c
    JOIN orders o ON o.customer_id = c.customer_id AND o.id = c.order_id
    LEFT JOIN aftersales_policy p ON p.code = c.policy_code AND p.version = c.policy_version
    WHERE c.customer_id BETWEEN %(low)s AND %(high)s
      AND (p.id IS NULL OR o.placed_at::date NOT BETWEEN p.valid_from - 1 AND coalesce(p.valid_until, '9999-01-01') + 1)
    """,
)

POLICY_LAWS = (CASES_KEEP_THEIR_POLICY,)
