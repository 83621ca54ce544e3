"""Which rows are late on a day, and what the close does with each: one set-based statement for all of them.

Verdicts: `charge` takes the set-based path; `judge` is left to the domain (`charging.py`), which decides the same for
any plan. The others say why a late row is not charged today.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from fenqi.domain.workdays import next_workday
from fenqi.records.models import FinanceProvider
from fenqi.records.scope import across_customers
from fenqi.usecases.partners.providers import MALL

CHARGE: Final = "charge"
JUDGE: Final = "judge"
SKIPPED: Final = (
    "grace",
    "rest_day",
    "no_rule",
    "lender_collects",
    "payment_unknown",
    "return_open",
    "no_fault",
    "payment_under_way",
    "capped",
    "done",
)
"""Why a late row is not charged, in the order in which the reasons are looked for."""

# What each row had come to when the day began: rows of plans on which something is dated that day or later are judged.
VERDICTS: Final = """
WITH late AS (
  SELECT p.customer_id, p.id AS plan_id, p.version, p.balance_minor, p.provider, i.n, i.due_on,
    p.terms->>'rounding' AS rounding,
    (p.terms->'late_fee'->>'daily_rate')::numeric AS daily_rate,
    (p.terms->'late_fee'->>'cap_percent')::numeric AS cap_percent,
    (p.terms->'late_fee'->>'fixed')::bigint AS fixed,
    CASE WHEN p.terms->'late_fee'->>'base' = 'overdue_principal' THEN i.principal_minor - i.principal_paid_minor
      ELSE i.principal_minor - i.principal_paid_minor + i.interest_minor - i.interest_paid_minor
        + i.fee_minor - i.fee_paid_minor END AS base,
    i.due_on + (p.terms->>'grace_days')::int AS grace_until,
    greatest(i.due_on + (p.terms->>'grace_days')::int, rest.until_on) AS free_until,
    coalesce(a.charged_minor, 0) AS charged, a.through_on, coalesce(a.plan_version, 0) AS seen_version,
    a.id IS NOT NULL AS is_known
  FROM plan p
  JOIN installment i ON i.customer_id = p.customer_id AND i.plan_id = p.id
  LEFT JOIN unnest(%(rest_days)s::date[], %(payable_until)s::date[]) AS rest(due_on, until_on)
    ON rest.due_on = i.due_on
  LEFT JOIN late_fee_accrual a ON a.customer_id = i.customer_id AND a.plan_id = i.plan_id AND a.n = i.n
  WHERE {customers} AND p.next_due_on < %(day)s AND p.status = 'active'
    AND i.due_on < %(day)s AND NOT i.is_down_payment
    AND i.principal_minor + i.interest_minor + i.fee_minor + i.late_fee_minor > i.principal_paid_minor
      + i.interest_paid_minor + i.fee_paid_minor + i.late_fee_paid_minor
), counted AS (
  SELECT late.*, %(day)s::date - free_until AS days,
    CASE WHEN fixed IS NOT NULL THEN fixed
      WHEN cap_percent IS NOT NULL THEN rounded_minor(base * cap_percent / 100, rounding) END AS cap,
    CASE WHEN fixed IS NOT NULL THEN fixed
      ELSE rounded_minor(base * daily_rate * (%(day)s::date - free_until) / 100, rounding)
        - rounded_minor(base * daily_rate * (%(day)s::date - free_until - 1) / 100, rounding) END AS grown
  FROM late
), judged AS MATERIALIZED (
  SELECT counted.*, CASE
    WHEN %(day)s <= grace_until THEN 'grace'
    WHEN %(day)s <= free_until THEN 'rest_day'
    WHEN (daily_rate IS NULL AND fixed IS NULL) OR base = 0 THEN 'no_rule'
    WHEN NOT provider = ANY(%(collected_here)s) THEN 'lender_collects'
    WHEN spell.cause IS NOT NULL THEN spell.cause
    WHEN EXISTS (SELECT FROM payment t WHERE t.customer_id = counted.customer_id AND t.plan_id = counted.plan_id
      AND t.state = 'open' AND t.purpose <> 'reserve') THEN 'payment_under_way'
    WHEN through_on >= %(day)s THEN 'done'
    WHEN balance_minor > 0 OR spell.touched
      OR NOT (through_on IS NOT DISTINCT FROM %(day)s::date - 1 OR (NOT is_known AND days = 1)
        OR (is_known AND coalesce(charged >= cap, false)))
      OR EXISTS (SELECT FROM plan_event e WHERE e.customer_id = counted.customer_id AND e.plan_id = counted.plan_id
        AND e.seq > seen_version AND (e.effective_on >= %(day)s OR e.effective_on < through_on OR e.kind = 'reversal'))
      OR EXISTS (SELECT FROM installment o WHERE o.customer_id = counted.customer_id AND o.plan_id = counted.plan_id
        AND o.due_on = counted.due_on AND o.n <> counted.n AND NOT o.is_down_payment) THEN 'judge'
    WHEN charged >= cap THEN 'capped'
    ELSE 'charge' END AS verdict
  FROM counted LEFT JOIN LATERAL (
    SELECT count(*) > 0 AS touched, max(CASE WHEN NOT on_day THEN NULL WHEN cause = 'outcome_unknown'
      THEN 'payment_unknown' WHEN cause = 'return_open' THEN cause ELSE 'no_fault' END) AS cause
    FROM (
      SELECT f.cause, (f.starts_at AT TIME ZONE %(zone)s)::date <= %(day)s
        AND (f.ends_at IS NULL OR (f.ends_at AT TIME ZONE %(zone)s)::date >= %(day)s) AS on_day
      FROM no_fault_period f WHERE f.customer_id = counted.customer_id AND f.plan_id = counted.plan_id
        AND (f.starts_at AT TIME ZONE %(zone)s)::date <= %(day)s
        AND (f.ends_at IS NULL OR (f.ends_at AT TIME ZONE %(zone)s)::date > free_until)) AS periods
  ) spell ON true
), settled AS (
  SELECT judged.*, bool_or(verdict = 'judge') OVER (PARTITION BY customer_id, plan_id) AS plan_is_judged,
    CASE WHEN verdict = 'charge' THEN greatest(0, least(grown, cap - charged)) END AS amount
  FROM judged
)
"""

_FOUND: Final = (
    VERDICTS
    + """
