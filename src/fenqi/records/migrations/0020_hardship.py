from datetime import UTC, date, datetime

import fenqi.records.identifiers
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fenqi.records.identifiers import derived_id
from fenqi.records.schema import append_only, belongs_to, belongs_to_customer

# The first version, written out: a version never changes when a default does.
FIRST_BODY = {
    "promise_most_days": 14,
    "extension_most_days": 15,
    "extensions_per_year": 1,
    "extension_fee_minor": 0,
    "reschedule_most_installments": 36,
    "reschedule_first_within_days": 45,
    "reschedule_alone_minor": 300000,
    "waiver_agent_minor": 5000,
    "waiver_finance_minor": 50000,
    "waiver_admin_minor": 200000,
    "charge_off_after_days": 90,
    "credit_after_days": 30,
    "credit_warning_days": 7,
    "objection_days": 20,
    "contact_opens_hour": 8,
    "contact_closes_hour": 21,
    "contacts_per_day": 1,
    "contacts_per_week": 3,
}


def publish_first(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("records", "HardshipPolicyVersion").objects.create(
        id=derived_id("hardship_policy", 1),
        version=1,
        valid_from=date(2020, 1, 1),
        body=FIRST_BODY,
        published_by="system",
        published_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0019_daily_close'),
    ]

    operations = [
        migrations.CreateModel(
            name='HardshipPolicyVersion',
            fields=[
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('version', models.PositiveIntegerField(unique=True)),
                ('valid_from', models.DateField()),
                ('body', models.JSONField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('published_by', models.CharField(max_length=80)),
                ('published_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'hardship_policy',
            },
        ),
        migrations.CreateModel(
            name='CreditMark',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('n', models.PositiveIntegerField()),
                ('due_on', models.DateField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('state', models.CharField(max_length=16)),
                ('report_on', models.DateField()),
                ('policy_version', models.PositiveIntegerField()),
                ('noticed_at', models.DateTimeField()),
                ('tries', models.PositiveIntegerField(default=1)),
                ('warned_at', models.DateTimeField(null=True)),
                ('standstill', models.CharField(blank=True, max_length=24)),
                ('marked_at', models.DateTimeField(null=True)),
                ('days_past_due', models.PositiveIntegerField(default=0)),
                ('exported_at', models.DateTimeField(null=True)),
                ('cleared_on', models.DateField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_reason', models.CharField(blank=True, max_length=200)),
                ('ended_by', models.CharField(blank=True, max_length=80)),
                ('objection', models.TextField(blank=True)),
                ('objected_at', models.DateTimeField(null=True)),
                ('answer_by', models.DateField(null=True)),
                ('answer', models.TextField(blank=True)),
                ('answered_by', models.CharField(blank=True, max_length=80)),
                ('answered_at', models.DateTimeField(null=True)),
                ('correction_exported_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'credit_mark',
                'indexes': [models.Index(fields=['customer_id', 'plan_id'], name='credit_mark_by_plan'), models.Index(condition=models.Q(('answered_at', None), ('objected_at__isnull', False)), fields=['answer_by'], name='credit_mark_objected'), models.Index(condition=models.Q(('state__in', ['marked', 'withdrawn'])), fields=['state', 'marked_at'], name='credit_mark_to_export')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['warned', 'marked'])), fields=('customer_id', 'plan_id', 'n', 'due_on'), name='credit_mark_one_of_a_row'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='credit_mark_positive'), models.CheckConstraint(condition=models.Q(('marked_at', None), models.Q(('marked_at__gt', models.F('warned_at')), ('state__in', ['marked', 'withdrawn']), ('warned_at__isnull', False)), _connector='OR'), name='credit_mark_after_warning'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('marked_at', None), ('state', 'warned')), models.Q(('ended_at', None), ('marked_at__isnull', False), ('state', 'marked')), models.Q(('ended_at__isnull', False), ('marked_at', None), ('state', 'dropped')), models.Q(('ended_at__isnull', False), ('marked_at__isnull', False), ('state', 'withdrawn')), _connector='OR'), name='credit_mark_state_whole'), models.CheckConstraint(condition=models.Q(('answered_at', None), ('objected_at__isnull', False), _connector='OR'), name='credit_mark_answered_was_asked')],
            },
        ),
        migrations.CreateModel(
            name='DebtContact',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('at', models.DateTimeField()),
                ('how', models.CharField(max_length=16)),
                ('outcome', models.CharField(max_length=24)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('actor', models.CharField(max_length=80)),
                ('request_key', models.CharField(max_length=200)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'debt_contact',
                'indexes': [models.Index(fields=['customer_id', 'plan_id', 'at'], name='debt_contact_by_plan')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'request_key'), name='debt_contact_once')],
            },
        ),
        migrations.CreateModel(
            name='PaymentPromise',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('made_on', models.DateField()),
                ('pay_by', models.DateField()),
                ('known_events', models.PositiveIntegerField()),
                ('state', models.CharField(max_length=16)),
                ('paid_minor', models.BigIntegerField(default=0)),
                ('policy_version', models.PositiveIntegerField()),
                ('via', models.CharField(max_length=16)),
                ('actor', models.CharField(max_length=80)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('request_key', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'payment_promise',
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['pay_by'], name='payment_promise_open_by_day'), models.Index(fields=['customer_id', 'plan_id', 'made_at'], name='payment_promise_by_plan')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'request_key'), name='payment_promise_once'), models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('customer_id', 'plan_id'), name='payment_promise_one_open'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='payment_promise_positive'), models.CheckConstraint(condition=models.Q(('pay_by__gt', models.F('made_on'))), name='payment_promise_ahead'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state', 'open')), models.Q(('state', 'open'), _negated=True), _connector='OR'), name='payment_promise_decided')],
            },
        ),
        migrations.CreateModel(
            name='PlanChange',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('kind', models.CharField(max_length=16)),
                ('state', models.CharField(max_length=16)),
                ('body', models.JSONField()),
                ('amount_minor', models.BigIntegerField(default=0)),
                ('currency', models.CharField(max_length=3)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
                ('reason', models.CharField(max_length=200)),
                ('policy_version', models.PositiveIntegerField()),
                ('via', models.CharField(max_length=16)),
                ('needs_second', models.BooleanField(default=False)),
                ('proposed_by', models.CharField(max_length=80)),
                ('proposed_at', models.DateTimeField()),
                ('approved_by', models.CharField(blank=True, max_length=80)),
                ('approved_at', models.DateTimeField(null=True)),
                ('needs_consent', models.BooleanField(default=False)),
                ('consent', models.JSONField(default=dict)),
                ('consented_at', models.DateTimeField(null=True)),
                ('offered_until', models.DateField(null=True)),
                ('event_id', models.UUIDField(null=True)),
                ('fee_event_id', models.UUIDField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=80)),
                ('ended_at', models.DateTimeField(null=True)),
                ('request_key', models.CharField(max_length=200)),
            ],
            options={
                'db_table': 'plan_change',
                'indexes': [models.Index(fields=['customer_id', 'plan_id', 'proposed_at'], name='plan_change_by_plan'), models.Index(condition=models.Q(('state__in', ['proposed', 'offered'])), fields=['proposed_at'], name='plan_change_open')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'request_key'), name='plan_change_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'offered'])), fields=('customer_id', 'plan_id', 'kind'), name='plan_change_one_open'), models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='plan_change_amount_not_negative'), models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('proposed_by', models.F('approved_by')), _negated=True), _connector='OR'), name='plan_change_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(('done_at__isnull', False), ('event_id__isnull', False)), _connector='OR'), name='plan_change_done_is_whole'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['done', 'offered']), _negated=True), ('needs_second', False), models.Q(('approved_by', ''), _negated=True), _connector='OR'), name='plan_change_done_was_approved'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('needs_consent', False), ('consented_at__isnull', False), _connector='OR'), name='plan_change_done_was_agreed')],
            },
        ),
        migrations.AddIndex(
            "plan",
            models.Index(
                condition=models.Q(("outstanding_minor__gt", 0)), fields=["next_due_on"], name="plan_owed_by_next_due"
            ),
        ),
        belongs_to_customer("payment_promise"),
        belongs_to("payment_promise", "plan_id", "plan"),
        belongs_to_customer("plan_change"),
        belongs_to("plan_change", "plan_id", "plan"),
        belongs_to_customer("credit_mark"),
        belongs_to("credit_mark", "plan_id", "plan"),
        belongs_to_customer("debt_contact"),
        belongs_to("debt_contact", "plan_id", "plan"),
        *append_only("debt_contact"),
        migrations.RunPython(publish_first, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE TRIGGER hardship_policy_stays BEFORE UPDATE OR DELETE ON hardship_policy "
            "FOR EACH ROW EXECUTE FUNCTION published_stays()",
            "DROP TRIGGER hardship_policy_stays ON hardship_policy",
        ),
    ]
