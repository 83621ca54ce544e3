"""The laws of after-sales cases, in the form of `laws`: what is done was quoted, and nothing goes back twice."""

from fenqi.usecases.reconciliation.laws import Law

CASES_ARE_THEIR_STEPS = Law(
    "cases_are_their_steps",
    """
    WITH steps AS (
      SELECT customer_id, case_id, seq, before, after, signal,
        row_number() OVER history AS place, coalesce(lag(after) OVER history, '') AS left_at,
        lead(seq) OVER history IS NULL AS is_last
      FROM aftersales_case_step WHERE customer_id BETWEEN %(low)s AND %(high)s
      WINDOW history AS (PARTITION BY customer_id, case_id ORDER BY seq)
    )
    SELECT c.customer_id, 'case ' || c.case_no, CASE
        WHEN s.case_id IS NULL THEN 'has no steps'
        WHEN s.seq <> s.place OR s.before <> s.left_at THEN 'step ' || s.seq || ' does not follow the one before it'
        ELSE 'stands at ' || c.state || ', its last step at ' || s.after END
    FROM aftersales_case c LEFT JOIN steps s ON s.customer_id = c.customer_id AND s.case_id = c.id
    WHERE c.customer_id BETWEEN %(low)s AND %(high)s AND (s.case_id IS NULL OR s.seq <> s.place
      OR s.before <> s.left_at OR (s.is_last AND s.after <> c.state))
    UNION ALL
    SELECT customer_id, 'case ' || case_no, state || ', closed at ' || coalesce(closed_at::text, 'no time')
    FROM aftersales_case WHERE customer_id BETWEEN %(low)s AND %(high)s
      AND (closed_at IS NOT NULL) <> (state IN ('completed', 'rejected', 'withdrawn'))
    UNION ALL
    SELECT c.customer_id, 'case ' || c.case_no, 'is a ' || c.kind || CASE WHEN c.was_exchange
        THEN ' that was an exchange, without a step that says so' ELSE ', whose exchange could not be sent' END
    FROM aftersales_case c WHERE c.customer_id BETWEEN %(low)s AND %(high)s
      AND (c.was_exchange AND c.kind = 'return') <> EXISTS (
        SELECT FROM aftersales_case_step s WHERE s.customer_id = c.customer_id AND s.case_id = c.id
          AND s.signal = 'cannot_replace')
    """,
)

# The step by which the money moved says which events and refunds it made; the quote says which it should have made.
CASES_ARE_THEIR_QUOTES = Law(
    "cases_are_their_quotes",
    """
    WITH moved AS (
      SELECT c.customer_id, c.id, c.case_no, c.plan_id, c.quote_id, s.details
      FROM aftersales_case c JOIN aftersales_case_step s ON s.customer_id = c.customer_id AND s.case_id = c.id
        AND s.signal IN ('executed', 'confirmed')
      WHERE c.customer_id BETWEEN %(low)s AND %(high)s
    ), done AS (
      SELECT m.customer_id, m.id,
        string_agg(e.kind || ' ' || e.amount_minor, ', ' ORDER BY e.seq) AS events
      FROM moved m JOIN plan_event e ON e.customer_id = m.customer_id AND e.plan_id = m.plan_id
        AND m.details->'events' ? e.id::text
      GROUP BY m.customer_id, m.id
    ), promised AS (
      SELECT q.customer_id, q.id, string_agg((e.event->>'kind') || ' ' || (e.event->>'amount'), ', ' ORDER BY e.n)
        AS events
      FROM refund_quote q CROSS JOIN LATERAL jsonb_array_elements(q.body->'events') WITH ORDINALITY AS e(event, n)
      WHERE q.customer_id BETWEEN %(low)s AND %(high)s GROUP BY q.customer_id, q.id
    ), returned AS (
      SELECT m.customer_id, m.id, sum(r.amount_minor) AS minor
      FROM moved m JOIN refund r ON r.customer_id = m.customer_id AND m.details->'refunds' ? r.id::text
      GROUP BY m.customer_id, m.id
    )
    SELECT m.customer_id, 'case ' || m.case_no, 'quoted ' || coalesce(p.events, 'no events') || ' and '
      || coalesce(q.cash_minor::text, 'nothing') || ' back, done ' || coalesce(d.events, 'none') || ' and '
      || coalesce(r.minor, 0)
    FROM moved m
    LEFT JOIN refund_quote q ON q.customer_id = m.customer_id AND q.id = m.quote_id
    LEFT JOIN promised p ON p.customer_id = q.customer_id AND p.id = q.id
    LEFT JOIN done d ON d.customer_id = m.customer_id AND d.id = m.id
    LEFT JOIN returned r ON r.customer_id = m.customer_id AND r.id = m.id
    WHERE q.id IS NULL OR m.details->>'quote_id' IS DISTINCT FROM q.id::text
      OR d.events IS DISTINCT FROM p.events OR coalesce(r.minor, 0) <> q.cash_minor
      OR (m.details->>'cash')::bigint + (m.details->>'at_ordering')::bigint <> q.cash_minor
      OR (m.details->>'partner')::bigint <> q.partner_minor
    """,
)

