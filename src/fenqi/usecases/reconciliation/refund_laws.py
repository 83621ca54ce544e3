"""The laws of money out, in the form of `laws`: what is owed goes back once, over no payment more than it was."""

from fenqi.usecases.reconciliation.laws import Law

# A leg that failed for good or came back carries nothing; every other one has left or still may.
REFUNDS_WITHIN_PAYMENTS = Law(
    "refunds_within_payments",
    """
    SELECT a.customer_id, 'attempt ' || a.id, a.state || ' with ' || a.amount_minor || ', going back ' || l.minor
    FROM payment_attempt a JOIN (
      SELECT customer_id, attempt_id, sum(amount_minor) AS minor FROM refund_leg
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND attempt_id IS NOT NULL AND state NOT IN ('failed', 'returned')
      GROUP BY customer_id, attempt_id
    ) l ON l.customer_id = a.customer_id AND l.attempt_id = a.id
    WHERE a.customer_id BETWEEN %(low)s AND %(high)s AND (a.state <> 'succeeded' OR l.minor > a.amount_minor)
    """,
)

REFUNDS_ARE_LEGS = Law(
    "refunds_are_legs",
    """
    SELECT r.customer_id, 'refund ' || r.id, r.status || ' of ' || r.amount_minor || ': legs carry '
      || coalesce(l.carried, 0) || ', paid ' || coalesce(l.paid, 0)
      || CASE WHEN l.contradicted THEN ', contradicted' ELSE '' END
    FROM refund r LEFT JOIN (
      SELECT customer_id, refund_id,
        coalesce(sum(amount_minor) FILTER (WHERE state NOT IN ('failed', 'returned')), 0) AS carried,
        coalesce(sum(amount_minor) FILTER (WHERE state = 'succeeded'), 0) AS paid,
        bool_or(code IN ('payment_move_unlisted', 'amount_mismatch')) AS contradicted
      FROM refund_leg WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, refund_id
    ) l ON l.customer_id = r.customer_id AND l.refund_id = r.id
    WHERE r.customer_id BETWEEN %(low)s AND %(high)s AND (coalesce(l.carried, 0) <> r.amount_minor
      OR (coalesce(l.paid, 0) = r.amount_minor AND NOT l.contradicted) <> (r.status = 'completed')
      OR (l.contradicted AND r.status <> 'needs_person'))
    """,
)

# Duplicates from before refunds existed stand on `payable.refund` without a refund of their own.
OWED_BACK_IS_REFUNDS = Law(
    "owed_back_is_refunds",
    """
    WITH booked AS (
      SELECT l.customer_id, l.currency, sum(l.credit_minor - l.debit_minor) AS minor,
        sum(l.credit_minor) FILTER (WHERE e.code = 'duplicate_payment') AS duplicates
      FROM journal_line l JOIN journal_entry e ON e.customer_id = l.customer_id AND e.id = l.entry_id
      WHERE l.customer_id BETWEEN %(low)s AND %(high)s AND l.account = 'payable.refund'
      GROUP BY l.customer_id, l.currency
    ), owed AS (
      SELECT r.customer_id, r.currency, sum(r.amount_minor - coalesce(p.minor, 0)) AS minor,
        sum(r.amount_minor) FILTER (WHERE r.cause = 'duplicate') AS duplicates
      FROM refund r LEFT JOIN (
        SELECT customer_id, refund_id, sum(amount_minor) AS minor FROM refund_leg
        WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'succeeded' GROUP BY customer_id, refund_id
      ) p ON p.customer_id = r.customer_id AND p.refund_id = r.id
      WHERE r.customer_id BETWEEN %(low)s AND %(high)s GROUP BY r.customer_id, r.currency
    ), both_sides AS (
      SELECT coalesce(b.customer_id, o.customer_id) AS customer_id, coalesce(b.minor, 0) AS books,
        coalesce(o.minor, 0) + coalesce(b.duplicates, 0) - coalesce(o.duplicates, 0) AS refunds
      FROM booked b FULL JOIN owed o ON o.customer_id = b.customer_id AND o.currency = b.currency
    )
    SELECT customer_id, 'payable.refund', 'books ' || books || ', refunds not paid yet ' || refunds
    FROM both_sides WHERE books <> refunds
    """,
)

REFUNDS_ARE_BOOKED_ONCE = Law(
    "refunds_are_booked_once",
    """
    WITH paid AS (
      SELECT e.customer_id, e.id, e.code, max(l.debit_minor) AS minor
      FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.code IN ('refund_paid', 'transfer_paid')
        AND l.account = 'payable.refund'
      GROUP BY e.customer_id, e.id, e.code
    ), legs AS (
      SELECT customer_id, id, entry_id, amount_minor, state IN ('succeeded', 'returned') AS has_left,
        CASE route WHEN 'transfer' THEN 'transfer_paid' ELSE 'refund_paid' END AS code
      FROM refund_leg WHERE customer_id BETWEEN %(low)s AND %(high)s AND (entry_id IS NOT NULL
        OR state IN ('succeeded', 'returned'))
    )
    SELECT coalesce(l.customer_id, p.customer_id), coalesce('refund leg ' || l.id, 'entry ' || p.id),
      'leg ' || coalesce(l.amount_minor::text, 'none') || ', entry ' || coalesce(p.minor::text, 'none')
    FROM legs l FULL JOIN paid p ON p.customer_id = l.customer_id AND p.id = l.entry_id AND p.code = l.code
    WHERE p.minor IS DISTINCT FROM l.amount_minor OR NOT l.has_left
    UNION ALL
    SELECT customer_id, 'entry ' || entry_id, 'booked for ' || count(*) || ' legs' FROM legs
    WHERE entry_id IS NOT NULL GROUP BY customer_id, entry_id HAVING count(*) > 1
    """,
)

REFUNDS_THAT_CAME_BACK = Law(
    "refunds_that_came_back",
    """
    WITH entries AS (
      SELECT e.customer_id, count(*) AS n, sum(l.credit_minor) AS minor
      FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.code = 'refund_returned' AND l.account = 'payable.refund'
      GROUP BY e.customer_id
    ), legs AS (
      SELECT customer_id, count(*) AS n, sum(amount_minor) AS minor FROM refund_leg
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND state = 'returned' GROUP BY customer_id
    )
    SELECT coalesce(e.customer_id, l.customer_id), 'refunds that came back',
      coalesce(e.n, 0) || ' entries of ' || coalesce(e.minor, 0) || ', ' || coalesce(l.n, 0) || ' legs of '
      || coalesce(l.minor, 0)
    FROM entries e FULL JOIN legs l ON l.customer_id = e.customer_id
    WHERE (e.n, e.minor) IS DISTINCT FROM (l.n, l.minor)
    """,
)

REFUND_LAWS = (
    REFUNDS_WITHIN_PAYMENTS,
    REFUNDS_ARE_LEGS,
    OWED_BACK_IS_REFUNDS,
    REFUNDS_ARE_BOOKED_ONCE,
    REFUNDS_THAT_CAME_BACK,
)
