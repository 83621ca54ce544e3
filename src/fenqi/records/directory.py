"""What is unique over all customers, and where to find whom it belongs to (scale rule 2)."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, models


class DirectoryKind(models.TextChoices):
    CUSTOMER_REF = "customer_ref"
    PHONE = "phone"
    PHONE_ALSO = "phone_also"  # a number that another account has bound, too: hash and customer
    ORDER_NO = "order_no"
    OUT_TRADE_NO = "out_trade_no"
    OUT_REFUND_NO = "out_refund_no"
    AGREEMENT_NO = "agreement_no"
    CASE_NO = "case_no"
    RESERVE_NO = "reserve_no"
    PARTNER_NO = "partner_no"
    TICKET_NO = "ticket_no"
    IDEMPOTENCY = "idempotency"
    PAPER_CODE = "paper_code"


class DirectoryEntry(models.Model):
    pk = models.CompositePrimaryKey("kind", "key")
    kind = models.CharField(max_length=16, choices=DirectoryKind)
    key = models.CharField(max_length=200)
    customer_id = models.UUIDField()
    target_id = models.UUIDField()

    class Meta:
        db_table = "directory"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a key is, and what it names."""

    customer_id: UUID
    target_id: UUID


def find(kind: DirectoryKind, key: str) -> Holder | None:
    """Whose the key is, or None."""
    entry = DirectoryEntry.objects.filter(kind=kind, key=key).first()
    return Holder(entry.customer_id, entry.target_id) if entry else None


def find_from(kind: DirectoryKind, prefix: str) -> tuple[Holder, ...]:
    """Whose the keys are that begin with this and a colon."""
    found = DirectoryEntry.objects.filter(kind=kind, key__gte=f"{prefix}:", key__lt=f"{prefix};").order_by("key")
    return tuple(Holder(entry.customer_id, entry.target_id) for entry in found)


def claim(kind: DirectoryKind, key: str, *, customer_id: UUID, target_id: UUID) -> Holder:
    """Take the key unless somebody has it; whoever has it then is the answer. Two claimants wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO directory (kind, key, customer_id, target_id) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [kind.value, key, customer_id, target_id],
        )
        taken = cursor.rowcount == 1
    if taken:
        return Holder(customer_id, target_id)
    entry = DirectoryEntry.objects.get(kind=kind, key=key)
    return Holder(entry.customer_id, entry.target_id)


def release(kind: DirectoryKind, key: str, *, customer_id: UUID) -> None:
    """Give the key back, if it is the customer's."""
    DirectoryEntry.objects.filter(kind=kind, key=key, customer_id=customer_id).delete()


def release_all(kind: DirectoryKind, *, customer_id: UUID) -> None:
    """Give back all keys of a kind that are the customer's. For kinds of which there are few: it reads all of them."""
    DirectoryEntry.objects.filter(kind=kind, customer_id=customer_id).delete()
