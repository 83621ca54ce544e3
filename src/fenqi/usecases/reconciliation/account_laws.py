"""The laws of papers and accounts, as `laws` has them: papers name entries that are there, erased stays erased."""

from fenqi.usecases.reconciliation.laws import Law

PAPERS_NAME_THEIR_ENTRY = Law(
    "papers_name_their_entry",
    """
    SELECT p.customer_id, 'paper ' || p.code,
      'entry ' || p.entry_seq || CASE WHEN e.id IS NULL THEN ' is not there' ELSE ' has another hash' END
    FROM issued_paper p LEFT JOIN journal_entry e ON e.customer_id = p.customer_id AND e.seq = p.entry_seq
    WHERE p.customer_id BETWEEN %(low)s AND %(high)s AND p.entry_seq > 0
      AND (e.id IS NULL OR encode(e.hash, 'hex') <> p.entry_hash)
    """,
)

# Who has closed the account owes nothing, is owed nothing, and nothing that names them is left (P1208, P1209).
ERASED_STAYS_ERASED = Law(
    "erased_stays_erased",
    """
    WITH erased AS (
      SELECT id, ref, name_encrypted, phone_encrypted, phone_index FROM customer
      WHERE id BETWEEN %(low)s AND %(high)s AND erased_at IS NOT NULL
    )
    SELECT id, 'customer ' || id, 'name, phone or number is there' FROM erased
    WHERE name_encrypted <> '' OR phone_encrypted <> '' OR phone_index <> '' OR ref NOT LIKE 'erased-%%'
    UNION ALL
    SELECT c.customer_id, 'card ' || c.id, 'holder, phone or token is there' FROM bound_card c
    JOIN erased ON erased.id = c.customer_id
    WHERE c.token_encrypted <> '' OR c.holder_masked <> '' OR c.phone_masked <> '' OR c.state <> 'ended'
    UNION ALL
    SELECT p.customer_id, 'plan ' || p.id, 'something is owed on it' FROM plan p
    JOIN erased ON erased.id = p.customer_id WHERE p.outstanding_minor > 0 OR p.balance_minor > 0
    UNION ALL
    SELECT f.customer_id, 'file ' || f.id, 'is still kept' FROM made_file f
    JOIN erased ON erased.id = f.customer_id WHERE f.state = 'ready' AND f.asked_by LIKE 'customer:%%'
    UNION ALL
    SELECT a.customer_id, 'code ' || a.id, 'has a phone' FROM account_code a JOIN erased ON erased.id = a.customer_id
    UNION ALL
    SELECT h.customer_id, 'phone change ' || h.id, 'has a phone' FROM phone_change h
    JOIN erased ON erased.id = h.customer_id WHERE h.phone_encrypted <> ''
    UNION ALL
    SELECT n.customer_id, 'preference ' || n.id, 'is still kept' FROM notice_preference n
    JOIN erased ON erased.id = n.customer_id
    UNION ALL
    SELECT s.customer_id, 'safe word ' || s.id, 'is still kept' FROM safe_word s
    JOIN erased ON erased.id = s.customer_id
    UNION ALL
    SELECT w.customer_id, 'notice ' || w.id, 'still waits to be sent' FROM notice w
    JOIN erased ON erased.id = w.customer_id WHERE w.state = 'waiting'
    UNION ALL
    SELECT k.customer_id, 'call ' || k.id, 'is still planned' FROM support_callback k
    JOIN erased ON erased.id = k.customer_id WHERE k.state = 'planned'
    UNION ALL
    SELECT r.customer_id, 'recognition ' || r.id, 'has a number' FROM app_recognition r
    JOIN erased ON erased.id = r.customer_id
    UNION ALL
    SELECT d.customer_id, d.kind, 'names a number' FROM directory d
    JOIN erased ON erased.id = d.customer_id WHERE d.kind IN ('phone', 'phone_also')
    """,
)

ACCOUNT_LAWS = (PAPERS_NAME_THEIR_ENTRY, ERASED_STAYS_ERASED)
