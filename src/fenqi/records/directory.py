"""What is unique over all customers, and where to find whom it belongs to (scale rule 2)."""

from django.db import models


class DirectoryKind(models.TextChoices):
    CUSTOMER_REF = "customer_ref"
    PHONE = "phone"
    ORDER_NO = "order_no"
    OUT_TRADE_NO = "out_trade_no"
    IDEMPOTENCY = "idempotency"


class DirectoryEntry(models.Model):
    pk = models.CompositePrimaryKey("kind", "key")
    kind = models.CharField(max_length=16, choices=DirectoryKind)
    key = models.CharField(max_length=200)
    customer_id = models.UUIDField()
    target_id = models.UUIDField()

    class Meta:
        db_table = "directory"
