"""Tickets: conversations with customer service, each with the story of what it is about already attached."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel


class ThreadState(models.TextChoices):
    WAITING = "waiting"  # for an agent
    ANSWERED = "answered"
    CLOSED = "closed"


class TicketEventKind(models.TextChoices):
    """What happens to a ticket besides what is said in it; customers see none of it but their own rating."""

    TAKEN = "taken"
    HANDED_OVER = "handed_over"
    RELEASED = "released"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    LATE = "late"
    NOTE = "note"
    CALL = "call"
    RATED = "rated"
    CALLBACK = "callback"


class CallbackState(models.TextChoices):
    PLANNED = "planned"
    DONE = "done"
    CALLED_OFF = "called_off"


class SupportThread(SpreadModel):
    """`story` is what the system knew when it was opened: order, plan, payment, attempts, codes, times.

    `due_at` is by when we promised an answer to whoever waits; `late_at` when that was found to be broken.
    """

    ticket_no = models.CharField(max_length=16)  # nine digits, the last of them a check; in the directory
    topic = models.CharField(max_length=32)  # repayment_failed | outcome_unknown | after_sales | dispute | other ...
    order_id = models.UUIDField(null=True)
    plan_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    refund_id = models.UUIDField(null=True)
    hold_id = models.UUIDField(null=True)
    language = models.CharField(max_length=16)
    story = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=ThreadState)
    agent = models.CharField(max_length=80, blank=True)  # who answers it: one at a time
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)
    customer_read_no = models.PositiveIntegerField()  # the last message that either side has had before their eyes
    staff_read_no = models.PositiveIntegerField()

    class Meta:
        db_table = "support_thread"
        indexes = [
            models.Index(fields=["state", "due_at"], name="support_thread_queue"),
            models.Index(fields=["agent", "state"], name="support_thread_by_agent"),
            models.Index(fields=["customer_id", "payment_id"], name="support_thread_by_payment"),
        ]
        constraints = [
            models.CheckConstraint(
                name="support_thread_waits_until",
                condition=Q(state=ThreadState.WAITING.value, due_at__isnull=False)
                | (~Q(state=ThreadState.WAITING.value) & Q(due_at__isnull=True, late_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="support_thread_closed_at",
                condition=Q(state=ThreadState.CLOSED.value) ^ Q(closed_at__isnull=True),
            ),
        ]


class SupportMessage(SpreadModel):
    thread_id = models.UUIDField()
    message_no = models.PositiveIntegerField()
    author = models.CharField(max_length=80)  # customer | staff:<account id> | system
    text = models.TextField()
    request_key = models.CharField(max_length=64)  # a message sent again is the same message
    at = models.DateTimeField()

    class Meta:
        db_table = "support_message"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "thread_id", "message_no"], name="support_message_no"),
            models.UniqueConstraint(fields=["customer_id", "thread_id", "request_key"], name="support_message_once"),
        ]


class SupportEvent(SpreadModel):
    """One fact of a ticket, kept for good. `to_actor` is who has the ticket after it, where it changes hands."""

    thread_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=TicketEventKind)
    actor = models.CharField(max_length=80)
    to_actor = models.CharField(max_length=80)
    text = models.TextField()
    details = models.JSONField()
    request_key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "support_event"
        indexes = [models.Index(fields=["kind", "at"], name="support_event_recent")]
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "thread_id", "seq"], name="support_event_seq"),
            models.UniqueConstraint(
                fields=["customer_id", "thread_id", "request_key"],
                condition=~Q(request_key=""),
                name="support_event_once",
            ),
        ]


class SupportCallback(SpreadModel):
    """A call that we promised: between `from_at` and `until_at`, by `agent`, about a ticket."""

    thread_id = models.UUIDField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=16, choices=CallbackState)
    agent = models.CharField(max_length=80)
    outcome = models.CharField(max_length=500)
    planned_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "support_callback"
        indexes = [models.Index(fields=["state", "until_at"], name="support_callback_due")]
        constraints = [
            models.CheckConstraint(name="support_callback_window", condition=Q(until_at__gt=models.F("from_at"))),
            models.CheckConstraint(
                name="support_callback_ended",
                condition=Q(state=CallbackState.PLANNED.value) ^ Q(ended_at__isnull=False),
            ),
        ]


class SavedAnswer(models.Model):
    """One version of an answer that agents give often, in both languages; a version never changes."""

    id = models.UUIDField(primary_key=True)
    code = models.SlugField(max_length=64)
    version = models.PositiveIntegerField()
    topic = models.CharField(max_length=32)  # for which tickets it is offered first; empty: for all
    title_zh = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    text_zh = models.TextField()
    text_en = models.TextField()
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "saved_answer"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="saved_answer_version")]


class TextKind(models.TextChoices):
    ANNOUNCEMENT = "announcement"
    GUIDE = "guide"


class PublishedText(models.Model):
    """One version of an announcement or of a help page: written by one member of staff, published by another.

    Without `published_at` it waits for the second person. Once published only its withdrawal is added.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=16, choices=TextKind)
    code = models.SlugField(max_length=64)
    version = models.PositiveIntegerField()
    title_zh = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120)
    text_zh = models.TextField()
    text_en = models.TextField()
    change_zh = models.CharField(max_length=200)  # what is new in this version
    change_en = models.CharField(max_length=200)
    valid_from = models.DateField()
    banner_until = models.DateField(null=True)  # the last day on which pages show it on top
    policy_code = models.CharField(max_length=120)  # the published rule that it tells of; empty: none
    policy_version = models.PositiveIntegerField(null=True)
    written_by = models.CharField(max_length=80)
    written_at = models.DateTimeField()
    published_by = models.CharField(max_length=80)
    published_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "published_text"
        constraints = [
            models.UniqueConstraint(fields=["kind", "code", "version"], name="published_text_version"),
            models.CheckConstraint(
                name="published_text_two_people",
                condition=Q(published_at__isnull=True, published_by="")
                | (Q(published_at__isnull=False) & ~Q(published_by="") & ~Q(published_by=models.F("written_by"))),
            ),
        ]
