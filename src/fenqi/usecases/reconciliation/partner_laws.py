"""The laws of plans that lenders finance, in the form of `laws`."""

from fenqi.usecases.reconciliation.laws import Law

# What the customer owes on such a plan is the lender's, and so is what was repaid of it here and not passed on yet.
OWED_IS_THE_LENDERS = Law(
    "owed_is_the_lenders",
    """
    WITH standing AS (
      SELECT l.customer_id, l.plan_id, sum(l.credit_minor - l.debit_minor) AS minor
      FROM journal_line l WHERE l.customer_id BETWEEN %(low)s AND %(high)s AND l.account = 'payable.partner'
      GROUP BY l.customer_id, l.plan_id
    ), here AS (
      SELECT y.customer_id, y.plan_id, sum(y.amount_minor) AS minor FROM payment y
      JOIN partner_plan t ON t.customer_id = y.customer_id AND t.plan_id = y.plan_id AND t.released_at IS NULL
      LEFT JOIN passed_repayment d ON d.customer_id = y.customer_id AND d.payment_id = y.id
      WHERE y.customer_id BETWEEN %(low)s AND %(high)s AND y.state = 'succeeded'
        AND (t.taken_over_at IS NULL OR y.succeeded_at > t.taken_over_at)
        AND coalesce(d.state, 'waiting') = 'waiting'
      GROUP BY y.customer_id, y.plan_id
    )
    SELECT p.customer_id, 'plan ' || p.id, 'owed ' || p.outstanding_minor || ', repaid here ' || coalesce(h.minor, 0)
      || ', the lender''s ' || coalesce(s.minor, 0)
    FROM partner_plan k JOIN plan p ON p.customer_id = k.customer_id AND p.id = k.plan_id
    LEFT JOIN standing s ON s.customer_id = p.customer_id AND s.plan_id = p.id
    LEFT JOIN here h ON h.customer_id = p.customer_id AND h.plan_id = p.id
    WHERE k.customer_id BETWEEN %(low)s AND %(high)s AND k.released_at IS NULL
      AND coalesce(s.minor, 0) <> p.outstanding_minor - p.balance_minor + coalesce(h.minor, 0)
    """,
)

RETURNS_ARE_ON_THE_PLAN = Law(
    "partner_refunds_are_on_the_plan",
    """
    SELECT r.customer_id, 'partner refund ' || r.id, r.state || ' of ' || r.amount_minor || ', on the plan '
      || coalesce(e.minor, 0)
    FROM (
      SELECT customer_id, plan_id, min(id::text) AS id, min(state) AS state, sum(amount_minor) AS amount_minor
      FROM partner_refund WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded'
      GROUP BY customer_id, plan_id
    ) r LEFT JOIN (
      SELECT customer_id, plan_id, sum(amount_minor) AS minor FROM plan_event
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND kind = 'refund' GROUP BY customer_id, plan_id
    ) e ON e.customer_id = r.customer_id AND e.plan_id = r.plan_id
    WHERE coalesce(e.minor, 0) <> r.amount_minor
    """,
)

PARTNER_LAWS = (OWED_IS_THE_LENDERS, RETURNS_ARE_ON_THE_PLAN)
