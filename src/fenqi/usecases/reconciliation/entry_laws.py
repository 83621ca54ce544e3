"""Laws of repayment entries, as `laws` has them: days that are nobody's fault stand and fall with their closing."""

from fenqi.records.identifiers import HOUSE_ID
from fenqi.usecases.reconciliation.laws import Law

_RULING = """
  SELECT DISTINCT ON (w.closing_id) w.closing_id, w.starts_at, w.ends_at, w.is_cancelled, w.ended_at
  FROM entry_window w WHERE w.approved_by <> '' ORDER BY w.closing_id, w.version DESC
"""

CLOSED_DAYS_HAVE_A_CLOSING = Law(
    "closed_days_have_a_closing",
    f"""
    SELECT n.customer_id, 'plan ' || n.plan_id, CASE
      WHEN w.closing_id IS NULL THEN 'days are excused by a closing that nobody approved'
      WHEN w.is_cancelled THEN 'days are excused by a closing that was cancelled'
      WHEN n.starts_at < w.starts_at THEN 'days are excused from before the closing'
      WHEN w.ended_at IS NOT NULL AND n.ends_at IS NULL THEN 'the closing has ended, its excused days have not'
      ELSE 'days are excused for longer than the closing and a day' END
    FROM no_fault_period n LEFT JOIN ({_RULING}) w ON w.closing_id::text = n.evidence->>'closing'
    WHERE n.customer_id BETWEEN %(low)s AND %(high)s AND n.cause = 'entry_closed'
      AND jsonb_exists(n.evidence, 'closing') AND (w.closing_id IS NULL OR w.is_cancelled OR n.starts_at < w.starts_at
        OR (w.ended_at IS NOT NULL AND n.ends_at IS NULL)
        OR n.ends_at > greatest(w.ends_at + interval '1 day', n.starts_at))
    """,  # noqa: S608 - the pieces are constants of ours
)

# Judged as of the last time they were looked after, with an hour of room for what changed since.
LATE_WHILE_CLOSED_IS_EXCUSED = Law(
    "late_while_closed_is_excused",
    """
    SELECT p.customer_id, 'plan ' || p.id, 'its usual entry was closed when it was late, and no day of that is excused'
    FROM entry_window w JOIN plan p ON true
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s AND p.provider = 'mall'
      AND w.entry = 'mall_page' AND w.rules = '{}' AND w.approved_by <> '' AND NOT w.is_cancelled
      AND w.guarded_at > w.starts_at AND p.updated_at < w.starts_at AND p.outstanding_minor > 0
      AND p.next_due_on < w.starts_at::date
      AND NOT EXISTS (SELECT FROM entry_window later
        WHERE later.closing_id = w.closing_id AND later.version > w.version AND later.approved_by <> '')
      AND EXISTS (SELECT FROM repayment_entry e WHERE e.code = 'mall_page' AND e.rules = '{}' AND e.position <= ALL (
        SELECT x.position FROM repayment_entry x WHERE x.kind IN ('mall_page', 'finance_app', 'message_link')))
      AND NOT EXISTS (SELECT FROM no_fault_period n WHERE n.customer_id = p.customer_id AND n.plan_id = p.id
        AND n.cause = 'entry_closed' AND n.evidence->>'closing' = w.closing_id::text)
    """,
)

# Those that came with the program were published by nobody.
ENTRIES_WERE_PUBLISHED_BY_TWO = Law(
    "entries_were_published_by_two",
    f"""
    SELECT '{HOUSE_ID}'::uuid, 'entry ' || e.code || ' version ' || e.version,
      'it rules, and no two people on record proposed and published it'
    FROM repayment_entry e
    WHERE '{HOUSE_ID}'::uuid BETWEEN %(low)s AND %(high)s AND (e.published_by <> 'system' OR e.version > 1)
      AND NOT EXISTS (SELECT FROM audit_record done JOIN audit_record asked
          ON asked.customer_id = done.customer_id AND asked.id::text = done.details->>'proposal'
        WHERE done.customer_id = '{HOUSE_ID}' AND done.action = 'entry_published' AND asked.action = 'entry_proposed'
          AND done.subject = 'entry:' || e.code AND asked.subject = done.subject
          AND (done.details->>'version')::int = e.version AND done.actor = e.published_by AND asked.actor <> done.actor)
    """,  # noqa: S608 - the pieces are constants of ours
)

ENTRY_LAWS = (CLOSED_DAYS_HAVE_A_CLOSING, LATE_WHILE_CLOSED_IS_EXCUSED, ENTRIES_WERE_PUBLISHED_BY_TWO)
