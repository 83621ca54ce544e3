import django.db.models.expressions
import fenqi.records.identifiers
from django.db import migrations, models

from fenqi.records.schema import belongs_to, belongs_to_customer


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_prices"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReserveHold",
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
                ("plan_id", models.UUIDField(null=True)),
                ("kind", models.CharField(max_length=16)),
                ("reserve_no", models.CharField(max_length=32)),
                ("channel", models.CharField(max_length=32)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("state", models.CharField(max_length=16)),
                ("release_rule", models.CharField(max_length=24)),
                ("may_advance", models.BooleanField(default=False)),
                ("consented_at", models.DateTimeField(null=True)),
                ("consent", models.JSONField(default=dict)),
                ("payment_id", models.UUIDField(null=True)),
                ("auth_no", models.CharField(blank=True, max_length=64)),
                ("is_credit", models.BooleanField(default=False)),
                ("frozen_minor", models.BigIntegerField(default=0)),
                ("released_minor", models.BigIntegerField(default=0)),
                ("captured_minor", models.BigIntegerField(default=0)),
                ("code", models.CharField(blank=True, max_length=64)),
                ("category", models.CharField(blank=True, max_length=32)),
                ("alert", models.CharField(blank=True, max_length=32)),
                ("scan_code", models.TextField(blank=True)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("next_query_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("held_at", models.DateTimeField(null=True)),
                ("holds_until", models.DateField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("entry_id", models.UUIDField(null=True)),
                ("request_key", models.CharField(max_length=200)),
                ("actor", models.CharField(max_length=80)),
                ("reply", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reserve_hold",
            },
        ),
        migrations.CreateModel(
            name="ReserveMove",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("hold_id", models.UUIDField()),
                ("move_no", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("number", models.CharField(max_length=32)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("state", models.CharField(max_length=16)),
                ("why", models.CharField(max_length=24)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("attempt_id", models.UUIDField(null=True)),
                ("refund_id", models.UUIDField(null=True)),
                ("advances_id", models.UUIDField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("code", models.CharField(blank=True, max_length=64)),
                ("category", models.CharField(blank=True, max_length=32)),
                ("retry", models.CharField(blank=True, max_length=16)),
                ("asked", models.PositiveIntegerField(default=0)),
                ("next_query_at", models.DateTimeField(null=True)),
                ("not_before", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                ("expected_by", models.DateField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("entry_id", models.UUIDField(null=True)),
                ("proposed_by", models.CharField(blank=True, max_length=80)),
                ("approved_by", models.CharField(blank=True, max_length=80)),
                ("approved_at", models.DateTimeField(null=True)),
                ("actor", models.CharField(max_length=80)),
                ("reply", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "reserve_move",
            },
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_succeeded_has_event",
        ),
        migrations.AlterField(
            model_name="payment",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("installments", "Installments"),
                    ("due", "Due"),
                    ("settlement", "Settlement"),
                    ("part", "Part"),
                    ("recorded", "Recorded"),
                    ("reserve", "Reserve"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="paymentattempt",
            name="method",
            field=models.CharField(
                choices=[
                    ("cashier", "Cashier"),
                    ("card", "Card"),
                    ("auto_debit", "Auto Debit"),
                    ("reserve", "Reserve"),
                ],
                default="cashier",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="refund",
            name="cause",
            field=models.CharField(
                choices=[
                    ("duplicate", "Duplicate"),
                    ("aftersale", "Aftersale"),
                    ("price_difference", "Price Difference"),
                    ("reserve", "Reserve"),
                    ("balance", "Balance"),
                    ("other", "Other"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "succeeded"), _negated=True),
                    models.Q(("event_id__isnull", False), ("succeeded_at__isnull", False)),
                    models.Q(("purpose", "reserve"), ("succeeded_at__isnull", False)),
                    _connector="OR",
                ),
                name="payment_succeeded_has_event",
            ),
        ),
        migrations.AddIndex(
            model_name="reservehold",
            index=models.Index(fields=["customer_id", "order_id"], name="reserve_hold_by_order"),
        ),
        migrations.AddIndex(
            model_name="reservehold",
            index=models.Index(condition=models.Q(("state", "held")), fields=["holds_until"], name="reserve_hold_held"),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.UniqueConstraint(fields=("customer_id", "reserve_no"), name="reserve_hold_no"),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.UniqueConstraint(fields=("customer_id", "request_key"), name="reserve_hold_request_key"),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("wanted", "offered", "unknown"))),
                fields=("customer_id", "order_id"),
                name="reserve_hold_one_asked_for",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="reserve_hold_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(("frozen_minor__gte", 0)), name="reserve_hold_frozen_minor_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(("released_minor__gte", 0)), name="reserve_hold_released_minor_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(("captured_minor__gte", 0)), name="reserve_hold_captured_minor_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "frozen_minor__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("released_minor"), "+", models.F("captured_minor")
                        ),
                    )
                ),
                name="reserve_hold_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["held", "ended"]), _negated=True),
                    models.Q(("entry_id__isnull", False), ("held_at__isnull", False)),
                    _connector="OR",
                ),
                name="reserve_hold_held_has_entry",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservehold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ended"), _negated=True),
                    (
                        "frozen_minor",
                        django.db.models.expressions.CombinedExpression(
                            models.F("released_minor"), "+", models.F("captured_minor")
                        ),
                    ),
                    _connector="OR",
                ),
                name="reserve_hold_ended_is_empty",
            ),
        ),
        migrations.AddIndex(
            model_name="reservemove",
            index=models.Index(fields=["customer_id", "attempt_id"], name="reserve_move_by_attempt"),
        ),
        migrations.AddIndex(
            model_name="reservemove",
            index=models.Index(
                condition=models.Q(
                    ("confirmed_at__isnull", True), ("state__in", ["created", "sent", "unknown", "done"])
                ),
                fields=["kind", "done_at"],
                name="reserve_move_unconfirmed",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.UniqueConstraint(fields=("customer_id", "hold_id", "move_no"), name="reserve_move_no"),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.UniqueConstraint(fields=("customer_id", "number"), name="reserve_move_number"),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="reserve_move_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", ""),
                    models.Q(
                        models.Q(("proposed_by", ""), _negated=True),
                        models.Q(("proposed_by", models.F("approved_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="reserve_move_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "capture"), _negated=True),
                    ("state__in", ["proposed", "withdrawn"]),
                    models.Q(("approved_by", ""), _negated=True),
                    _connector="OR",
                ),
                name="reserve_move_capture_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="reservemove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "done"), _negated=True),
                    models.Q(("done_at__isnull", False), ("entry_id__isnull", False)),
                    _connector="OR",
                ),
                name="reserve_move_done_has_entry",
            ),
        ),
        belongs_to_customer("reserve_hold"),
        belongs_to("reserve_hold", "order_id", "orders"),
        belongs_to("reserve_hold", "plan_id", "plan"),
        belongs_to("reserve_hold", "payment_id", "payment"),
        belongs_to("reserve_move", "hold_id", "reserve_hold"),
        belongs_to("reserve_move", "attempt_id", "payment_attempt"),
        belongs_to("reserve_move", "refund_id", "refund"),
        belongs_to("reserve_move", "advances_id", "refund"),
    ]
