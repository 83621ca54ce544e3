"""Who looked at what, and who did what: staff actions, kept with the customer they concern."""

from django.db import models

from fenqi.records.base import SpreadModel


class AuditRecord(SpreadModel):
    """One act of staff or of an API client. What concerns no customer belongs to the house."""

    actor = models.CharField(max_length=80)  # staff:<account id> | api:<client id> | system
    action = models.CharField(max_length=48)
    subject = models.CharField(max_length=120, default="")
    reason = models.CharField(max_length=200, default="")
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "audit_record"
        indexes = [models.Index(fields=["customer_id", "-at"], name="audit_record_by_time")]
