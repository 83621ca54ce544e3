"""Customers: who owes. Personal data is stored encrypted; the directory finds a person by a keyed hash of the phone."""

from django.db import models

from fenqi.records.identifiers import new_id


class Customer(models.Model):
    """One consumer of the mall (or the house), and the head of that customer's chain of journal entries.

    The row is the lock of all money written for the customer: `records.locks.customer` takes it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    ref = models.CharField(max_length=64)  # the mall's own name for the customer
    name_encrypted = models.BinaryField(default=b"")
    phone_encrypted = models.BinaryField(default=b"")
    phone_index = models.CharField(max_length=64, default="")  # keyed hash, empty: none bound
    language = models.CharField(max_length=8, default="zh-hans")
    entry_seq = models.BigIntegerField(default=0)
    entry_hash = models.BinaryField(default=b"")
    registered_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)  # the account was closed and the personal data is gone; the books stay

    class Meta:
        db_table = "customer"
