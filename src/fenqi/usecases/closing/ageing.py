"""How late the house's plans are on a day, by bucket and currency: worked out on the day, stored nowhere."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db import connection

from fenqi.domain.plans.delinquency import Bucket, bucket_of, days_past_due
from fenqi.records.scope import across_customers
from fenqi.usecases.closing.late_rows import collected_here
from fenqi.usecases.no_fault_days import free_days

# Few groups, however many plans: by currency, oldest open due date and grace. What is not late keeps its terms unread.
_GROUPS: Final = """
WITH late AS (
  SELECT i.customer_id, i.plan_id, sum(i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor
    - i.principal_paid_minor - i.interest_paid_minor - i.fee_paid_minor - i.late_fee_paid_minor) AS minor
  FROM plan p JOIN installment i ON i.customer_id = p.customer_id AND i.plan_id = p.id
  WHERE p.next_due_on < %(today)s AND i.due_on < %(today)s GROUP BY i.customer_id, i.plan_id
)
SELECT p.currency, CASE WHEN p.next_due_on < %(today)s THEN p.next_due_on END AS oldest,
  CASE WHEN p.next_due_on < %(today)s THEN (p.terms->>'grace_days')::int END AS grace,
  count(*), sum(p.outstanding_minor)::bigint, coalesce(sum(l.minor), 0)::bigint
FROM plan p LEFT JOIN late l ON l.customer_id = p.customer_id AND l.plan_id = p.id
WHERE p.status = 'active' AND p.outstanding_minor > 0 AND p.provider = ANY(%(collected_here)s)
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingRow:
    """Plans of one currency in one bucket. `overdue_minor` is the part of `outstanding_minor` past its due date."""

    currency: str
    bucket: Bucket
    plans: int
    outstanding_minor: int
    overdue_minor: int


def ageing(today: date) -> tuple[AgeingRow, ...]:
    """All plans that owe something here, by currency and then from current to latest; every bucket is there.

    A plan is as late as its oldest open row. Lenders collect, and age, their plans themselves; what was charged off is
    no longer expected.
    """
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_GROUPS, {"today": today, "collected_here": collected_here()})
        groups = cursor.fetchall()
    sums: dict[tuple[str, Bucket], list[int]] = defaultdict(lambda: [0, 0, 0])
    for currency, oldest, grace, *amounts in groups:
        bucket = bucket_of(days_past_due(oldest, today), is_free=_is_free(oldest, grace or 0, today))
        of_bucket = sums[currency, bucket]
        for n, amount in enumerate(amounts):
            of_bucket[n] += amount
    currencies = sorted({currency for currency, _ in sums})
    return tuple(_row(currency, bucket, *sums[currency, bucket]) for currency in currencies for bucket in Bucket)


def _is_free(due_on: date | None, grace: int, today: date) -> bool:
    if due_on is None:
        return True
    return today <= due_on + timedelta(days=grace) or today in free_days(frozenset(), due_on)


def _row(currency: str, bucket: Bucket, plans: int, outstanding: int, overdue: int) -> AgeingRow:
    return AgeingRow(
        currency=currency, bucket=bucket, plans=plans, outstanding_minor=outstanding, overdue_minor=overdue
    )
