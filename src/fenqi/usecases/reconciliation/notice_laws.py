"""The laws of notices, in the form of `laws`: once, in the hours, never after the account is closed, on one service."""

from fenqi.usecases.reconciliation.laws import Law

TOLD_ONCE = Law(
    "told_once",
    """
    SELECT customer_id, 'notice ' || notice_id, 'left ' || count(*) || ' times by ' || way
    FROM notice_delivery WHERE customer_id BETWEEN %(low)s AND %(high)s
      AND state NOT IN ('refused', 'unreached')
    GROUP BY customer_id, notice_id, way HAVING count(*) > 1
    UNION ALL
    SELECT customer_id, 'due ' || subject, 'reminded ' || count(*) || ' times'
    FROM notice WHERE customer_id BETWEEN %(low)s AND %(high)s AND remind_offset IS NOT NULL
    GROUP BY customer_id, subject HAVING count(*) > 1
    """,
)

# What is held keeps its word, a closed account's notices among them: nothing leaves of them.
ONLY_WHAT_IS_TOLD_LEAVES = Law(
    "only_what_is_told_leaves",
    """
    SELECT d.customer_id, 'notice ' || d.notice_id, 'sent by ' || d.way || ' while it is ' || n.state
    FROM notice_delivery d JOIN notice n ON n.customer_id = d.customer_id AND n.id = d.notice_id
    WHERE d.customer_id BETWEEN %(low)s AND %(high)s AND n.state <> 'told'
    """,
)

# The widest hours that the convention of the trade allows (P1103); this mall's own setting may be narrower.
REMINDERS_KEEP_THE_HOURS = Law(
    "reminders_keep_the_hours",
    """
    SELECT customer_id, 'notice ' || id, 'told at ' || told_at
    FROM notice WHERE customer_id BETWEEN %(low)s AND %(high)s AND weight = 'reminder' AND state = 'told'
      AND (told_at AT TIME ZONE 'Asia/Shanghai')::time NOT BETWEEN '08:00' AND '22:00'
    """,
)

NOTICE_LAWS = (TOLD_ONCE, ONLY_WHAT_IS_TOLD_LEAVES, REMINDERS_KEEP_THE_HOURS)
