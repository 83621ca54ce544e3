import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import fenqi.records.identifiers
from fenqi.records.schema import append_only, belongs_to, belongs_to_customer
from fenqi.records.scope import across_customers

# A day was all that was kept of what orders taught: what they said is still there, to the second and with the seller.
_FORGET = "DELETE FROM price_observation WHERE source = 'order'"
_LEARN_ANEW = """
INSERT INTO price_observation (sku, id, sales_channel, currency, price_minor, observed_on, observed_at, seller, source)
SELECT DISTINCT l.sku,
  md5(concat_ws('|', l.sku, o.sales_channel, o.currency, l.unit_price_minor, l.seller, o.placed_at))::uuid,
  o.sales_channel, o.currency, l.unit_price_minor, (o.placed_at AT TIME ZONE %s)::date, o.placed_at, l.seller, 'order'
FROM orders o JOIN order_line l ON l.customer_id = o.customer_id AND l.order_id = o.id
"""


def learn_anew(_apps: object, editor: object) -> None:
    """Take the prices that are known from orders once more from the orders."""
    with across_customers(), editor.connection.cursor() as cursor:
        cursor.execute(_FORGET)
        cursor.execute(_LEARN_ANEW, [settings.FENQI_TIME_ZONE])


class Migration(migrations.Migration):
    dependencies = [("records", "0008_aftersales_rules")]

    operations = [
        migrations.RemoveIndex(model_name="priceobservation", name="price_observation_by_day"),
        migrations.AddField(
            model_name="priceobservation",
            name="observed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="priceobservation", name="seller", field=models.CharField(default="", max_length=64)
        ),
        migrations.RunSQL(
            "UPDATE price_observation SET observed_at = observed_on::timestamp AT TIME ZONE 'UTC' "
            "WHERE source <> 'order'",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(learn_anew, migrations.RunPython.noop),
        migrations.AlterField(model_name="priceobservation", name="observed_at", field=models.DateTimeField()),
        migrations.AddIndex(
            model_name="priceobservation",
            index=models.Index(fields=["sku", "observed_at"], name="price_observation_by_time"),
        ),
        migrations.CreateModel(
            name="PriceDifference",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("case_id", models.UUIDField()),
                ("order_id", models.UUIDField()),
                ("line_no", models.PositiveIntegerField()),
                ("pieces", models.PositiveIntegerField()),
                ("piece_numbers", models.JSONField()),
                ("currency", models.CharField(max_length=3)),
                ("paid_minor", models.BigIntegerField()),
                ("lowest_minor", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("cash_minor", models.BigIntegerField()),
                ("fees_followed", models.BooleanField()),
                ("given_at", models.DateTimeField()),
            ],
            options={
                "db_table": "price_difference",
                "indexes": [models.Index(fields=["customer_id", "order_id"], name="price_difference_by_order")],
                "constraints": [
                    models.UniqueConstraint(fields=("customer_id", "case_id", "line_no"), name="price_difference_line"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount_minor__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("pieces"),
                                    "*",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid_minor"), "-", models.F("lowest_minor")
                                    ),
                                ),
                            )
                        ),
                        name="price_difference_within_the_drop",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 1)), name="price_difference_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cash_minor__lte", models.F("amount_minor"))),
                        name="price_difference_cash_is_a_part",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lowest_minor__gte", 0)),
                        name="price_difference_lowest_minor_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("cash_minor__gte", 0)),
                        name="price_difference_cash_minor_not_negative",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PriceOffer",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("order_id", models.UUIDField()),
                ("line_no", models.PositiveIntegerField()),
                ("pieces", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("paid_minor", models.BigIntegerField()),
                ("lowest_minor", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("seen_at", models.DateTimeField()),
                ("seen_source", models.CharField(max_length=16)),
                ("seen_seller", models.CharField(default="", max_length=64)),
                ("route", models.CharField(max_length=24)),
                ("policy_code", models.CharField(max_length=64)),
                ("policy_version", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("expired", "Expired"),
                            ("superseded", "Superseded"),
                        ],
                        default="open",
                        max_length=16,
                    ),
                ),
                ("offered_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("case_id", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "price_offer",
                "indexes": [
                    models.Index(fields=["customer_id", "order_id"], name="price_offer_by_order"),
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["expires_at"], name="price_offer_open"
                    ),
                    models.Index(fields=["offered_at", "customer_id", "id"], name="price_offer_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer_id", "order_id", "line_no", "lowest_minor"),
                        name="price_offer_once_for_a_drop",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "amount_minor__lte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("pieces"),
                                    "*",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("paid_minor"), "-", models.F("lowest_minor")
                                    ),
                                ),
                            )
                        ),
                        name="price_offer_within_the_drop",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 1)), name="price_offer_amount_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("case_id__isnull", False), ("state", "accepted")),
                            models.Q(models.Q(("state", "accepted"), _negated=True), ("case_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="price_offer_accepted_by_a_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lowest_minor__gte", 0)), name="price_offer_lowest_minor_not_negative"
                    ),
                ],
            },
        ),
        belongs_to_customer("price_offer"),
        belongs_to_customer("price_difference"),
        belongs_to("price_offer", "order_id", "orders"),
        belongs_to("price_offer", "case_id", "aftersales_case"),
        belongs_to("price_difference", "order_id", "orders"),
        belongs_to("price_difference", "case_id", "aftersales_case"),
        *append_only("price_difference"),
    ]
