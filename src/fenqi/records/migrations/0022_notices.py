from django.db import migrations, models

import fenqi.records.identifiers

from fenqi.records.schema import belongs_to, belongs_to_customer, function


# Published words may be taken back; otherwise they stay as people read them.
TEMPLATE_STAYS = """
CREATE FUNCTION notice_template_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'draft' THEN
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'withdrawn'
     AND to_jsonb(OLD) - 'state' = to_jsonb(NEW) - 'state' THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'words of a notice never change once they are published: % refused', TG_OP
    USING ERRCODE = 'restrict_violation';
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('records', "0021_entries"),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='last_login',
            field=models.DateTimeField(blank=True, null=True, verbose_name='上次登录'),
        ),
        migrations.AlterField(
            model_name='account',
            name='password',
            field=models.CharField(max_length=128, verbose_name='密码'),
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('message', models.CharField(max_length=48)),
                ('subject', models.CharField(max_length=160)),
                ('weight', models.CharField(max_length=16)),
                ('params', models.JSONField(default=dict)),
                ('language', models.CharField(max_length=2)),
                ('bills', models.JSONField(default=list)),
                ('remind_offset', models.SmallIntegerField(null=True)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('told', 'Told'), ('held', 'Held')], max_length=16)),
                ('reason', models.CharField(default='', max_length=32)),
                ('due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'notice',
                'indexes': [models.Index(fields=['customer_id', '-created_at'], name='notice_by_customer'), models.Index(condition=models.Q(('read_at__isnull', True), ('state', 'told')), fields=['customer_id'], name='notice_unread'), models.Index(fields=['due_at'], name='notice_by_day')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'message', 'subject'), name='notice_once'), models.CheckConstraint(condition=models.Q(('state', 'told'), ('told_at__isnull', True), _connector='XOR'), name='notice_told_has_time'), models.CheckConstraint(condition=models.Q(('state', 'held'), ('reason', ''), _connector='XOR'), name='notice_held_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='NoticeDelivery',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('notice_id', models.UUIDField()),
                ('way', models.CharField(max_length=8)),
                ('provider', models.CharField(max_length=32)),
                ('number', models.CharField(max_length=80)),
                ('template_version', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('sending', 'Sending'), ('accepted', 'Accepted'), ('delivered', 'Delivered'), ('undelivered', 'Undelivered'), ('refused', 'Refused'), ('unknown', 'Unknown'), ('unreached', 'Unreached')], max_length=16)),
                ('code', models.CharField(default='', max_length=64)),
                ('provider_number', models.CharField(default='', max_length=200)),
                ('tries', models.PositiveSmallIntegerField(default=1)),
                ('sent_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'notice_delivery',
                'indexes': [models.Index(fields=['sent_at'], name='notice_delivery_by_day')],
                'constraints': [models.UniqueConstraint(fields=('customer_id', 'notice_id', 'way', 'provider'), name='notice_delivery_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['refused', 'unreached']), _negated=True), fields=('customer_id', 'notice_id', 'way'), name='notice_delivery_one_live')],
            },
        ),
        migrations.CreateModel(
            name='NoticePreference',
            fields=[
                ('pk', models.CompositePrimaryKey('customer_id', 'id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(editable=False)),
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ('by_sms', models.BooleanField(default=True)),
                ('by_email', models.BooleanField(default=True)),
                ('pace', models.CharField(default='all', max_length=8)),
                ('email_encrypted', models.BinaryField(default=b'')),
                ('email_verified_at', models.DateTimeField(null=True)),
                ('new_email_encrypted', models.BinaryField(default=b'')),
                ('code_hash', models.CharField(default='', max_length=64)),
                ('code_expires_at', models.DateTimeField(null=True)),
                ('code_asked_at', models.DateTimeField(null=True)),
                ('code_tries', models.PositiveSmallIntegerField(default=0)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'notice_preference',
                'constraints': [models.UniqueConstraint(fields=('customer_id',), name='notice_preference_customer'), models.CheckConstraint(condition=models.Q(('email_encrypted', b''), ('email_verified_at__isnull', False), _connector='XOR'), name='notice_preference_email_verified')],
            },
        ),
        migrations.CreateModel(
            name='NoticeTemplate',
            fields=[
                ('id', models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('message', models.CharField(max_length=48)),
                ('language', models.CharField(max_length=2)),
                ('kind', models.CharField(max_length=8)),
                ('version', models.PositiveIntegerField()),
                ('title', models.CharField(default='', max_length=120)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('published', 'Published'), ('withdrawn', 'Withdrawn')], max_length=16)),
                ('valid_from', models.DateTimeField(null=True)),
                ('author', models.CharField(max_length=80)),
                ('published_by', models.CharField(default='', max_length=80)),
                ('approved_as', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('published_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'notice_template',
                'constraints': [models.UniqueConstraint(fields=('message', 'language', 'kind', 'version'), name='notice_template_version'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('published_at__isnull', False), ('valid_from__isnull', False)), _connector='OR'), name='notice_template_published_whole')],
            },
        ),
        belongs_to_customer("notice"),
        belongs_to_customer("notice_delivery"),
        belongs_to_customer("notice_preference"),
        belongs_to("notice_delivery", "notice_id", "notice"),
        function("notice_template_stays()", TEMPLATE_STAYS),
        migrations.RunSQL(
            "CREATE TRIGGER notice_template_stays BEFORE UPDATE OR DELETE ON notice_template "
            "FOR EACH ROW EXECUTE FUNCTION notice_template_stays()",
            "DROP TRIGGER notice_template_stays ON notice_template",
        ),
    ]
