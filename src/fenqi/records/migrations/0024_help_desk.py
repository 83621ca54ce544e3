"""Tickets with a number, a promise and one responsible agent; saved answers; texts that two people publish."""

import secrets
from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from stdnum import luhn

import fenqi.records.identifiers
from fenqi.records.schema import append_only, belongs_to, belongs_to_customer
from fenqi.records.scope import across_customers

FIRST_ANSWERS = (
    (
        "short-of-money",
        "repayment_failed",
        "余额不足，没扣成",
        "Short of funds",
        "你好，「{title}」这次 {amount}没还成，是支付账户余额不足，钱没有动。存入后点「再试一次」，或换一种支付方式就可以。",
        "Hello, the repayment of {amount} for {title} did not go through: the account was short of funds, and no money "
        "moved. Top it up and press Try again, or choose another way to pay.",
    ),
    (
        "limit-of-the-bank",
        "repayment_failed",
        "超过银行限额",
        "Above the bank's limit",
        "你好，「{title}」这次 {amount}超过了银行或支付渠道的限额，钱没有动。可以换一张卡、换一种支付方式，或者分几次还一部分。",
        "Hello, {amount} for {title} is above a limit of your bank or channel; no money moved. Use another card, another "
        "way to pay, or repay it in parts.",
    ),
    (
        "outcome-unknown",
        "outcome_unknown",
        "结果未知，请先别再付",
        "Outcome unknown: please do not pay again",
        "你好，「{title}」这笔 {amount}还不知道扣没扣成，我们会一直向渠道查询，最晚次日对账有结果。请先别再付一次；万一多扣，"
        "多的会自动原路退回。",
        "Hello, we do not know yet whether {amount} for {title} went through. We keep asking the channel, and the next "
        "day's bill tells for certain. Please do not pay again; should it be taken twice, the surplus comes back by itself.",
    ),
    (
        "where-the-refund-is",
        "after_sales",
        "退款到哪里了",
        "Where the refund is",
        "你好，售后单 {case_no} 的退款进度在「我的 - 我的售后」里：钱现在在谁手里、预计和最晚哪天到账，都写在上面。"
        "过了最晚的日子还没到，我们会主动向渠道追查。",
        "Hello, Me, My after-sales shows case {case_no}: who has the money now, and the expected and the latest day. If "
        "it is not there by then, we trace it ourselves.",
    ),
    (
        "still-to-repay",
        "",
        "还剩多少",
        "What is left to repay",
        "你好，「{title}」（订单 {order_no}）现在还剩 {left}要还，每一期的日期和金额都在「我的账单」里。",
        "Hello, {left} is left to repay for {title} (order {order_no}); My bills shows the date and amount of each "
        "installment.",
    ),
    (
        "ask-for-more",
        "",
        "请补充情况",
        "Please tell us more",
        "你好，我已经看到工单 {ticket_no} 附上的情况。为了查清楚，请再告诉我：在哪个页面、大约什么时间、看到了什么提示。",
        "Hello, I have what is attached to ticket {ticket_no}. To find out more, please tell me: on which page, at about "
        "what time, and what you saw.",
    ),
)


