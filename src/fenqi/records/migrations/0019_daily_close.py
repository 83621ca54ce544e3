import django.db.models.deletion
from django.db import migrations, models

import fenqi.records.identifiers
from fenqi.records.schema import belongs_to, function

STATES = [("waiting", "Waiting"), ("running", "Running"), ("finished", "Finished")]

# Exact on numerics, as `fenqi.domain.money.round_ratio` is on integers; what is rounded is never below zero.
ROUNDED_MINOR = """
CREATE FUNCTION rounded_minor(exact numeric, rounding text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE WHEN rounding = 'half_even' AND exact - floor(exact) = 0.5 THEN 2 * round(exact / 2)
          ELSE round(exact) END)::bigint
$$
"""

# The chain of a customer's entries as a running aggregate: each hash follows from the one before, the first from `head`.
CHAIN_LINK = """
CREATE FUNCTION chain_link(before bytea, head bytea, body text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sha256(convert_to(encode(coalesce(before, head), 'hex') || '|' || body, 'UTF8'))
$$
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0018_card_reserves")]

    operations = [
        migrations.CreateModel(
            name="CloseRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("business_date", models.DateField()),
                ("state", models.CharField(choices=STATES, max_length=16)),
                ("started_by", models.CharField(max_length=80)),
                ("is_catch_up", models.BooleanField(default=False)),
                ("customers", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "close_run",
                "constraints": [
                    models.UniqueConstraint(fields=("business_date",), name="close_run_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", False), ("state", "finished")),
                            models.Q(("state", "finished"), _negated=True),
                            _connector="OR",
                        ),
                        name="close_run_finished_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CloseRange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("no", models.PositiveIntegerField()),
                ("first_id", models.UUIDField()),
                ("last_id", models.UUIDField()),
                ("customers", models.PositiveIntegerField()),
                ("state", models.CharField(choices=STATES, max_length=16)),
                ("counts", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="records.closerun")),
            ],
            options={
                "db_table": "close_range",
                "constraints": [models.UniqueConstraint(fields=("run", "no"), name="close_range_no")],
            },
        ),
        migrations.CreateModel(
            name="LateFeeAccrual",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("plan_id", models.UUIDField()),
                ("n", models.PositiveIntegerField()),
                ("due_on", models.DateField()),
                ("days", models.PositiveIntegerField()),
                ("charged_minor", models.BigIntegerField()),
                ("through_on", models.DateField()),
                ("plan_version", models.PositiveIntegerField()),
                ("batch_id", models.UUIDField()),
                ("event_seq", models.PositiveIntegerField(null=True)),
                ("amount_minor", models.BigIntegerField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "db_table": "late_fee_accrual",
                "constraints": [
                    models.UniqueConstraint(fields=("customer_id", "plan_id", "n"), name="late_fee_accrual_row"),
                    models.CheckConstraint(
                        condition=models.Q(("charged_minor__gte", 0)),
                        name="late_fee_accrual_charged_minor_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gte", 0)),
                        name="late_fee_accrual_amount_minor_not_negative",
                    ),
                ],
            },
        ),
        belongs_to("late_fee_accrual", "plan_id", "plan"),
        function("rounded_minor(numeric, text)", ROUNDED_MINOR),
        function("chain_link(bytea, bytea, text)", CHAIN_LINK),
        migrations.RunSQL(
            "CREATE AGGREGATE chain_hash(bytea, text) (SFUNC = chain_link, STYPE = bytea)",
            "DROP AGGREGATE chain_hash(bytea, text)",
        ),
    ]
