"""The channels' daily bills, line by line, and what does not agree with our books."""

from uuid import UUID

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import derived_id, new_id


class ChannelBill(models.Model):
    """One day's bill of one channel, taken once: the same file again changes nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField(max_length=32)
    bill_date = models.DateField()
    digest = models.CharField(max_length=64)  # of the file; empty for a day without lines
    source = models.CharField(max_length=16)  # fetched | file
    currency = models.CharField(max_length=3)
    line_count = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)  # below zero on a day when more was given back
    counts = models.JSONField(default=dict)  # verdict -> lines
    entry_id = models.UUIDField(null=True)  # the settlement that it posted
    taken_at = models.DateTimeField()
    matched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "channel_bill"
        constraints = [models.UniqueConstraint(fields=["channel", "bill_date"], name="channel_bill_day")]


class BillLine(SpreadModel):
    """A line of a bill with whom it belongs to; what belongs to nobody is the channel's own (`house_of`).

    Its id follows from channel, day and line number. A customer has few lines: their key finds them all.
    """

    channel = models.CharField(max_length=32)
    bill_date = models.DateField()
    line_no = models.BigIntegerField()
    kind = models.CharField(max_length=8)  # payment | refund | fee
    number = models.CharField(max_length=64)
    channel_no = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    at = models.DateTimeField()
    state = models.CharField(max_length=16)
    verdict = models.CharField(max_length=16)  # matched, or the kind of its finding

    class Meta:
        db_table = "bill_line"
        indexes = [models.Index(fields=["channel", "bill_date"], name="bill_line_by_day")]


class FindingState(models.TextChoices):
    OPEN = "open"
    REPAIRED = "repaired"  # by a posting or by settling what the bill proved
    EXPLAINED = "explained"  # it agrees by now, or a person has said why it differs


class ReconciliationFinding(SpreadModel):
    """A line that does not agree, or that is missing on one side. Its id follows from what it is about."""

    channel = models.CharField(max_length=32)
    bill_date = models.DateField()
    kind = models.CharField(max_length=24)  # missing_here | missing_there | amount_differs | state_differs | duplicate
    line_kind = models.CharField(max_length=8)
    number = models.CharField(max_length=64)
    channel_no = models.CharField(max_length=64, blank=True)
    bill_minor = models.BigIntegerField(null=True)
    our_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=48)  # a code with a text in both languages
    attempt_id = models.UUIDField(null=True)
    leg_id = models.UUIDField(null=True)
    state = models.CharField(max_length=16, choices=FindingState)
    repair = models.CharField(max_length=32, blank=True)  # what was done about it
    entry_id = models.UUIDField(null=True)
    note = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "reconciliation_finding"
        indexes = [
            models.Index(fields=["channel", "bill_date"], name="finding_by_day"),
            models.Index(fields=["channel", "state"], name="finding_open", condition=Q(state="open")),
        ]


def finding_id(bill: ChannelBill, kind: str, key: str, occurrence: int) -> UUID:
    return derived_id("finding", bill.channel, bill.bill_date, kind, key, occurrence)
