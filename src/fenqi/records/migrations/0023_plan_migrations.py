import django.db.models.expressions
import fenqi.records.identifiers
from django.db import migrations, models

from fenqi.records.schema import belongs_to, belongs_to_customer


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0022_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='PassedRepayment',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('payment_id', models.UUIDField()),
                ('provider', models.CharField(max_length=32)),
                ('plan_no', models.CharField(max_length=64)),
                ('number', models.CharField(max_length=32)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('received_on', models.DateField()),
                ('state', models.CharField(max_length=16)),
                ('code', models.CharField(blank=True, max_length=64)),
                ('asked', models.PositiveIntegerField(default=0)),
                ('settled_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'passed_repayment',
            },
        ),
        migrations.CreateModel(
            name='PlanMigration',
            fields=[
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=32, unique=True)),
                ('from_provider', models.CharField(max_length=32)),
                ('to_provider', models.CharField(max_length=32)),
                ('state', models.CharField(max_length=16)),
                ('source', models.JSONField(default=dict)),
                ('cutover_at', models.DateTimeField()),
                ('freeze_minutes', models.PositiveIntegerField()),
                ('wait_until', models.DateTimeField()),
                ('rollback_until', models.DateTimeField()),
                ('rehearsing', models.BooleanField(default=False)),
                ('made_by', models.CharField(max_length=80)),
                ('approved_by', models.CharField(blank=True, max_length=80)),
                ('announced_by', models.CharField(blank=True, max_length=80)),
                ('ended_by', models.CharField(blank=True, max_length=80)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('totals_before', models.JSONField(default=dict)),
                ('totals_after', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('rehearsed_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('announced_at', models.DateTimeField(null=True)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('moved_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'plan_migration',
            },
        ),
        migrations.CreateModel(
            name='PlanMigrationItem',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('migration_id', models.UUIDField()),
                ('plan_id', models.UUIDField()),
                ('order_id', models.UUIDField()),
                ('order_no', models.CharField(max_length=64)),
                ('state', models.CharField(max_length=16)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('problems', models.JSONField(default=list)),
                ('currency', models.CharField(max_length=3)),
                ('expected_minor', models.BigIntegerField(null=True)),
                ('balance_minor', models.BigIntegerField(default=0)),
                ('ours', models.JSONField(default=dict)),
                ('theirs', models.JSONField(default=dict)),
                ('price_minor', models.BigIntegerField(default=0)),
                ('interest_minor', models.BigIntegerField(default=0)),
                ('fee_minor', models.BigIntegerField(default=0)),
                ('in_number', models.CharField(max_length=32)),
                ('out_number', models.CharField(max_length=32)),
                ('out_plan_no', models.CharField(blank=True, max_length=64)),
                ('effective_on', models.DateField(null=True)),
                ('consent', models.CharField(blank=True, max_length=16)),
                ('consent_evidence', models.JSONField(default=dict)),
                ('told_at', models.DateTimeField(null=True)),
                ('frozen_at', models.DateTimeField(null=True)),
                ('moved_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('confirmed_minor', models.BigIntegerField(null=True)),
                ('rolled_back_at', models.DateTimeField(null=True)),
                ('collected_minor', models.BigIntegerField(default=0)),
                ('entry_id', models.UUIDField(null=True)),
                ('back_entry_id', models.UUIDField(null=True)),
                ('asked', models.PositiveIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'plan_migration_item',
            },
        ),
        migrations.RemoveConstraint(
            model_name='partnerplan',
            name='partner_plan_plan',
        ),
        migrations.AddField(
            model_name='partnerplan',
            name='paid_back_minor',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='partnerplan',
            name='released_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='partnerplan',
            name='taken_over_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='frozen_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='partnerplan',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('customer_id', 'plan_id'), name='partner_plan_one_holder'),
        ),
        migrations.AddIndex(
            model_name='passedrepayment',
            index=models.Index(fields=['customer_id', 'plan_id'], name='passed_repayment_by_plan'),
        ),
        migrations.AddConstraint(
            model_name='passedrepayment',
            constraint=models.UniqueConstraint(fields=('customer_id', 'payment_id'), name='passed_repayment_payment'),
        ),
        migrations.AddConstraint(
            model_name='passedrepayment',
            constraint=models.UniqueConstraint(fields=('customer_id', 'number'), name='passed_repayment_number'),
        ),
        migrations.AddConstraint(
            model_name='passedrepayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='passed_repayment_amount_positive'),
        ),
        migrations.AddIndex(
            model_name='planmigration',
            index=models.Index(fields=['-created_at'], name='plan_migration_newest'),
        ),
        migrations.AddConstraint(
            model_name='planmigration',
            constraint=models.CheckConstraint(condition=models.Q(('from_provider', models.F('to_provider')), _negated=True), name='plan_migration_two_sides'),
        ),
        migrations.AddConstraint(
            model_name='planmigration',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('approved_by', models.F('made_by')), _negated=True), _connector='OR'), name='plan_migration_two_people'),
        ),
        migrations.AddConstraint(
            model_name='planmigration',
            constraint=models.CheckConstraint(condition=models.Q(('rollback_until__gte', models.F('cutover_at')), ('wait_until__gte', models.F('cutover_at'))), name='plan_migration_times'),
        ),
        migrations.AddIndex(
            model_name='planmigrationitem',
            index=models.Index(fields=['migration_id', 'state', 'customer_id', 'id'], name='plan_migration_item_batch'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.UniqueConstraint(fields=('customer_id', 'migration_id', 'plan_id'), name='plan_migration_item_plan'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['listed', 'ready', 'differs', 'frozen', 'asked', 'moved', 'revoking'])), fields=('customer_id', 'plan_id'), name='plan_migration_item_one_move'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['moved', 'confirmed']), _negated=True), models.Q(('balance_minor', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('price_minor'), '+', models.F('interest_minor')), '+', models.F('fee_minor'))), ('entry_id__isnull', False)), _connector='OR'), name='plan_migration_item_conserves'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.CheckConstraint(condition=models.Q(('balance_minor__gte', 0)), name='plan_migration_item_balance_minor_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.CheckConstraint(condition=models.Q(('price_minor__gte', 0)), name='plan_migration_item_price_minor_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.CheckConstraint(condition=models.Q(('interest_minor__gte', 0)), name='plan_migration_item_interest_minor_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='planmigrationitem',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0)), name='plan_migration_item_fee_minor_not_negative'),
        ),
        migrations.AlterField(
            model_name='nofaultperiod',
            name='cause',
            field=models.CharField(choices=[('channel_outage', 'Channel Outage'), ('entry_closed', 'Entry Closed'), ('outcome_unknown', 'Outcome Unknown'), ('plan_moving', 'Plan Moving'), ('return_open', 'Return Open')], max_length=24),
        ),
        belongs_to_customer("plan_migration_item"),
        belongs_to("plan_migration_item", "plan_id", "plan"),
        belongs_to("plan_migration_item", "order_id", "orders"),
        belongs_to_customer("passed_repayment"),
        belongs_to("passed_repayment", "plan_id", "plan"),
        belongs_to("passed_repayment", "payment_id", "payment"),
    ]
