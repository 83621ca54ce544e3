import django.db.models.expressions
import fenqi.records.identifiers
from django.db import migrations, models

from fenqi.records.schema import belongs_to, belongs_to_customer


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0010_reserves'),
    ]

    operations = [
        migrations.CreateModel(
            name='FinanceProvider',
            fields=[
                ('code', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('platform', 'Platform'), ('card', 'Card')], max_length=16)),
                ('name_zh', models.CharField(max_length=64)),
                ('name_en', models.CharField(max_length=64)),
                ('repays_here', models.BooleanField(default=False)),
                ('balance_spendable', models.BooleanField(default=True)),
                ('balance_withdrawable', models.BooleanField(default=True)),
                ('balance_rules_zh', models.TextField(blank=True, default='')),
                ('balance_rules_en', models.TextField(blank=True, default='')),
                ('usual_working_days', models.PositiveIntegerField(default=1)),
                ('latest_working_days', models.PositiveIntegerField(default=7)),
                ('difference_route', models.CharField(choices=[('payment_account', 'Payment Account'), ('plan', 'Plan')], default='payment_account', max_length=16)),
                ('contact_phone', models.CharField(blank=True, default='', max_length=32)),
                ('contact_zh', models.TextField(blank=True, default='')),
                ('contact_en', models.TextField(blank=True, default='')),
                ('updated_by', models.CharField(max_length=80)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'finance_provider',
                'constraints': [models.CheckConstraint(condition=models.Q(('latest_working_days__gte', models.F('usual_working_days'))), name='finance_provider_days')],
            },
        ),
        migrations.CreateModel(
            name='PartnerPlan',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('provider', models.CharField(max_length=32)),
                ('plan_no', models.CharField(max_length=64)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('commission_minor', models.BigIntegerField(default=0)),
                ('subsidy_minor', models.BigIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'partner_plan',
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'plan_id'), name='partner_plan_plan'), models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='partner_plan_amount_minor_not_negative'), models.CheckConstraint(condition=models.Q(('commission_minor__gte', 0)), name='partner_plan_commission_minor_not_negative'), models.CheckConstraint(condition=models.Q(('subsidy_minor__gte', 0)), name='partner_plan_subsidy_minor_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='PartnerRefund',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('plan_id', models.UUIDField()),
                ('order_id', models.UUIDField()),
                ('case_id', models.UUIDField(null=True)),
                ('provider', models.CharField(max_length=32)),
                ('number', models.CharField(max_length=32)),
                ('plan_no', models.CharField(max_length=64)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(max_length=80)),
                ('effective_on', models.DateField()),
                ('state', models.CharField(max_length=16)),
                ('code', models.CharField(blank=True, max_length=64)),
                ('alert', models.CharField(blank=True, max_length=40)),
                ('cancelled_minor', models.BigIntegerField(default=0)),
                ('dropped_fees_minor', models.BigIntegerField(default=0)),
                ('surplus_minor', models.BigIntegerField(default=0)),
                ('commission_back_minor', models.BigIntegerField(default=0)),
                ('subsidy_back_minor', models.BigIntegerField(default=0)),
                ('asked', models.PositiveIntegerField(default=0)),
                ('next_query_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('expected_by', models.DateField(null=True)),
                ('reply', models.JSONField(default=dict)),
                ('reference', models.CharField(blank=True, max_length=64)),
                ('proposed_by', models.CharField(blank=True, max_length=80)),
                ('approved_by', models.CharField(blank=True, max_length=80)),
                ('actor', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'partner_refund',
                'indexes': [models.Index(fields=['customer_id', 'plan_id', '-created_at'], name='partner_refund_by_plan'), models.Index(fields=['provider', 'accepted_at'], name='partner_refund_accepted'), models.Index(condition=models.Q(('alert', ''), _negated=True), fields=['created_at'], name='partner_refund_alerts')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'number'), name='partner_refund_number'), models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='partner_refund_amount_positive'), models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(models.Q(('proposed_by', ''), _negated=True), models.Q(('proposed_by', models.F('approved_by')), _negated=True)), _connector='OR'), name='partner_refund_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'succeeded'), _negated=True), ('amount_minor', django.db.models.expressions.CombinedExpression(models.F('cancelled_minor'), '+', models.F('surplus_minor'))), _connector='OR'), name='partner_refund_conserves')],
            },
        ),
        migrations.CreateModel(
            name='PartnerSettlement',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=32)),
                ('day', models.DateField()),
                ('line_count', models.PositiveIntegerField()),
                ('net_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('differences', models.JSONField(default=list)),
                ('digest', models.BinaryField()),
                ('taken_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'partner_settlement',
                'constraints': [models.UniqueConstraint(fields=('provider', 'day'), name='partner_settlement_day')],
            },
        ),
        belongs_to_customer("partner_plan"),
        belongs_to("partner_plan", "plan_id", "plan"),
        belongs_to_customer("partner_refund"),
        belongs_to("partner_refund", "plan_id", "plan"),
        belongs_to("partner_refund", "order_id", "orders"),
        belongs_to("partner_refund", "case_id", "aftersales_case"),
    ]
