"""Days on which the entry that a customer relies on is closed are nobody's fault (P809, P1008, R156).

A plan relies on the first entry, in their order, where its customer repays by oneself. While that one is closed and a
bill of the plan is late, due, or due within three days, a period stands open; it ends a day after the entry is back.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from fenqi.domain.entries import Entry
from fenqi.records.models import EntryWindow, NoFaultCause
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, outbox
from fenqi.usecases.entries.catalog import closing_of, ruling_pairs, ruling_windows
from fenqi.usecases.entries.touched import TOUCHED_PLANS, before_it, covers, params_of

AROUND_DUE_DAYS: Final = 3
TIME_TO_REPAY: Final = timedelta(days=1)
"""After the entry is open again."""

_OPEN_PERIODS: Final = f"""
INSERT INTO no_fault_period
  (customer_id, id, plan_id, attempt_id, cause, starts_at, ends_at, evidence, recorded_at)
SELECT p.customer_id, md5('entry_closed' || %(closing)s::text || p.id::text)::uuid, p.id, NULL, %(cause)s,
  greatest(%(starts_at)s::timestamptz, (p.next_due_on - %(around)s::int)::timestamp AT TIME ZONE %(zone)s::text), NULL,
  jsonb_build_object('closing', %(closing)s::text, 'entry', %(entry)s::text), %(now)s
{TOUCHED_PLANS}
  AND p.next_due_on <= %(until_on)s
  AND p.opened_on <= %(until_on)s
  AND NOT EXISTS (SELECT FROM repayment_entry e WHERE e.id = ANY(%(before)s) AND {covers("e.rules")})
ON CONFLICT (customer_id, id) DO NOTHING
"""  # noqa: S608 - the pieces are constants of ours

_END_PERIODS: Final = """
UPDATE no_fault_period SET ends_at = greatest(%(ends_at)s::timestamptz, starts_at)
WHERE cause = %(cause)s AND ends_at IS NULL AND evidence->>'closing' = %(closing)s
"""

_PUT_RIGHT: Final = """
INSERT INTO outbox (customer_id, id, topic, body, not_before, tries, error, created_at)
SELECT f.customer_id, md5(concat_ws('|', 'closing_put_right', %(window)s::text, %(news)s::text, f.plan_id))::uuid,
  %(topic)s, jsonb_build_object('plan_id', f.plan_id::text), %(now)s, 0, '', %(now)s
FROM no_fault_period f
WHERE f.cause = %(cause)s AND f.evidence->>'closing' = %(closing)s AND (%(news)s = 'ended' OR f.recorded_at = %(now)s)
  AND EXISTS (SELECT FROM late_fee_accrual a WHERE a.customer_id = f.customer_id AND a.plan_id = f.plan_id)
ON CONFLICT (customer_id, id) DO NOTHING
"""
"""`closing.correct.after_no_fault` for all plans at once: who was charged for such days has it looked at again."""


def guard_closings(*, now: datetime) -> int:
    """Open the periods of what is closed, end those of what is open again; how many changed. Again changes nothing."""
    approved = EntryWindow.objects.exclude(approved_by="")
    begun = [row for row in ruling_windows(approved) if row.starts_at <= now and row.ended_at is None]
    return sum(_guard(row, now) for row in begun)


def _guard(row: EntryWindow, now: datetime) -> int:
    """One closing: also of one that nobody looked at while it lasted."""
    pairs = ruling_pairs(now)
    entry = next((one for _, one in pairs if one.code == row.entry), None)
    is_over = row.ends_at <= now
    with transaction.atomic(), across_customers():
        changed = _open(row, entry, [str(row_id) for row_id in before_it(pairs, entry)], now) if entry else 0
        if changed:
            _put_right(row, "opened", now)
        if is_over:
            changed += _end(row)
            _put_right(row, "ended", now)
        EntryWindow.objects.filter(id=row.id).update(guarded_at=now, ended_at=now if is_over else None)
    return changed


def _open(row: EntryWindow, entry: Entry, before: list[str], now: datetime) -> int:
    last = min(now, row.ends_at)
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN_PERIODS,
            {
                **params_of(closing_of(row).group, entry),
                "closing": str(row.closing_id),
                "entry": row.entry,
                "cause": NoFaultCause.ENTRY_CLOSED.value,
                "starts_at": row.starts_at,
                "around": AROUND_DUE_DAYS,
                "until_on": clock.business_date(last) + timedelta(days=AROUND_DUE_DAYS),
                "zone": str(clock.mall_zone()),
                "before": before,
                "now": now,
            },
        )
        return int(cursor.rowcount)


def _end(row: EntryWindow) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _END_PERIODS,
            {
                "ends_at": row.ends_at + TIME_TO_REPAY,
                "cause": NoFaultCause.ENTRY_CLOSED.value,
                "closing": str(row.closing_id),
            },
        )
        return int(cursor.rowcount)


def _put_right(row: EntryWindow, news: str, now: datetime) -> None:
    """Periods were opened, or ended: late fees of these plans are compared with what is right."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT_RIGHT,
            {
                "window": str(row.id),
                "closing": str(row.closing_id),
                "news": news,
                "topic": outbox.CORRECT_LATE_FEES,
                "cause": NoFaultCause.ENTRY_CLOSED.value,
                "now": now,
            },
        )
