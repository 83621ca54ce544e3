"""Where one repays: entries in versions, and the times for which staff close one. Nothing is altered or deleted."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel
from fenqi.records.identifiers import new_id


class RepaymentEntry(models.Model):
    """One version of one entry; the latest that has begun rules. `rules` says for whom it is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)  # of domain.entries
    position = models.PositiveIntegerField()
    name_zh = models.CharField(max_length=40)
    name_en = models.CharField(max_length=80)
    howto_zh = models.CharField(max_length=300, blank=True)
    howto_en = models.CharField(max_length=500, blank=True)
    address = models.CharField(max_length=200, blank=True)
    rules = models.JSONField(default=dict, blank=True)
    opens_at = models.TimeField(null=True)
    closes_at = models.TimeField(null=True)
    opens_on = models.DateField(null=True)
    closes_on = models.DateField(null=True)
    moved_at = models.DateTimeField(null=True)
    successor = models.CharField(max_length=40, blank=True)
    valid_from = models.DateTimeField()
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "repayment_entry"
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="repayment_entry_version"),
            models.CheckConstraint(
                name="repayment_entry_hours",
                condition=Q(opens_at=None, closes_at=None) | Q(opens_at__isnull=False, closes_at__isnull=False),
            ),
            models.CheckConstraint(
                name="repayment_entry_dates",
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gte=F("opens_on")),
            ),
            models.CheckConstraint(name="repayment_entry_moves_on", condition=Q(moved_at=None) | ~Q(successor="")),
        ]


class EntryWindow(models.Model):
    """One version of one closing. It rules once a second member of staff approved it, until a later version rules.

    `is_cancelled`: this version takes the closing back. Ending early is a version with an earlier end.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    closing_id = models.UUIDField()
    version = models.PositiveIntegerField()
    entry = models.CharField(max_length=40)
    rules = models.JSONField(default=dict, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    notice_zh = models.CharField(max_length=200)
    notice_en = models.CharField(max_length=400)
    successor = models.CharField(max_length=40)
    is_cancelled = models.BooleanField(default=False)
    needs_two = models.BooleanField(default=True)  # taking away needs two members of staff, giving back one
    reason = models.CharField(max_length=200, blank=True)
    proposed_by = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    rejected_by = models.CharField(max_length=80, blank=True)
    rejected_at = models.DateTimeField(null=True)
    touched = models.JSONField(default=dict, blank=True)  # what staff were shown when they decided
    guarded_at = models.DateTimeField(null=True)  # when the days that are nobody's fault were last looked after
    ended_at = models.DateTimeField(null=True)  # when its days that are nobody's fault were all ended

    class Meta:
        db_table = "entry_window"
        constraints = [
            models.UniqueConstraint(fields=["closing_id", "version"], name="entry_window_version"),
            models.CheckConstraint(name="entry_window_has_length", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="entry_window_says_why",
                condition=~Q(notice_zh="") & ~Q(notice_en="") & ~Q(successor=""),
            ),
            models.CheckConstraint(
                name="entry_window_decided_whole",
                condition=(Q(approved_by="", approved_at=None) | (~Q(approved_by="") & Q(approved_at__isnull=False)))
                & (Q(rejected_by="", rejected_at=None) | (~Q(rejected_by="") & Q(rejected_at__isnull=False)))
                & (Q(approved_by="") | Q(rejected_by="")),
            ),
            models.CheckConstraint(
                name="entry_window_two_people",
                condition=Q(needs_two=False) | Q(approved_by="") | ~Q(approved_by=F("proposed_by")),
            ),
        ]


class SafeWord(SpreadModel):
    """The word that the customer chose for our messages to carry: who does not know it is not us (R147)."""

    word_encrypted = models.BinaryField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "safe_word"
        constraints = [models.UniqueConstraint(fields=["customer_id"], name="safe_word_of_customer")]
