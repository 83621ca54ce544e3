"""Commands answered once, messages that must leave the house, and imports that can be resumed."""

from django.db import models

from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import new_id


class IdempotencyRecord(SpreadModel):
    """The answer to a command, kept with the digest of what was asked: the same key gets the same answer."""

    client = models.CharField(max_length=64)
    key = models.CharField(max_length=120)
    digest = models.BinaryField()
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotency_record"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "client", "key"], name="idempotency_record_key"),
        ]


class OutboxMessage(SpreadModel):
    """Something to do after the transaction: queued if and only if it committed. A relay claims and does it."""

    topic = models.CharField(max_length=48)
    body = models.JSONField()
    not_before = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, null=True)  # noqa: DJ001  # NULL is what the relay's claim tests
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "outbox"
        indexes = [
            models.Index(fields=["not_before", "id"], name="outbox_waiting", condition=models.Q(done_at__isnull=True)),
        ]


class ImportRun(models.Model):
    """How far a file of orders has been taken: a killed import goes on from here."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file_digest = models.CharField(max_length=64)  # of the file's content
    mapping_digest = models.CharField(max_length=64)
    rows_done = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "import_run"
        constraints = [
            models.UniqueConstraint(fields=["file_digest", "mapping_digest"], name="import_run_file"),
        ]
