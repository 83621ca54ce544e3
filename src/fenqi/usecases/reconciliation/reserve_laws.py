"""The laws of reserves, in the form of `laws`: frozen = released + captured + held, in tables and in books (P303)."""

from fenqi.usecases.reconciliation.laws import Law

RESERVES_ADD_UP = Law(
    "reserves_add_up",
    """
    SELECT h.customer_id, 'reserve ' || h.id, h.state || ' with ' || h.frozen_minor || ': released '
      || h.released_minor || ', captured ' || h.captured_minor || '; moves released ' || coalesce(m.released, 0)
      || ', captured ' || coalesce(m.captured, 0) || ', may take ' || coalesce(m.promised, 0)
    FROM reserve_hold h LEFT JOIN (
      SELECT customer_id, hold_id,
        sum(amount_minor) FILTER (WHERE state = 'done' AND kind <> 'capture') AS released,
        sum(amount_minor) FILTER (WHERE state = 'done' AND kind = 'capture') AS captured,
        sum(amount_minor) FILTER (WHERE state IN ('proposed', 'announced', 'created', 'sent', 'unknown')) AS promised
      FROM reserve_move WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, hold_id
    ) m ON m.customer_id = h.customer_id AND m.hold_id = h.id
    WHERE h.customer_id BETWEEN %(low)s AND %(high)s AND (h.released_minor <> coalesce(m.released, 0)
      OR h.captured_minor <> coalesce(m.captured, 0)
      OR h.released_minor + h.captured_minor + coalesce(m.promised, 0) > h.frozen_minor
      OR (h.state IN ('held', 'ended')) <> (h.frozen_minor > 0)
      OR h.frozen_minor NOT IN (0, h.amount_minor)
      OR (h.state = 'ended') <> (h.frozen_minor > 0 AND h.frozen_minor = h.released_minor + h.captured_minor))
    """,
)

# Two phases: the hold posts, and each thing that is done to it voids so much of it, once.
RESERVES_ARE_BOOKED_ONCE = Law(
    "reserves_are_booked_once",
    """
    WITH owed AS (
      SELECT customer_id, entry_id, sum(credit_minor - debit_minor) AS minor FROM journal_line
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND account = 'reserve.owed' GROUP BY customer_id, entry_id
    ), said AS (
      SELECT customer_id, 'reserve ' || id AS subject, entry_id, frozen_minor AS minor FROM reserve_hold
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND entry_id IS NOT NULL
      UNION ALL
      SELECT customer_id, 'reserve move ' || id, entry_id, -amount_minor FROM reserve_move
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND entry_id IS NOT NULL
    )
    SELECT coalesce(s.customer_id, o.customer_id), coalesce(s.subject, 'entry ' || o.entry_id),
      'said ' || coalesce(s.minor::text, 'none') || ', booked ' || coalesce(o.minor::text, 'none')
    FROM said s FULL JOIN owed o ON o.customer_id = s.customer_id AND o.entry_id = s.entry_id
    WHERE s.minor IS DISTINCT FROM o.minor
    UNION ALL
    SELECT customer_id, 'entry ' || entry_id, 'booked for ' || count(*) FROM said
    GROUP BY customer_id, entry_id HAVING count(*) > 1
    """,
)

MEMO_ACCOUNTS_AGREE = Law(
    "memo_accounts_agree",
    """
    WITH booked AS (
      SELECT customer_id, currency, coalesce(sum(credit_minor - debit_minor) FILTER (WHERE account = 'reserve.owed'), 0)
        AS owed, coalesce(sum(debit_minor - credit_minor) FILTER (WHERE account = 'reserve.held'), 0) AS held
      FROM journal_line WHERE customer_id BETWEEN %(low)s AND %(high)s AND account IN ('reserve.owed', 'reserve.held')
      GROUP BY customer_id, currency
    ), kept AS (
      SELECT customer_id, currency, sum(frozen_minor - released_minor - captured_minor) AS owed,
        coalesce(sum(frozen_minor - released_minor - captured_minor) FILTER (WHERE kind = 'frozen'), 0) AS held
      FROM reserve_hold WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, currency
    )
    SELECT coalesce(b.customer_id, k.customer_id), 'reserves in ' || coalesce(b.currency, k.currency),
      'reserve.owed ' || coalesce(b.owed, 0) || ' for ' || coalesce(k.owed, 0) || ' held, reserve.held '
      || coalesce(b.held, 0) || ' for ' || coalesce(k.held, 0) || ' frozen'
    FROM booked b FULL JOIN kept k ON k.customer_id = b.customer_id AND k.currency = b.currency
    WHERE coalesce(b.owed, 0) <> coalesce(k.owed, 0) OR coalesce(b.held, 0) <> coalesce(k.held, 0)
    """,
)

PREPAID_RESERVES_ARE_PAID = Law(
    "prepaid_reserves_are_paid",
    """
    SELECT coalesce(p.customer_id, h.customer_id), coalesce('payment ' || p.id, 'reserve ' || h.id),
      'paid ' || coalesce(p.amount_minor::text, 'none') || ', held ' || coalesce(h.frozen_minor::text, 'none')
    FROM (SELECT * FROM payment
          WHERE customer_id BETWEEN %(low)s AND %(high)s AND purpose = 'reserve' AND state = 'succeeded') p
    FULL JOIN (SELECT * FROM reserve_hold
               WHERE customer_id BETWEEN %(low)s AND %(high)s AND kind = 'prepaid' AND frozen_minor > 0) h
      ON h.customer_id = p.customer_id AND h.payment_id = p.id
    WHERE p.amount_minor IS DISTINCT FROM h.frozen_minor
    """,
)

CAPTURES_ARE_ATTEMPTS = Law(
    "captures_are_attempts",
    """
    SELECT a.customer_id, 'attempt ' || a.id, a.state || ' with ' || a.amount_minor || ', capture '
      || coalesce(m.state || ' with ' || m.amount_minor, 'none')
    FROM payment_attempt a LEFT JOIN reserve_move m ON m.customer_id = a.customer_id AND m.attempt_id = a.id
    WHERE a.customer_id BETWEEN %(low)s AND %(high)s AND a.method = 'reserve'
      AND (m.amount_minor IS DISTINCT FROM a.amount_minor OR (a.state = 'succeeded') <> (m.state = 'done'))
    """,
)

# On a card nothing stays of a hold of which something was released or captured.
CARD_HOLDS_ARE_WHOLE = Law(
    "card_holds_are_whole",
    """
    SELECT customer_id, 'reserve ' || id, 'of ' || frozen_minor || ' on a card released ' || released_minor
      || ', captured ' || captured_minor
    FROM reserve_hold
    WHERE customer_id BETWEEN %(low)s AND %(high)s AND card_id IS NOT NULL
      AND released_minor + captured_minor NOT IN (0, frozen_minor)
    """,
)

RESERVE_LAWS = (
    RESERVES_ADD_UP,
    RESERVES_ARE_BOOKED_ONCE,
    MEMO_ACCOUNTS_AGREE,
    PREPAID_RESERVES_ARE_PAID,
    CAPTURES_ARE_ATTEMPTS,
    CARD_HOLDS_ARE_WHOLE,
)
