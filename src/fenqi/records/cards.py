"""Bank cards that a customer has bound: a token, the last four digits, the bank and the kind; never the number."""

from django.db import models

from fenqi.records.base import SpreadModel


class CardState(models.TextChoices):
    ACTIVE = "active"
    UNUSABLE = "unusable"  # the bank says so: expired, restricted, its token gone
    ENDED = "ended"  # removed by its holder


class BoundCard(SpreadModel):
    channel = models.CharField(max_length=32)
    number = models.CharField(max_length=32)  # ours, of the binding
    token_encrypted = models.TextField()
    bank = models.CharField(max_length=16, blank=True)  # a code of `domain.cards`; empty when the bank is not known
    kind = models.CharField(max_length=8)  # debit | credit | unknown
    last4 = models.CharField(max_length=4)
    holder_masked = models.CharField(max_length=64)
    phone_masked = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=CardState)
    consent = models.JSONField(default=dict)  # what the holder agreed to: text, version, language, when, from where
    bound_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bound_card"
        constraints = [models.UniqueConstraint(fields=["customer_id", "number"], name="bound_card_number")]
