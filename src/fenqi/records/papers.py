"""Papers that were issued: what each said, under the code that stands on it. Names and accounts are not among it."""

from django.db import models

from fenqi.records.base import SpreadModel


class IssuedPaper(SpreadModel):
    """A voucher or a statement as it was when it was shown or drawn. Append only; the directory finds it by `code`.

    `subject_id` is what it is about. The sums are those on the paper; `entry_seq` and `entry_hash` name the entry that
    proves it, zero and empty where it has none.
    """

    code = models.CharField(max_length=20)
    kind = models.CharField(max_length=24)
    subject_id = models.UUIDField()
    number = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    said_on = models.DateField()
    entry_seq = models.BigIntegerField()
    entry_hash = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "issued_paper"
        constraints = [models.UniqueConstraint(fields=["customer_id", "code"], name="issued_paper_code")]
