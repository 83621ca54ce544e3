"""Price protection on record: what was offered to whom, and what was given on which line."""

from django.db import models
from django.db.models import F, Q

from fenqi.records.base import SpreadModel, not_negative


class OfferState(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # the price fell further, or the facts changed: another offer took its place, or none


class PriceOffer(SpreadModel):
    """A fallen price that the house found by itself and offers to make good. Amounts are minor units of the order."""

    order_id = models.UUIDField()
    line_no = models.PositiveIntegerField()
    pieces = models.PositiveIntegerField()  # kept when it was offered
    currency = models.CharField(max_length=3)
    paid_minor = models.BigIntegerField()  # for one piece
    lowest_minor = models.BigIntegerField()  # for one piece, the lowest since
    amount_minor = models.BigIntegerField()  # offered in all
    seen_at = models.DateTimeField()
    seen_source = models.CharField(max_length=16)  # order | feed
    seen_seller = models.CharField(max_length=64, default="")
    route = models.CharField(max_length=24)  # of domain.aftersales.policies: told beforehand (R101)
    policy_code = models.CharField(max_length=64)
    policy_version = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=OfferState, default=OfferState.OPEN)
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    case_id = models.UUIDField(null=True)  # of the case that accepting it made
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "price_offer"
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "order_id", "line_no", "lowest_minor"], name="price_offer_once_for_a_drop"
            ),
            models.CheckConstraint(
                name="price_offer_within_the_drop",
                condition=Q(amount_minor__lte=F("pieces") * (F("paid_minor") - F("lowest_minor"))),
            ),
            models.CheckConstraint(name="price_offer_amount_positive", condition=Q(amount_minor__gte=1)),
            models.CheckConstraint(
                name="price_offer_accepted_by_a_case",
                condition=Q(state=OfferState.ACCEPTED, case_id__isnull=False)
                | Q(~Q(state=OfferState.ACCEPTED), case_id__isnull=True),
            ),
            *not_negative("lowest_minor", table="price_offer"),
        ]
        indexes = [
            models.Index(fields=["customer_id", "order_id"], name="price_offer_by_order"),
            models.Index(fields=["expires_at"], name="price_offer_open", condition=Q(state=OfferState.OPEN)),
            models.Index(fields=["offered_at", "customer_id", "id"], name="price_offer_by_time"),
        ]


class PriceDifference(SpreadModel):
    """What a case gave back on one line, in cash or off the plan. Append only: a drop is never paid twice (P407)."""

    case_id = models.UUIDField()
    order_id = models.UUIDField()
    line_no = models.PositiveIntegerField()
    pieces = models.PositiveIntegerField()
    piece_numbers = models.JSONField()  # which of the line's pieces, counted from 1, as domain.aftersales.worth does
    currency = models.CharField(max_length=3)
    paid_minor = models.BigIntegerField()  # for one piece, as compared
    lowest_minor = models.BigIntegerField()  # for one piece
    amount_minor = models.BigIntegerField()  # for all pieces, less what earlier differences had given
    cash_minor = models.BigIntegerField()  # the part of it that went back as money; the rest came off the plan
    fees_followed = (
        models.BooleanField()
    )  # whether the plan's interest and fees were worked out anew on the lower price
    given_at = models.DateTimeField()

    class Meta:
        db_table = "price_difference"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "case_id", "line_no"], name="price_difference_line"),
            models.CheckConstraint(
                name="price_difference_within_the_drop",
                condition=Q(amount_minor__lte=F("pieces") * (F("paid_minor") - F("lowest_minor"))),
            ),
            models.CheckConstraint(name="price_difference_positive", condition=Q(amount_minor__gte=1)),
            models.CheckConstraint(
                name="price_difference_cash_is_a_part", condition=Q(cash_minor__lte=F("amount_minor"))
            ),
            *not_negative("lowest_minor", "cash_minor", table="price_difference"),
        ]
        indexes = [models.Index(fields=["customer_id", "order_id"], name="price_difference_by_order")]