# `sales.returns` moves by the refund alone, `payable.refund` by the payout alone, whatever else an entry corrects.
CASES_ARE_BOOKED = Law(
    "cases_are_booked",
    """
    WITH moved AS (
      SELECT c.customer_id, c.id, c.case_no, s.details, q.body
      FROM aftersales_case c
      JOIN aftersales_case_step s ON s.customer_id = c.customer_id AND s.case_id = c.id
        AND s.signal IN ('executed', 'confirmed')
      JOIN refund_quote q ON q.customer_id = c.customer_id AND q.id = c.quote_id
      WHERE c.customer_id BETWEEN %(low)s AND %(high)s AND c.kind IN ('return', 'refund_only')
        AND jsonb_array_length(s.details->'events') > 0
    ), booked AS (
      SELECT m.customer_id, m.id,
        coalesce(sum(l.debit_minor - l.credit_minor) FILTER (WHERE l.account = 'sales.returns'), 0) AS goods,
        coalesce(sum(l.credit_minor - l.debit_minor) FILTER (WHERE l.account = 'payable.refund'), 0) AS owed
      FROM moved m
      JOIN journal_entry e ON e.customer_id = m.customer_id AND m.details->'events' ? e.event_id::text
      JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      GROUP BY m.customer_id, m.id
    )
    SELECT m.customer_id, 'case ' || m.case_no, 'goods ' || (m.body->>'on_plan') || ' and cash ' || (m.body->>'cash')
      || ', booked ' || coalesce(b.goods, 0) || ' and ' || coalesce(b.owed, 0)
    FROM moved m LEFT JOIN booked b ON b.customer_id = m.customer_id AND b.id = m.id
    WHERE coalesce(b.goods, 0) <> (m.body->>'on_plan')::bigint OR coalesce(b.owed, 0) <> (m.body->>'cash')::bigint
    """,
)

WHAT_WAS_PAID_AT_ORDERING_IS_BOOKED_ONCE = Law(
    "what_was_paid_at_ordering_is_booked_once",
    """
    WITH booked AS (
      SELECT e.customer_id, e.order_id, sum(l.credit_minor) AS minor
      FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.code = 'return_at_ordering'
        AND l.account = 'payable.refund'
      GROUP BY e.customer_id, e.order_id
    ), returned AS (
      SELECT c.customer_id, c.order_id, sum((s.details->>'at_ordering')::bigint) AS minor
      FROM aftersales_case c JOIN aftersales_case_step s ON s.customer_id = c.customer_id AND s.case_id = c.id
        AND s.signal IN ('executed', 'confirmed')
      WHERE c.customer_id BETWEEN %(low)s AND %(high)s AND c.kind IN ('return', 'refund_only')
      GROUP BY c.customer_id, c.order_id
    )
    SELECT coalesce(b.customer_id, r.customer_id), 'order ' || coalesce(b.order_id, r.order_id),
      'books ' || coalesce(b.minor, 0) || ', cases ' || coalesce(r.minor, 0)
    FROM booked b FULL JOIN returned r ON r.customer_id = b.customer_id AND r.order_id = b.order_id
    WHERE coalesce(b.minor, 0) <> coalesce(r.minor, 0)
    """,
)

