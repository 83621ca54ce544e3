"""Agreements to later debits, with the consent kept as evidence, and what was announced before each debit."""

from django.db import models
from django.db.models import Q

from fenqi.records.base import SpreadModel, not_negative


class AgreementStatus(models.TextChoices):
    SIGNING = "signing"  # the customer was sent to the channel
    ACTIVE = "active"
    ENDED = "ended"
    FAILED = "failed"  # never signed


class DebitAgreement(SpreadModel):
    """The customer lets us debit the installments of one plan on their due days."""

    plan_id = models.UUIDField()
    channel = models.CharField(max_length=32)
    number = models.CharField(max_length=32)  # ours
    agreement_no_encrypted = models.TextField(blank=True)  # the channel's: whoever has it can debit
    card_id = models.UUIDField(null=True)  # of a card: its token is the authority
    status = models.CharField(max_length=16, choices=AgreementStatus)
    limit_minor = models.BigIntegerField()  # of one debit
    currency = models.CharField(max_length=3)
    consent = models.JSONField(default=dict)  # what was agreed to: text, version, language, when, from where
    signed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)
    end_reason = models.CharField(max_length=32, blank=True)
    next_try_at = models.DateTimeField(null=True)  # when the next debit is tried; shown to the customer
    next_query_at = models.DateTimeField(null=True)  # of the channel: whether it was signed, still stands, is ended
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "debit_agreement"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "number"], name="debit_agreement_number"),
            models.UniqueConstraint(
                fields=["customer_id", "plan_id"], name="debit_agreement_one_active", condition=Q(status="active")
            ),
            *not_negative("limit_minor", table="debit_agreement"),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="debit_agreement_due", condition=Q(status="active")),
            models.Index(
                fields=["next_query_at"], name="debit_agreement_ask", condition=Q(next_query_at__isnull=False)
            ),
        ]


class DebitNotice(SpreadModel):
    """A debit announced to the customer through the channel that asks for it."""

    agreement_id = models.UUIDField()
    debit_on = models.DateField()
    amount_minor = models.BigIntegerField()  # no more than this may be debited
    state = models.CharField(max_length=16)  # waiting | announced | failed
    code = models.CharField(max_length=64, blank=True)
    announced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "debit_notice"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "agreement_id", "debit_on"], name="debit_notice_day"),
            *not_negative("amount_minor", table="debit_notice"),
        ]
