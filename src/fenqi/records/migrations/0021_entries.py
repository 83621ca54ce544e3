from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Q

import fenqi.records.identifiers
from fenqi.records.identifiers import derived_id
from fenqi.records.schema import append_only, belongs_to_customer

# The entries that exist until staff publish others. Hours and number of the people are those of the service desk, the
# app's address is the setting's: empty here.
ENTRIES = (
    (
        "mall_page",
        "mall_page",
        10,
        "商城还款页",
        "The mall's repayment page",
        "在「账单」或订单详情里点「还款」。",
        "Choose Repay on My bills or on the order.",
    ),
    (
        "finance_app",
        "finance_app",
        20,
        "金融 App",
        "The finance app",
        "打开金融 App，用商城绑定的手机号登录，在「账单」里按指引还款。",
        "Open the finance app, sign in with the phone bound in the mall, and follow the steps under Bills.",
    ),
    (
        "message_link",
        "message_link",
        30,
        "专属还款链接",
        "Your own repayment link",
        "打开短信、邮件里的还款链接，或本单固定还款二维码，登录后直接还这一单。",
        "Open the link in our message, or the order's own code: after signing in you repay exactly this plan.",
    ),
    (
        "agent",
        "agent",
        40,
        "人工客服",
        "Customer service",
        "给客服留言，说明要还哪一笔；客服会一步步帮你还上。",
        "Write to customer service which bill you want to repay: they take you through it.",
    ),
    (
        "hotline",
        "hotline",
        50,
        "客服热线",
        "The hotline",
        "拨打客服热线，客服会核实身份后帮你还款，不会向你要短信验证码。",
        "Call the hotline: they check who you are and help you repay. They never ask for a code from a message.",
    ),
)


def publish_entries(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """The first version of each, for everybody and since ever."""
    entries = apps.get_model("records", "RepaymentEntry").objects
    for code, kind, position, name_zh, name_en, howto_zh, howto_en in ENTRIES:
        entries.create(
            id=derived_id("repayment_entry", code, 1),
            code=code,
            version=1,
            kind=kind,
            position=position,
            name_zh=name_zh,
            name_en=name_en,
            howto_zh=howto_zh,
            howto_en=howto_en,
            address="",
            rules={},
            successor="",
            valid_from=datetime(1970, 1, 1, tzinfo=UTC),
            published_by="system",
            published_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


class Migration(migrations.Migration):
    dependencies = [("records", "0020_hardship")]

    operations = [
        migrations.CreateModel(
            name="RepaymentEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.CharField(max_length=40)),
                ("version", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("position", models.PositiveIntegerField()),
                ("name_zh", models.CharField(max_length=40)),
                ("name_en", models.CharField(max_length=80)),
                ("howto_zh", models.CharField(blank=True, max_length=300)),
                ("howto_en", models.CharField(blank=True, max_length=500)),
                ("address", models.CharField(blank=True, max_length=200)),
                ("rules", models.JSONField(blank=True, default=dict)),
                ("opens_at", models.TimeField(null=True)),
                ("closes_at", models.TimeField(null=True)),
                ("opens_on", models.DateField(null=True)),
                ("closes_on", models.DateField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
                ("successor", models.CharField(blank=True, max_length=40)),
                ("valid_from", models.DateTimeField()),
                ("published_by", models.CharField(max_length=80)),
                ("published_at", models.DateTimeField()),
            ],
            options={
                "db_table": "repayment_entry",
                "constraints": [
                    models.UniqueConstraint(fields=("code", "version"), name="repayment_entry_version"),
                    models.CheckConstraint(
                        condition=Q(opens_at=None, closes_at=None) | Q(opens_at__isnull=False, closes_at__isnull=False),
                        name="repayment_entry_hours",
                    ),
                    models.CheckConstraint(
                        condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gte=F("opens_on")),
                        name="repayment_entry_dates",
                    ),
                    models.CheckConstraint(
                        condition=Q(moved_at=None) | ~Q(successor=""), name="repayment_entry_moves_on"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="EntryWindow",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("closing_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("entry", models.CharField(max_length=40)),
                ("rules", models.JSONField(blank=True, default=dict)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("notice_zh", models.CharField(max_length=200)),
                ("notice_en", models.CharField(max_length=400)),
                ("successor", models.CharField(max_length=40)),
                ("is_cancelled", models.BooleanField(default=False)),
                ("needs_two", models.BooleanField(default=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("proposed_by", models.CharField(max_length=80)),
                ("proposed_at", models.DateTimeField()),
                ("approved_by", models.CharField(blank=True, max_length=80)),
                ("approved_at", models.DateTimeField(null=True)),
                ("rejected_by", models.CharField(blank=True, max_length=80)),
                ("rejected_at", models.DateTimeField(null=True)),
                ("touched", models.JSONField(blank=True, default=dict)),
                ("guarded_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "entry_window",
                "constraints": [
                    models.UniqueConstraint(fields=("closing_id", "version"), name="entry_window_version"),
                    models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="entry_window_has_length"),
                    models.CheckConstraint(
                        condition=~Q(notice_zh="") & ~Q(notice_en="") & ~Q(successor=""), name="entry_window_says_why"
                    ),
                    models.CheckConstraint(
                        condition=(
                            Q(approved_by="", approved_at=None) | (~Q(approved_by="") & Q(approved_at__isnull=False))
                        )
                        & (Q(rejected_by="", rejected_at=None) | (~Q(rejected_by="") & Q(rejected_at__isnull=False)))
                        & (Q(approved_by="") | Q(rejected_by="")),
                        name="entry_window_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=Q(needs_two=False) | Q(approved_by="") | ~Q(approved_by=F("proposed_by")),
                        name="entry_window_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SafeWord",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("word_encrypted", models.BinaryField()),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "safe_word",
                "constraints": [models.UniqueConstraint(fields=("customer_id",), name="safe_word_of_customer")],
            },
        ),
        migrations.CreateModel(
            name="AppRecognition",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fenqi.records.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("client", models.CharField(max_length=64)),
                ("phone_index", models.CharField(max_length=64)),
                ("code_hash", models.CharField(max_length=64)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("verified_at", models.DateTimeField(null=True)),
                ("proofs", models.PositiveSmallIntegerField(default=0)),
                ("customer_id", models.UUIDField(null=True)),
                ("session_hash", models.CharField(blank=True, max_length=64)),
                ("session_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "app_recognition",
                "indexes": [
                    models.Index(fields=["phone_index", "asked_at"], name="app_recognition_phone"),
                    models.Index(condition=~Q(session_hash=""), fields=["session_hash"], name="app_recognition_session"),
                ],
            },
        ),
        belongs_to_customer("safe_word"),
        *append_only("repayment_entry"),
        migrations.RunPython(publish_entries, migrations.RunPython.noop),
    ]
