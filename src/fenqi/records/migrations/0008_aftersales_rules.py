from django.db import migrations

from fenqi.records.schema import append_only, belongs_to, belongs_to_customer


class Migration(migrations.Migration):
    dependencies = [("records", "0007_aftersales")]

    operations = [
        belongs_to_customer("aftersales_case"),
        belongs_to_customer("refund_quote"),
        belongs_to_customer("aftersales_evidence"),
        belongs_to("aftersales_case", "order_id", "orders"),
        belongs_to("aftersales_case", "plan_id", "plan"),
        belongs_to("aftersales_case", "quote_id", "refund_quote"),
        belongs_to("aftersales_case", "refund_id", "refund"),
        belongs_to("aftersales_case_line", "case_id", "aftersales_case"),
        belongs_to("aftersales_case_step", "case_id", "aftersales_case"),
        belongs_to("refund_quote", "order_id", "orders"),
        belongs_to("aftersales_evidence", "order_id", "orders"),
        *append_only("aftersales_case_step"),
        *append_only("refund_quote"),
    ]
