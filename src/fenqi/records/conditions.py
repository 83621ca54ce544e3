"""What staff know of channels and banks: limits, opening hours, announced maintenance (R138-R140)."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.identifiers import new_id


class ConditionKind(models.TextChoices):
    LIMIT_PER_PAYMENT = "limit_per_payment"
    LIMIT_PER_DAY = "limit_per_day"
    HOURS = "hours"  # open from opens_at to closes_at every day, in the mall's time zone
    MAINTENANCE = "maintenance"  # closed from starts_at to ends_at


class ChannelCondition(models.Model):
    """One condition of a rail, or of one bank behind it. Kept when it ends: it is evidence."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField(max_length=32)
    bank = models.CharField(max_length=16, blank=True)  # empty: the whole rail
    kind = models.CharField(max_length=24, choices=ConditionKind)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    opens_at = models.TimeField(null=True)
    closes_at = models.TimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    note_zh = models.CharField(max_length=120, blank=True)  # what the customer reads
    note_en = models.CharField(max_length=200, blank=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    withdrawn_by = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "channel_condition"
        constraints = [
            models.CheckConstraint(
                name="channel_condition_whole",
                condition=Q(kind__in=["limit_per_payment", "limit_per_day"], amount_minor__gt=0)
                | Q(kind="hours", opens_at__isnull=False, closes_at__isnull=False)
                | Q(kind="maintenance", starts_at__isnull=False, ends_at__gt=F("starts_at")),
            ),
        ]
