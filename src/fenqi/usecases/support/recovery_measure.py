"""How many failed repayments were solved, and how many of those without an agent, by cause (R181)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from fenqi.records.scope import across_customers
from fenqi.usecases import clock

_MEASURE = """
WITH failed AS (
  SELECT DISTINCT ON (a.customer_id, a.payment_id)
    a.customer_id, a.payment_id, p.plan_id, p.installments, a.category,
    coalesce(a.resolved_at, a.created_at) AS failed_at
  FROM payment_attempt a
  JOIN payment p ON p.customer_id = a.customer_id AND p.id = a.payment_id
  WHERE a.state = 'failed' AND a.created_at >= %(start)s AND a.created_at < %(end)s
  ORDER BY a.customer_id, a.payment_id, a.attempt_no DESC
), solved AS (
  SELECT f.*, s.solved_at FROM failed f LEFT JOIN LATERAL (
    SELECT min(q.succeeded_at) AS solved_at FROM payment q
    WHERE q.customer_id = f.customer_id AND q.plan_id = f.plan_id AND q.state = 'succeeded'
      AND q.succeeded_at >= f.failed_at
      AND (q.installments @> f.installments OR NOT EXISTS (
        SELECT 1 FROM installment i WHERE i.customer_id = f.customer_id AND i.plan_id = f.plan_id
          AND f.installments @> to_jsonb(i.n)
          AND i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor
            > i.principal_paid_minor + i.interest_paid_minor + i.fee_paid_minor + i.late_fee_paid_minor
      ))
  ) s ON true
), told AS (
  SELECT s.*, s.solved_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM support_thread t WHERE t.customer_id = s.customer_id AND t.payment_id = s.payment_id
      AND t.opened_at < s.solved_at
  ) AS alone
  FROM solved s
)
SELECT category, count(*), count(solved_at), count(*) FILTER (WHERE alone),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM solved_at - failed_at))
    FILTER (WHERE solved_at IS NOT NULL)
FROM told GROUP BY GROUPING SETS ((category), ()) ORDER BY grouping(category), count(*) DESC, category
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one cause, or of all: failed repayments, those solved, those solved without an agent; half took less time."""

    category: str
    failed: int
    solved: int
    alone: int
    median: timedelta | None

    @property
    def share_alone(self) -> Decimal:
        """Percent of the failed that were solved without an agent, to one place."""
        return (Decimal(self.alone) * 100 / self.failed).quantize(Decimal("0.1")) if self.failed else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A period, both days included. `by_cause`: the commonest first."""

    from_on: date
    to_on: date
    total: Measured
    by_cause: Sequence[Measured]


def measure_recovery(from_on: date, to_on: date) -> Measure:
    """Payments with a failed attempt begun in the period; one is solved when its installments were paid afterwards.

    One statement over all customers.
    """
    start = clock.end_of_business_day(from_on - timedelta(days=1))
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_MEASURE, {"start": start, "end": clock.end_of_business_day(to_on)})
        *causes, total = [_measured(row) for row in cursor.fetchall()]
    return Measure(from_on=from_on, to_on=to_on, total=total, by_cause=tuple(causes))


def _measured(row: tuple[str | None, int, int, int, float | None]) -> Measured:
    category, failed, solved, alone, seconds = row
    return Measured(
        category=category or "",
        failed=failed,
        solved=solved,
        alone=alone,
        median=None if seconds is None else timedelta(seconds=round(seconds)),
    )
