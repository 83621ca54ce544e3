"""Orders as the mall took them: lines, what was paid at ordering, and the prices that can be learned from them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from fenqi.records.base import SpreadModel, not_negative


class SalesChannel(models.TextChoices):
    OFFICIAL = "OFFICIAL"
    PARTNER = "PARTNER"


class OrderStatus(models.TextChoices):
    PLACED = "placed"
    APPROVED = "approved"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    UNAVAILABLE = "unavailable"


class Order(SpreadModel):
    order_no = models.CharField(max_length=64)
    sales_channel = models.CharField(max_length=16, choices=SalesChannel, default=SalesChannel.OFFICIAL)
    status = models.CharField(max_length=16, choices=OrderStatus)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    placed_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=16)  # api | import
    digest = models.BinaryField()  # sha256 of what the mall said: a repeat is told from a change by it
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "orders"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "order_no"], name="orders_order_no"),
            *not_negative("total_minor", table="orders"),
        ]
        indexes = [
            models.Index(fields=["customer_id", "-placed_at", "id"], name="orders_by_placed_at"),
            BrinIndex(fields=["created_at"], name="orders_by_arrival"),  # small: rows come in this order
        ]


class OrderLine(SpreadModel):
    order_id = models.UUIDField()
    line_no = models.PositiveIntegerField()
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=64, default="")
    tags = models.JSONField(default=list)  # custom, virtual, flash_sale ... (glossary, section 1)
    quantity = models.PositiveIntegerField(default=1)
    unit_price_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)  # the line's share of coupons, of the whole line
    freight_minor = models.BigIntegerField(default=0)
    seller = models.CharField(max_length=64, default="")
    # The buyer confirmed for this line, as a step of its own, that it cannot be returned without a reason (P105).
    no_return_confirmed_at = models.DateTimeField(null=True)
    no_return_text_version = models.CharField(max_length=64, default="")

    class Meta:
        db_table = "order_line"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "order_id", "line_no"], name="order_line_no"),
            models.CheckConstraint(name="order_line_quantity_positive", condition=models.Q(quantity__gte=1)),
            models.CheckConstraint(
                name="order_line_confirmation_whole",
                condition=models.Q(no_return_confirmed_at=None) ^ ~models.Q(no_return_text_version=""),
            ),
            *not_negative("unit_price_minor", "discount_minor", "freight_minor", table="order_line"),
        ]


class OrderPayment(SpreadModel):
    """One payment row of the order as the mall took it: at ordering, or financed (then a plan bears it)."""

    order_id = models.UUIDField()
    seq = models.PositiveIntegerField()
    method = models.CharField(max_length=32)
    amount_minor = models.BigIntegerField()
    installments = models.PositiveIntegerField(default=0)  # what the payment row itself says
    financed = models.BooleanField(default=False)

    class Meta:
        db_table = "order_payment"
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "order_id", "seq"], name="order_payment_seq"),
            *not_negative("amount_minor", table="order_payment"),
        ]


class PriceObservation(models.Model):
    """What a product could be bought for, and when: price protection compares with it (P405). Keyed by product."""

    pk = models.CompositePrimaryKey("sku", "id")
    sku = models.CharField(max_length=64)
    id = models.UUIDField()  # derived from what it says, so that saying it again adds nothing
    sales_channel = models.CharField(max_length=16, choices=SalesChannel, default=SalesChannel.OFFICIAL)
    currency = models.CharField(max_length=3)
    price_minor = models.BigIntegerField()
    observed_on = models.DateField()  # the day of `observed_at` where the price was seen
    observed_at = models.DateTimeField()
    seller = models.CharField(max_length=64, default="")
    source = models.CharField(max_length=16)  # order | feed

    class Meta:
        db_table = "price_observation"
        constraints = not_negative("price_minor", table="price_observation")
        indexes = [models.Index(fields=["sku", "observed_at"], name="price_observation_by_time")]