SELECT CASE WHEN plan_is_judged AND verdict = 'charge' THEN 'judge' ELSE verdict END AS verdict, count(*),
  array_agg(DISTINCT customer_id) FILTER (WHERE verdict = 'charge' AND NOT plan_is_judged) AS to_charge,
  array_agg(DISTINCT customer_id::text || '/' || plan_id::text) FILTER (WHERE plan_is_judged) AS to_judge
FROM settled GROUP BY 1
"""
).replace("{customers}", "p.customer_id BETWEEN %(first)s AND %(last)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRows:
    """What a range holds on the day: whom the set-based path charges, which plans are judged, and why not the rest."""

    to_charge: tuple[UUID, ...]
    to_judge: tuple[tuple[UUID, UUID], ...]
    counts: dict[str, int] = field(default_factory=dict)


def find_late_rows(day: date, *, first: UUID, last: UUID) -> LateRows:
    """All late rows of the range's customers; takes no lock."""
    given = day_facts(day, first=first, last=last) | {"first": first, "last": last}
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_FOUND, given)
        found = cursor.fetchall()
    to_charge: set[UUID] = set()
    to_judge: set[tuple[UUID, UUID]] = set()
    counts: dict[str, int] = {}
    for verdict, rows, customers, plans in found:
        counts[verdict] = rows
        to_charge.update(customers or ())
        for plan in plans or ():
            customer_id, _, plan_id = plan.partition("/")
            to_judge.add((UUID(customer_id), UUID(plan_id)))
    return LateRows(to_charge=tuple(sorted(to_charge)), to_judge=tuple(sorted(to_judge)), counts=counts)


_EARLIEST = "SELECT min(next_due_on) FROM plan WHERE customer_id BETWEEN %s AND %s AND next_due_on < %s"


def day_facts(day: date, *, first: UUID, last: UUID) -> dict[str, Any]:
    """The parameters of `VERDICTS` besides the customers."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_EARLIEST, [first, last, day])
        earliest = cursor.fetchone()[0]
    rest_days = rest_days_between(earliest, day) if earliest else {}
    return {
        "day": day,
        "rest_days": list(rest_days),
        "payable_until": list(rest_days.values()),
        "collected_here": collected_here(),
        "zone": settings.FENQI_TIME_ZONE,
    }


def collected_here() -> list[str]:
    """Whose plans are repaid here; the others' lenders collect, and charge, themselves."""
    lenders = FinanceProvider.objects.filter(repays_here=True).values_list("code", flat=True)
    return [MALL, *lenders]


def rest_days_between(first: date, last: date) -> dict[date, date]:
    """Each rest day with the working day through which what is due on it is payable (P509), if the mall says so."""
    if not settings.FENQI_REST_DAYS_ARE_FREE:
        return {}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: until for day in days if (until := next_workday(day).on) > day}
