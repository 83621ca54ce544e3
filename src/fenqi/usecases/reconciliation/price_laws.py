"""The laws of price protection, as `laws` has them: no drop is paid twice, and what was offered is what was given."""

from fenqi.usecases.reconciliation.laws import Law

# Every piece may have come down to the lowest price that a claim on its line was about, and no further (P407, P411).
DIFFERENCES_WITHIN_THE_DROP = Law(
    "differences_within_the_drop",
    """
    SELECT d.customer_id, 'line ' || d.line_no || ' of order ' || d.order_id,
      'given ' || d.minor || ', paid less lowest ' || l.quantity * (l.unit_price_minor - d.lowest)
    FROM (
      SELECT customer_id, order_id, line_no, sum(amount_minor) AS minor, min(lowest_minor) AS lowest
      FROM price_difference WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, order_id, line_no
    ) d JOIN order_line l ON l.customer_id = d.customer_id AND l.order_id = d.order_id AND l.line_no = d.line_no
    WHERE d.minor > l.quantity * (l.unit_price_minor - d.lowest)
    """,
)

DIFFERENCES_ARE_CASES = Law(
    "differences_are_cases",
    """
    SELECT coalesce(c.customer_id, d.customer_id), 'case ' || coalesce(c.case_no, d.case_id::text),
      coalesce(c.kind || ' ' || c.state || ' of ' || c.value_minor, 'no case') || ', given ' || coalesce(d.minor, 0)
    FROM (SELECT * FROM aftersales_case WHERE customer_id BETWEEN %(low)s AND %(high)s AND kind = 'price_difference'
          AND state IN ('refunding', 'completed')) c
    FULL JOIN (SELECT customer_id, case_id, sum(amount_minor) AS minor FROM price_difference
               WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id, case_id) d
      ON d.customer_id = c.customer_id AND d.case_id = c.id
    WHERE c.value_minor IS DISTINCT FROM d.minor
    """,
)

DIFFERENCES_ARE_BOOKED_ONCE = Law(
    "differences_are_booked_once",
    """
    WITH booked AS (
      SELECT e.customer_id, sum(l.credit_minor) AS minor
      FROM journal_entry e JOIN journal_line l ON l.customer_id = e.customer_id AND l.entry_id = e.id
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.code = 'price_difference' AND l.account = 'payable.refund'
      GROUP BY e.customer_id
    ), given AS (
      SELECT customer_id, sum(cash_minor) AS minor FROM price_difference
      WHERE customer_id BETWEEN %(low)s AND %(high)s GROUP BY customer_id
    )
    SELECT coalesce(b.customer_id, g.customer_id), 'price differences',
      'books ' || coalesce(b.minor, 0) || ', given as money ' || coalesce(g.minor, 0)
    FROM booked b FULL JOIN given g ON g.customer_id = b.customer_id
    WHERE coalesce(b.minor, 0) <> coalesce(g.minor, 0)
    """,
)

OFFERS_ARE_CASES = Law(
    "offers_are_cases",
    """
    SELECT o.customer_id, 'price offer ' || o.id, 'accepted by ' || coalesce(c.kind || ' ' || c.case_no, 'no case')
    FROM price_offer o LEFT JOIN aftersales_case c ON c.customer_id = o.customer_id AND c.id = o.case_id
    WHERE o.customer_id BETWEEN %(low)s AND %(high)s AND o.state = 'accepted'
      AND (c.id IS NULL OR c.kind <> 'price_difference' OR c.order_id <> o.order_id)
    """,
)

PRICE_LAWS = (
    DIFFERENCES_WITHIN_THE_DROP,
    DIFFERENCES_ARE_CASES,
    DIFFERENCES_ARE_BOOKED_ONCE,
    OFFERS_ARE_CASES,
)
