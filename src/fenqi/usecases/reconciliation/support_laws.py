"""The laws of the help desk, as `laws` has them: no message missing, one agent, a number for each ticket."""

from fenqi.usecases.reconciliation.laws import Law

MESSAGES_COUNT_FROM_ONE = Law(
    "messages_count_from_one",
    """
    SELECT m.customer_id, 'ticket ' || m.thread_id, count(*) || ' messages up to number ' || max(m.message_no)
    FROM support_message m WHERE m.customer_id BETWEEN %(low)s AND %(high)s
    GROUP BY m.customer_id, m.thread_id HAVING count(*) <> max(m.message_no)
    """,
)

# Tickets from before there were facts of them have none: nothing is said of those.
WHO_HAS_A_TICKET_WAS_GIVEN_IT = Law(
    "who_has_a_ticket_was_given_it",
    """
    SELECT t.customer_id, 'ticket ' || t.ticket_no, 'with ' || t.agent || ', last given to ' || g.to_actor
    FROM support_thread t JOIN (
      SELECT DISTINCT ON (e.customer_id, e.thread_id) e.customer_id, e.thread_id, e.to_actor FROM support_event e
      WHERE e.customer_id BETWEEN %(low)s AND %(high)s AND e.kind IN ('taken', 'handed_over', 'released')
      ORDER BY e.customer_id, e.thread_id, e.seq DESC
    ) g ON g.customer_id = t.customer_id AND g.thread_id = t.id
    WHERE t.customer_id BETWEEN %(low)s AND %(high)s AND t.agent <> g.to_actor
    """,
)

A_TICKETS_NUMBER_LEADS_TO_IT = Law(
    "a_tickets_number_leads_to_it",
    """
    SELECT t.customer_id, 'ticket ' || t.ticket_no, 'its number is not in the directory'
    FROM support_thread t
    LEFT JOIN directory d ON d.kind = 'ticket_no' AND d.key = t.ticket_no
      AND d.customer_id = t.customer_id AND d.target_id = t.id
    WHERE t.customer_id BETWEEN %(low)s AND %(high)s AND d.key IS NULL
    """,
)

SUPPORT_LAWS = (MESSAGES_COUNT_FROM_ONE, WHO_HAS_A_TICKET_WAS_GIVEN_IT, A_TICKETS_NUMBER_LEADS_TO_IT)
