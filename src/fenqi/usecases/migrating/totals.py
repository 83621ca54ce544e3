"""What stands on the books for the plans of a batch, by account: shown before the cut-over and after it."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

from fenqi.records.scope import across_customers

_STANDING = """
SELECT l.account, sum(l.debit_minor - l.credit_minor)
FROM plan_migration_item i JOIN journal_line l ON l.customer_id = i.customer_id AND l.plan_id = i.plan_id
WHERE i.migration_id = %s AND (l.account LIKE 'receivable.%%' OR l.account LIKE 'clearing.%%'
  OR l.account IN ('payable.partner', 'income.interest', 'income.fee'))
GROUP BY l.account ORDER BY l.account
"""


def ledger_totals(migration_id: UUID) -> Mapping[str, int]:
    """Account to its balance in minor units, debits above zero; accounts at nothing are left out."""
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(_STANDING, [migration_id])
        return {account: int(minor) for account, minor in cursor.fetchall() if minor}
