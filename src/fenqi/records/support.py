"""Conversations with customer service, each with the story of what it is about already attached."""

from django.db import models

from fenqi.records.base import SpreadModel


class ThreadState(models.TextChoices):
    WAITING = "waiting"  # for an agent
    ANSWERED = "answered"
    CLOSED = "closed"


class SupportThread(SpreadModel):
    """`story` is what the system knew when it was opened: plan, payment, attempts, codes, times."""

    topic = models.CharField(max_length=32)  # repayment_failed | outcome_unknown | after_sales | dispute | other
    plan_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    case_id = models.UUIDField(null=True)
    story = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=ThreadState)
    agent = models.CharField(max_length=80, blank=True)  # who answers it: one at a time
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "support_thread"
        indexes = [
            models.Index(fields=["state", "updated_at"], name="support_thread_queue"),
            models.Index(fields=["customer_id", "payment_id"], name="support_thread_by_payment"),
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
