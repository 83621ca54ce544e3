"""The laws of help, in the form of `laws`: what was promised, changed, reported and said is as the rules have it."""

from fenqi.usecases.reconciliation.laws import Law

# A change that is done is its event, and says what the event did; nothing moves a plan so without a change.
CHANGES_ARE_EVENTS = Law(
    "plan_changes_are_events",
    """
    WITH done AS (
      SELECT * FROM plan_change WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'done'
    ), events AS (
      SELECT * FROM plan_event WHERE customer_id BETWEEN %(low)s AND %(high)s
        AND id IN (SELECT event_id FROM done UNION ALL SELECT fee_event_id FROM done)
    )
    SELECT c.customer_id, 'plan change ' || c.id, c.kind || ', event ' || coalesce(e.kind, 'none')
    FROM done c LEFT JOIN events e ON e.customer_id = c.customer_id AND e.id = c.event_id AND e.plan_id = c.plan_id
    WHERE e.kind IS DISTINCT FROM c.kind
    UNION ALL
    SELECT c.customer_id, 'plan change ' || c.id, 'waived ' || c.amount_minor || ', event ' || e.amount_minor
    FROM done c JOIN events e ON e.customer_id = c.customer_id AND e.id = c.event_id
    WHERE c.kind = 'waiver' AND e.amount_minor <> c.amount_minor
    UNION ALL
    SELECT c.customer_id, 'plan change ' || c.id, 'fee ' || c.amount_minor || ', event '
      || coalesce(f.amount_minor::text, 'none')
    FROM done c LEFT JOIN events f ON f.customer_id = c.customer_id AND f.id = c.fee_event_id
    WHERE c.kind = 'extension' AND c.amount_minor <> coalesce(f.amount_minor, 0)
    UNION ALL
    SELECT customer_id, 'event ' || event_id, count(*) || ' changes name it' FROM done
    GROUP BY customer_id, event_id HAVING count(*) > 1
    """,
)

# As it was shown: an extension costs its fee, a new schedule nothing, a waiver takes off what it says.
CHANGES_DO_AS_SHOWN = Law(
    "plan_changes_do_as_shown",
    """
    SELECT customer_id, 'plan change ' || id, kind || ' of ' || amount_minor || ': owed ' || was || ' before, '
      || became || ' after'
    FROM (
      SELECT customer_id, id, kind, amount_minor,
        (SELECT sum(value::bigint) FROM jsonb_each_text(before->'outstanding')) AS was,
        (SELECT sum(value::bigint) FROM jsonb_each_text(after->'outstanding')) AS became
      FROM plan_change WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'done'
    ) c
    WHERE became - was <> CASE kind WHEN 'extension' THEN amount_minor WHEN 'waiver' THEN -amount_minor ELSE 0 END
    """,
)

PROMISES_ARE_DECIDED = Law(
    "promises_are_decided_by_money",
    """
    SELECT customer_id, 'promise ' || id, state || ' with ' || paid_minor || ' of ' || amount_minor
    FROM payment_promise
    WHERE customer_id BETWEEN %(low)s AND %(high)s
      AND ((state = 'kept' AND paid_minor < amount_minor) OR (state = 'broken' AND paid_minor >= amount_minor)
        OR (state = 'open') <> (decided_at IS NULL))
    """,
)

# Nobody is reported who was not told before, or whose objection waits; what the lender has is a mark.
MARKS_FOLLOW_WARNINGS = Law(
    "credit_marks_follow_warnings",
    """
    SELECT m.customer_id, 'credit mark ' || m.id, m.state || ' on ' || coalesce(m.marked_at::date::text, 'no day')
      || ', told ' || coalesce(m.warned_at::date::text, 'never')
    FROM credit_mark m
    WHERE m.customer_id BETWEEN %(low)s AND %(high)s
      AND ((m.marked_at IS NOT NULL AND (m.warned_at IS NULL OR m.marked_at < m.warned_at + interval '3 days'))
        OR (m.marked_at IS NOT NULL AND m.objected_at < m.marked_at AND (m.answered_at IS NULL
          OR m.answered_at > m.marked_at))
        OR (m.exported_at IS NOT NULL AND m.marked_at IS NULL))
    """,
)

# No version of the rules allows more than seven contacts of a bill in seven days.
CONTACTS_KEEP_THE_CAP = Law(
    "contacts_keep_the_cap",
    """
    SELECT c.customer_id, 'plan ' || c.plan_id, count(*) || ' calls in the seven days up to ' || c.at
    FROM debt_contact c JOIN debt_contact e ON e.customer_id = c.customer_id AND e.plan_id = c.plan_id
      AND e.how = 'call' AND e.at > c.at - interval '7 days' AND e.at <= c.at
    WHERE c.customer_id BETWEEN %(low)s AND %(high)s AND c.how = 'call'
    GROUP BY c.customer_id, c.plan_id, c.id, c.at HAVING count(*) > 7
    """,
)

HARDSHIP_LAWS = (
    CHANGES_ARE_EVENTS,
    CHANGES_DO_AS_SHOWN,
    PROMISES_ARE_DECIDED,
    MARKS_FOLLOW_WARNINGS,
    CONTACTS_KEEP_THE_CAP,
)