def number_the_old_ones(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Conversations from before there were ticket numbers get one each."""
    threads, directory = apps.get_model("records", "SupportThread"), apps.get_model("records", "DirectoryEntry")
    with across_customers():
        for customer_id, thread_id in list(threads.objects.values_list("customer_id", "id")):
            number = _number_nobody_has(directory)
            directory.objects.create(kind="ticket_no", key=number, customer_id=customer_id, target_id=thread_id)
            threads.objects.filter(customer_id=customer_id, id=thread_id).update(ticket_no=number)


def _number_nobody_has(directory: type[models.Model]) -> str:
    while True:
        digits = str(secrets.randbelow(90_000_000) + 10_000_000)
        number = digits + luhn.calc_check_digit(digits)
        if not directory._default_manager.filter(kind="ticket_no", key=number).exists():
            return number


def promise_the_old_ones(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Whoever waits is promised what the setting promises by default; each speaks the customer's language."""
    with across_customers(), editor.connection.cursor() as cursor:
        cursor.execute("UPDATE support_thread SET due_at = updated_at + interval '30 minutes' WHERE state = 'waiting'")
        cursor.execute("UPDATE support_thread SET closed_at = NULL WHERE state <> 'closed'")
        cursor.execute("UPDATE support_thread SET closed_at = updated_at WHERE state = 'closed' AND closed_at IS NULL")
        cursor.execute("UPDATE support_thread t SET language = c.language FROM customer c WHERE c.id = t.customer_id")


def first_answers(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Answers to begin with."""
    saved = apps.get_model("records", "SavedAnswer")
    for code, topic, title_zh, title_en, text_zh, text_en in FIRST_ANSWERS:
        saved.objects.create(
            id=fenqi.records.identifiers.derived_id("saved_answer", code, 1),
            code=code,
            version=1,
            topic=topic,
            title_zh=title_zh,
            title_en=title_en,
            text_zh=text_zh,
            text_en=text_en,
            published_by="system",
            published_at=datetime(2026, 11, 23, tzinfo=UTC),
        )


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0023_plan_migrations"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedText",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("announcement", "Announcement"), ("guide", "Guide")], max_length=16),
                ),
                ("code", models.SlugField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("title_zh", models.CharField(max_length=120)),
                ("title_en", models.CharField(max_length=120)),
                ("text_zh", models.TextField()),
                ("text_en", models.TextField()),
                ("change_zh", models.CharField(max_length=200)),
                ("change_en", models.CharField(max_length=200)),
                ("valid_from", models.DateField()),
                ("banner_until", models.DateField(null=True)),
                ("policy_code", models.CharField(max_length=120)),
                ("policy_version", models.PositiveIntegerField(null=True)),
                ("written_by", models.CharField(max_length=80)),
                ("written_at", models.DateTimeField()),
                ("published_by", models.CharField(max_length=80)),
                ("published_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "published_text",
            },
        ),
        migrations.CreateModel(
            name="SavedAnswer",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=64)),
                ("version", models.PositiveIntegerField()),
                ("topic", models.CharField(max_length=32)),
                ("title_zh", models.CharField(max_length=120)),
                ("title_en", models.CharField(max_length=120)),
                ("text_zh", models.TextField()),
                ("text_en", models.TextField()),
                ("published_by", models.CharField(max_length=80)),
                ("published_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "saved_answer",
            },
        ),
        migrations.CreateModel(
            name="SupportCallback",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("thread_id", models.UUIDField()),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "Planned"), ("done", "Done"), ("called_off", "Called Off")], max_length=16
                    ),
                ),
                ("agent", models.CharField(max_length=80)),
                ("outcome", models.CharField(max_length=500)),
                ("planned_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "support_callback",
            },
        ),
        migrations.CreateModel(
            name="SupportEvent",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "customer_id", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("customer_id", models.UUIDField(editable=False)),
                ("id", models.UUIDField(default=fenqi.records.identifiers.new_id, editable=False)),
                ("thread_id", models.UUIDField()),
                ("seq", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("taken", "Taken"),
                            ("handed_over", "Handed Over"),
                            ("released", "Released"),
                            ("answered", "Answered"),
                            ("closed", "Closed"),
                            ("reopened", "Reopened"),
                            ("late", "Late"),
                            ("note", "Note"),
                            ("call", "Call"),
                            ("rated", "Rated"),
                            ("callback", "Callback"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor", models.CharField(max_length=80)),
                ("to_actor", models.CharField(max_length=80)),
                ("text", models.TextField()),
                ("details", models.JSONField()),
                ("request_key", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "support_event",
            },
        ),
        migrations.RemoveIndex(
            model_name="supportthread",
            name="support_thread_queue",
        ),
        migrations.AddField(
            model_name="supportthread",
            name="customer_read_no",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="supportthread",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="supportthread",
            name="hold_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="supportthread",
            name="language",
            field=models.CharField(default="", max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="supportthread",
            name="late_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="supportthread",
            name="order_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="supportthread",
            name="refund_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="supportthread",
            name="staff_read_no",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="supportthread",
            name="ticket_no",
            field=models.CharField(default="", max_length=16),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="directoryentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customer_ref", "Customer Ref"),
                    ("phone", "Phone"),
                    ("order_no", "Order No"),
                    ("out_trade_no", "Out Trade No"),
                    ("out_refund_no", "Out Refund No"),
                    ("agreement_no", "Agreement No"),
                    ("case_no", "Case No"),
                    ("reserve_no", "Reserve No"),
                    ("partner_no", "Partner No"),
                    ("ticket_no", "Ticket No"),
                    ("idempotency", "Idempotency"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunPython(number_the_old_ones, migrations.RunPython.noop),
        migrations.RunPython(promise_the_old_ones, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="supportthread",
            index=models.Index(fields=["state", "due_at"], name="support_thread_queue"),
        ),
        migrations.AddIndex(
            model_name="supportthread",
            index=models.Index(fields=["agent", "state"], name="support_thread_by_agent"),
        ),
        migrations.AddConstraint(
            model_name="supportthread",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("due_at__isnull", False), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("due_at__isnull", True),
                        ("late_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="support_thread_waits_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="supportthread",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "closed"), ("closed_at__isnull", True), _connector="XOR"),
                name="support_thread_closed_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="publishedtext",
            constraint=models.UniqueConstraint(fields=("kind", "code", "version"), name="published_text_version"),
        ),
        migrations.AddConstraint(
            model_name="publishedtext",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("published_by", "")),
                    models.Q(
                        ("published_at__isnull", False),
                        models.Q(("published_by", ""), _negated=True),
                        models.Q(("published_by", models.F("written_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="published_text_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedanswer",
            constraint=models.UniqueConstraint(fields=("code", "version"), name="saved_answer_version"),
        ),
        migrations.AddIndex(
            model_name="supportcallback",
            index=models.Index(fields=["state", "until_at"], name="support_callback_due"),
        ),
        migrations.AddConstraint(
            model_name="supportcallback",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_at__gt", models.F("from_at"))), name="support_callback_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="supportcallback",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "planned"), ("ended_at__isnull", False), _connector="XOR"),
                name="support_callback_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="supportevent",
            index=models.Index(fields=["kind", "at"], name="support_event_recent"),
        ),
        migrations.AddConstraint(
            model_name="supportevent",
            constraint=models.UniqueConstraint(fields=("customer_id", "thread_id", "seq"), name="support_event_seq"),
        ),
        migrations.AddConstraint(
            model_name="supportevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("request_key", ""), _negated=True),
                fields=("customer_id", "thread_id", "request_key"),
                name="support_event_once",
            ),
        ),
        belongs_to("support_thread", "order_id", "orders"),
        belongs_to("support_thread", "refund_id", "refund"),
        belongs_to("support_thread", "hold_id", "reserve_hold"),
        belongs_to_customer("support_event"),
        belongs_to("support_event", "thread_id", "support_thread"),
        *append_only("support_event"),
        belongs_to_customer("support_callback"),
        belongs_to("support_callback", "thread_id", "support_thread"),
        migrations.RunPython(first_answers, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE TRIGGER saved_answer_stays BEFORE UPDATE OR DELETE ON saved_answer "
            "FOR EACH ROW EXECUTE FUNCTION published_stays()",
            "DROP TRIGGER saved_answer_stays ON saved_answer",
        ),
        migrations.RunSQL(
            "CREATE TRIGGER published_text_stays BEFORE UPDATE OR DELETE ON published_text "
            "FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION published_stays()",
            "DROP TRIGGER published_text_stays ON published_text",
        ),
    ]
