"""The daily close: what each late row was charged, and how far each day's run has come."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel, not_negative
from fenqi.records.identifiers import new_id


class LateFeeAccrual(SpreadModel):
    """What the close charged one row for being late, waived or not: never charged twice, never beyond the cap.

    `days` were counted and `charged_minor` charged through `through_on`. The last five columns tell what the last
    batch did: its event, if the day came to a charge, and the plan's version after it.
    """

    plan_id = models.UUIDField()
    n = models.PositiveIntegerField()
    due_on = models.DateField()
    days = models.PositiveIntegerField()
    charged_minor = models.BigIntegerField()
    through_on = models.DateField()
    plan_version = models.PositiveIntegerField()
    batch_id = models.UUIDField()
    event_seq = models.PositiveIntegerField(null=True)
    amount_minor = models.BigIntegerField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "late_fee_accrual"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "plan_id", "n"], name="late_fee_accrual_row"),
            *not_negative("charged_minor", "amount_minor", table="late_fee_accrual"),
        ]


class CloseState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"


class CloseRun(models.Model):
    """The close of one business date. `counts` sums its ranges once it is finished."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_date = models.DateField()
    state = models.CharField(max_length=16, choices=CloseState)
    started_by = models.CharField(max_length=80)
    is_catch_up = models.BooleanField(default=False)
    customers = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "close_run"
        constraints = [
            models.UniqueConstraint(fields=["business_date"], name="close_run_day"),
            models.CheckConstraint(
                name="close_run_finished_has_time",
                condition=Q(state="finished", finished_at__isnull=False) | ~Q(state="finished"),
            ),
        ]


class CloseRange(models.Model):
    """Customers from `first_id` to `last_id` in one run. `counts` is written with what it counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(CloseRun, on_delete=models.CASCADE)
    no = models.PositiveIntegerField()
    first_id = models.UUIDField()
    last_id = models.UUIDField()
    customers = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=CloseState)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "close_range"
        constraints = [models.UniqueConstraint(fields=["run", "no"], name="close_range_no")]