# Who exchanged goods has others for them, which may go back in their turn.
PIECES_WITHIN_BOUGHT = Law(
    "pieces_within_bought",
    """
    SELECT l.customer_id, 'line ' || l.line_no || ' of order ' || l.order_id,
      'bought ' || l.quantity || ', returned or asked for ' || p.pieces
    FROM order_line l JOIN (
      SELECT n.customer_id, n.order_id, n.line_no, sum(n.pieces) AS pieces
      FROM aftersales_case_line n JOIN aftersales_case c ON c.customer_id = n.customer_id AND c.id = n.case_id
      WHERE n.customer_id BETWEEN %(low)s AND %(high)s AND c.kind <> 'price_difference'
        AND c.state NOT IN ('rejected', 'withdrawn') AND NOT (c.kind = 'exchange' AND c.state = 'completed')
      GROUP BY n.customer_id, n.order_id, n.line_no
    ) p ON p.customer_id = l.customer_id AND p.order_id = l.order_id AND p.line_no = l.line_no
    WHERE p.pieces > l.quantity
    """,
)

RETURNS_WITHIN_WORTH = Law(
    "returns_within_worth",
    """
    SELECT l.customer_id, 'line ' || l.line_no || ' of order ' || l.order_id,
      'worth ' || l.quantity * l.unit_price_minor - l.discount_minor + l.freight_minor || ', refunded ' || p.minor
    FROM order_line l JOIN (
      SELECT n.customer_id, n.order_id, n.line_no, sum((n.worth->>'value')::bigint) AS minor
      FROM aftersales_case_line n JOIN aftersales_case c ON c.customer_id = n.customer_id AND c.id = n.case_id
      WHERE n.customer_id BETWEEN %(low)s AND %(high)s AND c.kind IN ('return', 'refund_only')
        AND c.state IN ('refunding', 'completed')
      GROUP BY n.customer_id, n.order_id, n.line_no
    ) p ON p.customer_id = l.customer_id AND p.order_id = l.order_id AND p.line_no = l.line_no
    WHERE p.minor > l.quantity * l.unit_price_minor - l.discount_minor + l.freight_minor
    """,
)

# What came in, taken back later or not: a chargeback after a refund is a loss, and no mistake of the books.
CASH_WITHIN_PAID_IN = Law(
    "cash_within_paid_in",
    """
    SELECT r.customer_id, 'plan ' || r.plan_id, 'paid in ' || coalesce(p.minor, 0) || ', gone back ' || r.minor
    FROM (
      SELECT customer_id, plan_id, sum(amount_minor) AS minor FROM refund
      WHERE customer_id BETWEEN %(low)s AND %(high)s AND plan_id IS NOT NULL AND cause IN ('aftersale', 'balance')
      GROUP BY customer_id, plan_id
    ) r LEFT JOIN (
      SELECT customer_id, plan_id, sum(amount_minor) AS minor, bool_or(amount_minor IS NULL) AS by_quote
      FROM plan_event WHERE customer_id BETWEEN %(low)s AND %(high)s AND kind IN ('repayment', 'settlement')
      GROUP BY customer_id, plan_id
    ) p ON p.customer_id = r.customer_id AND p.plan_id = r.plan_id
    WHERE r.minor > coalesce(p.minor, 0) AND NOT coalesce(p.by_quote, false)
    """,
)

PAUSES_FOLLOW_CASES = Law(
    "pauses_follow_cases",
    """
    SELECT c.customer_id, 'case ' || c.case_no, 'closed ' || coalesce(c.closed_at::text, 'never') || ', bills paused '
      || CASE WHEN n.id IS NULL THEN 'never' ELSE 'until ' || coalesce(n.ends_at::text, 'further notice') END
    FROM aftersales_case c LEFT JOIN no_fault_period n ON n.customer_id = c.customer_id AND n.plan_id = c.plan_id
      AND n.cause = 'return_open' AND n.evidence->>'case_no' = c.case_no
    WHERE c.customer_id BETWEEN %(low)s AND %(high)s AND c.plan_id IS NOT NULL
      AND c.kind <> 'price_difference' AND (n.id IS NULL OR n.ends_at IS DISTINCT FROM c.closed_at)
    """,
)

CASE_LAWS = (
    CASES_ARE_THEIR_STEPS,
    CASES_ARE_THEIR_QUOTES,
    CASES_ARE_BOOKED,
    WHAT_WAS_PAID_AT_ORDERING_IS_BOOKED_ONCE,
    PIECES_WITHIN_BOUGHT,
    RETURNS_WITHIN_WORTH,
    CASH_WITHIN_PAID_IN,
    PAUSES_FOLLOW_CASES,
)
