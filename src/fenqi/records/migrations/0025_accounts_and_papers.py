import fenqi.records.identifiers
from fenqi.records.schema import append_only, belongs_to, belongs_to_customer
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0024_help_desk'),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='erased_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='directoryentry',
            name='kind',
            field=models.CharField(choices=[('customer_ref', 'Customer Ref'), ('phone', 'Phone'), ('order_no', 'Order No'), ('out_trade_no', 'Out Trade No'), ('out_refund_no', 'Out Refund No'), ('agreement_no', 'Agreement No'), ('case_no', 'Case No'), ('reserve_no', 'Reserve No'), ('partner_no', 'Partner No'), ('idempotency', 'Idempotency'), ('paper_code', 'Paper Code')], max_length=16),
        ),
        migrations.CreateModel(
            name='AccountClosing',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('withdrawn', 'Withdrawn'), ('done', 'Done')], max_length=16)),
                ('consent', models.JSONField(default=dict)),
                ('asked_at', models.DateTimeField()),
                ('takes_effect_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'account_closing',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['takes_effect_at'], name='account_closing_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('customer_id',), name='account_closing_one')],
            },
        ),
        migrations.CreateModel(
            name='AccountCode',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('purpose', models.CharField(choices=[('phone_old', 'Phone Old'), ('phone_new', 'Phone New'), ('export', 'Export'), ('close', 'Close')], max_length=16)),
                ('phone_encrypted', models.BinaryField()),
                ('phone_index', models.CharField(max_length=64)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'account_code',
                'indexes': [models.Index(fields=['customer_id', 'purpose', '-asked_at'], name='account_code_newest'), models.Index(fields=["expires_at"], name="account_code_expired")],
            },
        ),
        migrations.CreateModel(
            name='IssuedPaper',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('code', models.CharField(max_length=20)),
                ('kind', models.CharField(max_length=24)),
                ('subject_id', models.UUIDField()),
                ('number', models.CharField(max_length=64)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('said_on', models.DateField()),
                ('entry_seq', models.BigIntegerField()),
                ('entry_hash', models.CharField(blank=True, max_length=64)),
                ('details', models.JSONField(default=dict)),
                ('issued_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'issued_paper',
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'code'), name='issued_paper_code')],
            },
        ),
        migrations.CreateModel(
            name='MadeFile',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('kind', models.CharField(choices=[('dispute', 'Dispute'), ('export', 'Export')], max_length=16)),
                ('order_id', models.UUIDField(null=True)),
                ('asked_by', models.CharField(max_length=80)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('language', models.CharField(max_length=8)),
                ('state', models.CharField(choices=[('wanted', 'Wanted'), ('ready', 'Ready'), ('failed', 'Failed'), ('removed', 'Removed')], max_length=16)),
                ('fault', models.CharField(blank=True, max_length=64)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('ready_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'made_file',
                'indexes': [models.Index(fields=['customer_id', '-asked_at'], name='made_file_newest'), models.Index(condition=models.Q(('state', 'ready')), fields=['expires_at'], name='made_file_expiring')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'dispute'), _negated=True), ('order_id__isnull', False), _connector='OR'), name='made_file_dispute_has_order'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(models.Q(('sha256', ''), _negated=True), ('expires_at__isnull', False), ('ready_at__isnull', False)), _connector='OR'), name='made_file_ready_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='PhoneChange',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('phone_encrypted', models.BinaryField()),
                ('phone_index', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('approved', 'Approved'), ('done', 'Done'), ('stopped', 'Stopped')], max_length=16)),
                ('checked', models.CharField(max_length=200)),
                ('proposed_by', models.CharField(max_length=80)),
                ('approved_by', models.CharField(blank=True, max_length=80)),
                ('stopped_by', models.CharField(blank=True, max_length=80)),
                ('stopped_why', models.CharField(blank=True, max_length=200)),
                ('asked_at', models.DateTimeField()),
                ('takes_effect_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'phone_change',
                'indexes': [models.Index(condition=models.Q(('state__in', ['proposed', 'approved'])), fields=['state', 'takes_effect_at'], name='phone_change_waiting')],
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('proposed_by', models.F('approved_by')), _negated=True), _connector='OR'), name='phone_change_two_people'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'done']), _negated=True), models.Q(models.Q(('approved_by', ''), _negated=True), ('takes_effect_at__isnull', False)), _connector='OR'), name='phone_change_approved'), models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'approved'])), fields=('customer_id',), name='phone_change_one')],
            },
        ),
        *(
            belongs_to_customer(table)
            for table in ("issued_paper", "account_code", "phone_change", "account_closing", "made_file")
        ),
        belongs_to("made_file", "order_id", "orders"),
        *append_only("issued_paper"),
    ]
