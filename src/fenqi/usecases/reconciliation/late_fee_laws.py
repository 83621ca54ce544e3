"""Laws of late fees: what the daily close remembers is what stands on the plans, and no day is charged twice."""

from typing import Final

from fenqi.usecases.reconciliation.laws import Law

_STANDING: Final = """
    SELECT e.customer_id, e.plan_id, e.effective_on, e.body->>'due_on' AS due_on, e.amount_minor FROM plan_event e
    WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.kind = 'late_fee' AND e.actor = 'close'
      AND NOT EXISTS (SELECT FROM plan_event r WHERE r.customer_id = e.customer_id AND r.plan_id = e.plan_id
        AND r.kind = 'reversal' AND r.body->>'of' = e.id::text)
"""

# A new schedule takes the rows away that were charged before it, and their accruals with them.
LATE_FEES_ARE_ACCRUED: Final = Law(
    "late_fees_are_accrued",
    f"""
    WITH charged AS (
      SELECT customer_id, plan_id, sum(amount_minor) AS minor FROM ({_STANDING}) AS standing
      GROUP BY customer_id, plan_id
    ), accrued AS (
      SELECT customer_id, plan_id, sum(charged_minor) AS minor FROM late_fee_accrual
      WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, plan_id
    )
    SELECT coalesce(c.customer_id, a.customer_id), 'plan ' || coalesce(c.plan_id, a.plan_id),
      'charged ' || coalesce(c.minor, 0) || ', accrued ' || coalesce(a.minor, 0)
    FROM charged c FULL JOIN accrued a ON a.customer_id = c.customer_id AND a.plan_id = c.plan_id
    WHERE coalesce(c.minor, 0) <> coalesce(a.minor, 0) AND (coalesce(c.minor, 0) < coalesce(a.minor, 0)
      OR NOT EXISTS (SELECT FROM plan_event s WHERE s.customer_id = c.customer_id AND s.plan_id = c.plan_id
        AND s.kind = 'reschedule'))
    """,  # noqa: S608 - put together from the constant above
)

NO_DAY_CHARGED_TWICE: Final = Law(
    "no_day_charged_twice",
    f"""
    SELECT customer_id, 'plan ' || plan_id,
      'row due on ' || due_on || ' was charged ' || count(*) || ' times for ' || effective_on
    FROM ({_STANDING}) AS standing
    GROUP BY customer_id, plan_id, due_on, effective_on
    HAVING count(*) > greatest(1, (SELECT count(*) FROM installment i WHERE i.customer_id = standing.customer_id
      AND i.plan_id = standing.plan_id AND i.due_on::text = standing.due_on))
    """,  # noqa: S608 - as above
)

LATE_FEE_LAWS: Final = (LATE_FEES_ARE_ACCRUED, NO_DAY_CHARGED_TWICE)
