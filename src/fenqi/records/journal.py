"""The books: balanced entries that are never edited, chained by hash for each customer."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel


class LedgerAccount(models.Model):
    name = models.CharField(primary_key=True, max_length=48)

    class Meta:
        db_table = "ledger_account"


class JournalEntry(SpreadModel):
    """One business event in the books. `effective_on` is its value date, `posted_at` when it was written."""

    seq = models.BigIntegerField()  # its place in the customer's chain, from 1
    code = models.CharField(max_length=32)
    effective_on = models.DateField()
    posted_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    plan_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)
    event_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    prev_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "journal_entry"
        constraints = [models.UniqueConstraint(fields=["customer_id", "seq"], name="journal_entry_seq")]
        indexes = [
            models.Index(fields=["customer_id", "plan_id", "seq"], name="journal_entry_by_plan"),
            models.Index(fields=["effective_on", "customer_id"], name="journal_entry_by_day"),
            models.Index(
                fields=["customer_id", "event_id"], name="journal_entry_suspense", condition=Q(code="suspense")
            ),
        ]


class JournalLine(SpreadModel):
    entry_id = models.UUIDField()
    line_no = models.PositiveSmallIntegerField()
    account = models.CharField(max_length=48)
    debit_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    plan_id = models.UUIDField(null=True)
    order_id = models.UUIDField(null=True)

    class Meta:
        db_table = "journal_line"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "entry_id", "line_no"], name="journal_line_no"),
            models.CheckConstraint(
                name="journal_line_one_side",
                condition=Q(debit_minor__gt=0, credit_minor=0) | Q(debit_minor=0, credit_minor__gt=0),
            ),
        ]
        indexes = [models.Index(fields=["customer_id", "plan_id", "account"], name="journal_line_by_plan")]
