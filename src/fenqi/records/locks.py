"""Every lock of the house. There is one: the customer's row, taken before anything of that customer's money is written.

A customer's plans, payments and chain of journal entries thereby change one after the other; two customers never wait
for each other. It is a statement of its own: what is read after it is what the previous holder committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from fenqi.domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class LockedCustomer:
    """The head of the customer's chain of entries, ours to extend until the transaction ends."""

    customer_id: UUID
    entry_seq: int
    entry_hash: bytes


def customer(customer_id: UUID) -> LockedCustomer:
    """Wait for the customer's row and hold it until the transaction ends. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry_seq, entry_hash FROM customer WHERE id = %s FOR NO KEY UPDATE",
            [customer_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return LockedCustomer(customer_id=customer_id, entry_seq=row[0], entry_hash=bytes(row[1]))


def customers(customer_ids: Sequence[UUID]) -> None:
    """Wait for these customers' rows, one statement each and in order of id, so that no two that do can wait for each
    other (scale rule 9); they are held until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "SELECT 1 FROM customer WHERE id = %s FOR NO KEY UPDATE", [[one] for one in sorted(customer_ids)]
        )
